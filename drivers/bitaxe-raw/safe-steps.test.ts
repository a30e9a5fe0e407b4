import { expect, it } from 'vitest';
import { loadVectors } from '../../test/vectors.ts';
import { decodeRequest } from '../../protocol/bitaxe-raw/request.ts';
import { safePackets, safeSteps, unknownTarget } from './safe-steps.ts';

const kinds = (...of: Parameters<typeof safeSteps>): string[] => safeSteps(...of).map(({ kind }) => kind);

it('reset comes first, then power, then the fan', () => {
  expect(kinds({ firmware: 'bitaxe', regulators: ['TPS546'], fans: ['EMC2101'] }, 100)).toEqual(['reset', 'TPS546', 'fan']);
  expect(kinds({ firmware: 'emberone', regulators: [], fans: [] }, 100)).toEqual(['reset', 'power-pin', 'power-pin']);
  expect(kinds(unknownTarget('bitaxe'), 100)).toEqual(['reset', 'TPS546', 'DS4432U', 'fan', 'fan', 'fan', 'fan']);
});

it('the packets fit into the queue of the firmware, each with an id of its own', () => {
  for (const firmware of ['bitaxe', 'emberone'] as const) {
    const requests = safePackets(unknownTarget(firmware)).map((packet) => decodeRequest(packet)!);
    expect(requests.length).toBeLessThanOrEqual(8);
    expect(new Set(requests.map(({ id }) => id)).size).toBe(requests.length);
  }
});

it('the first is the published way to hold reset', (context) => {
  const { vectors } = loadVectors<{ vectors: { id: string; request: string }[] }>(context, 'asic/bitaxe_raw.json');
  const published = vectors.find(({ id }) => id === 'gpio-reset-low')?.request;
  if (published === undefined) return context.skip('not among these vectors: gpio-reset-low');
  const [first] = safePackets(unknownTarget('bitaxe'));
  // Two bytes of length, the id.
  const withoutId = (hex: string): string => hex.slice(0, 4) + hex.slice(6);
  expect(withoutId(Buffer.from(first!).toString('hex'))).toBe(withoutId(published));
});
