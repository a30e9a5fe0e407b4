import { expect, it } from 'vitest';
import { loadVectors } from '../../test/vectors.ts';
import { BM13XX_CHIPS } from '../../protocol/bm13xx/chips.ts';
import { decodeCommand } from '../../protocol/bm13xx/command.ts';
import { planEnumeration, planStart, startOptions } from '../../protocol/bm13xx/init/plan.ts';
import { bm13xxStickInit } from '../../protocol/gekko/bm13xx-init.ts';
import { bytesToHex, hexToBytes } from '../../protocol/common/bytes.ts';
import { GEKKO_SEQUENCES } from './sequences.ts';

/** Registers this project sets by rules of its own, and frames that change nothing. */
const OURS = [0x08, 0x14, 0x70, 0xa4];

function frames(plan: readonly { readonly do: string; readonly frame?: Uint8Array }[]): Uint8Array[] {
  return plan.flatMap((action) => (action.frame === undefined ? [] : [action.frame]));
}

function theirsAndOurs(list: readonly Uint8Array[]): string[] {
  return list
    .filter((frame) => {
      const result = decodeCommand(frame);
      if (!result.ok) throw new Error(result.problem);
      const { command } = result;
      return command.kind !== 'read' && !(command.kind === 'write' && OURS.includes(command.register));
    })
    .map(bytesToHex);
}

it.each([['compacf', 'BM1397', 1], ['a1', 'BM1362', 1], ['a1', 'BM1362', 3], ['a2', 'BM1370', 1]] as const)('%s: the frames of the makers in their order (%s, %d chips)', (stick, name, chips) => {
  const chip = BM13XX_CHIPS[name];
  const sequence = GEKKO_SEQUENCES[name];
  const options = { ...startOptions(chip, { chips, mhz: 200 }), hostBaud: name === 'BM1397' ? 1_562_500 : null };
  expect(theirsAndOurs(frames(planStart(chip, options, sequence)))).toEqual(theirsAndOurs(bm13xxStickInit(stick, chips).map((step) => step.frame)));
  const first = frames(planEnumeration(chip, 0x1fff_e000, sequence)).map(bytesToHex);
  expect(first).toEqual(name === 'BM1397' ? ['55aa520500000a'] : [...new Array<string>(3).fill('55aa510900a49000ffff1c'), '55aa520500000a']);
});

it('sets ticket and frequency where the makers do', () => {
  const order = (name: 'BM1362' | 'BM1370') =>
    frames(planStart(BM13XX_CHIPS[name], { ...startOptions(BM13XX_CHIPS[name], { chips: 1, mhz: 100 }), hostBaud: null }, GEKKO_SEQUENCES[name])).map((frame) => frame[5]);
  const a1 = order('BM1362');
  expect(a1.indexOf(0x14)).toBeLessThan(a1.indexOf(0x54));
  expect(a1.lastIndexOf(0x08)).toBeLessThan(a1.indexOf(0x10));
  const a2 = order('BM1370');
  expect(a2.indexOf(0x14)).toBeLessThan(a2.indexOf(0x58));
  expect(a2.indexOf(0x08)).toBeGreaterThan(a2.lastIndexOf(0x58));
  expect(a2.lastIndexOf(0x08)).toBeLessThan(a2.indexOf(0x10));
});

it('sends every published frame, in the published order', (context) => {
  const { vectors } = loadVectors<{ vectors: { id: string; steps: { frame: string }[] }[] }>(context, 'asic/gekko.json');
  for (const { id, steps } of vectors) {
    const name = (['BM1397', 'BM1362', 'BM1370'] as const).find((chip) => id.endsWith(chip.toLowerCase()))!;
    const chip = BM13XX_CHIPS[name];
    const ours = theirsAndOurs(frames(planStart(chip, { ...startOptions(chip, { chips: 1, mhz: 200 }), hostBaud: name === 'BM1397' ? 1_562_500 : null }, GEKKO_SEQUENCES[name])));
    // What their driver sends malformed is not sent here; what it sends twice stands once in the list.
    const published = theirsAndOurs(steps.map(({ frame }) => hexToBytes(frame)).filter((frame) => decodeCommand(frame).ok));
    const once = (list: readonly string[]) => list.filter((frame, i) => frame !== list[i - 1]);
    expect(once(ours), id).toEqual(once(published));
  }
});
