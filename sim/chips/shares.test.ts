/** The simulated chips against nonces captured from real ones, of every model there are captures of. */
import { expect, it } from 'vitest';
import { loadVectors } from '../../test/vectors.ts';
import { batchHasher } from './hash.ts';
import { readJob } from './job.ts';
import { MODELS, type ModelName } from './models.ts';
import { nonceReply } from './wire.ts';

const of = (hex: string): Buffer => Buffer.from(hex, 'hex');
const hexOf = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');

interface Share {
  readonly id: string;
  readonly chip: string;
  readonly job_frame?: string;
  readonly response_frame?: string;
  readonly note?: string;
}

it('finds every captured share in its job and says it byte for byte, but for the half bit that is not reliable', (context) => {
  const { vectors } = loadVectors<{ vectors: Share[] }>(context, 'asic/shares_verified.json');
  const hasher = batchHasher();
  let same = 0;
  for (const { id, chip, job_frame, response_frame, note } of vectors) {
    if (job_frame === undefined || response_frame === undefined) continue;
    const model = MODELS[chip.toLowerCase() as ModelName];
    const job = readJob(model, of(job_frame).subarray(4, -2));
    const reply = of(response_frame);
    const wanted = { cores: model.cores, zeroBits: 32, ticketMask: note?.includes('ticket difficulty 1') === true ? 0 : 0xff };
    const found = hasher(job, { counter: reply.readUInt32BE(2) & 0x1ff_ffff, versions: [reply.readUInt16BE(8)] }, wanted);
    const said = found.flatMap((hit) => [0, 1].map((half) => hexOf(nonceReply(hit.nonce, model.excess === 'bits' ? hit.excess : 2 * hit.excess + half, model.jobByte(job.id, hit.version), hit.version))));
    expect([id, said.includes(response_frame)]).toEqual([id, true]);
    same++;
  }
  expect(same).toBe(vectors.filter(({ job_frame, response_frame }) => job_frame !== undefined && response_frame !== undefined).length);
  expect(same).toBeGreaterThan(0);
});

interface Reply {
  readonly id: string;
  readonly chip: string;
  readonly frame: string;
  readonly decoded: { readonly core: number; readonly raw_byte6: number; readonly job_id_wire: number; readonly version_bits?: string; readonly midstate_index?: number };
}

it('puts captured replies together again from what they mean', (context) => {
  const { vectors } = loadVectors<{ vectors: Reply[] }>(context, 'asic/nonce_responses.json');
  for (const { chip, frame, decoded } of vectors) {
    const model = MODELS[chip.toLowerCase() as ModelName];
    const nonce = of(frame).readUInt32BE(2);
    const version = decoded.version_bits === undefined ? null : Number.parseInt(decoded.version_bits, 16) >>> 13;
    expect([frame, hexOf(nonceReply(nonce, decoded.raw_byte6, model.jobByte(decoded.job_id_wire, decoded.midstate_index ?? version ?? 0), version))]).toEqual([frame, frame]);
    expect([frame, nonce >>> 25 < model.cores, nonce >>> 25]).toEqual([frame, true, decoded.core]);
  }
  expect(vectors.length).toBeGreaterThan(0);
});
