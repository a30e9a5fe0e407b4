/** Published start-up sequences of real controllers, sent to the simulated chips: they have to mine afterwards. */
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, it } from 'vitest';
import { packageRoot } from '../../daemon/version.ts';
import { benchOf, HEADER, jobFor, provenHeader, zeroBitsOf } from './chips.fixture.ts';
import type { ModelName } from './models.ts';

interface Sequence {
  readonly id: string;
  readonly chip: string;
  readonly chips?: number;
  readonly frequency_mhz?: number;
  readonly steps?: readonly { readonly frame?: string }[];
}

it.for([
  ['espminer-BM1397-x1-425MHz', 425],
  ['espminer-BM1366-x1-485MHz', 485],
  ['espminer-BM1366-x6-485MHz', 485],
  ['espminer-BM1368-x1-490MHz', 490],
  ['espminer-BM1370-x1-525MHz', 525],
  ['espminer-BM1370-x2-525MHz', 525],
  ['captured-bm1397-cgminer', null],
] as const)('%s', ([id, frequency], context) => {
  const file = path.join(process.env.RIGBRAIN_VECTORS ?? path.resolve(packageRoot(), '../shared/vectors'), 'asic/init_sequences.json');
  if (!existsSync(file)) context.skip(`no external vectors: ${file} not found (set RIGBRAIN_VECTORS)`);
  const { vectors } = JSON.parse(readFileSync(file, 'utf8')) as { vectors: Sequence[] };
  const sequence = vectors.find((vector) => vector.id === id);
  if (sequence === undefined) return context.skip(`not among these vectors: ${id}`);
  const model = sequence.chip.toLowerCase() as ModelName;
  const chips = sequence.chips ?? 1;
  const { chain, said, tell } = benchOf({ model, chips, zeroBits: 6, thinning: 2 ** 12 });
  const frames = sequence.steps!.flatMap(({ frame }) => frame ?? []);
  tell(...frames);
  expect(chain.stats()).toMatchObject({ frames: frames.length, bytes_ignored: 0 });
  expect(said().filter((hex) => hex.startsWith(`aa55${sequence.chip.slice(2)}`))).toHaveLength(chips);
  expect(chain.chips.map((chip) => chip.address)).toEqual(Array.from({ length: chips }, (_, i) => i * Math.floor(256 / chips)));
  if (frequency !== null) expect(Math.abs(chain.chips[0]!.frequencyMhz - frequency)).toBeLessThan(1);
  tell(jobFor(model, 0x18));
  chain.hash(300);
  const nonces = said();
  expect(nonces.length).toBeGreaterThan(0);
  const zeros = 6 + (chain.chips[0]!.ticketMask === 0xff ? 8 : 0);
  for (const hex of nonces) expect(zeroBitsOf(provenHeader(model, HEADER, Buffer.from(hex, 'hex')))).toBeGreaterThanOrEqual(zeros);
});
