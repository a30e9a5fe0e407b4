import fc from 'fast-check';
import { expect, it } from 'vitest';
import { StableIds } from './ids.ts';
import type { UsbNode } from './scan.ts';

const node = (busPath: string, serial: string | null, devnum: number): UsbNode => ({
  place: { vendorId: '10c4', productId: 'ea60', manufacturer: null, product: null, serial, bcdDevice: null, busPath },
  devnum: String(devnum),
  kernelDrivers: [],
  ttys: [],
  hidraws: [],
});

const step = fc.record({
  socket: fc.constantFrom('1-1', '1-1.2', '1-1-2', '2-1', '1-12'),
  // Numbers that look like sockets, that only differ in letters an id does not have, and none at all.
  serial: fc.constantFrom('A', 'a', 'B', '1-1', '1.2', '0001', null),
  key: fc.constantFrom('compac', '2pac'),
});

it('every device has an id of its own, and the same one while it is plugged in, whatever comes and goes', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const ids = new StableIds();
      const plugged = new Map<string, { key: string; node: UsbNode }>();
      const given = new Map<UsbNode, string>();
      for (const [index, { socket, serial, key }] of steps.entries()) {
        // What is in the socket is pulled out; else something is plugged in.
        if (!plugged.delete(socket)) plugged.set(socket, { key, node: node(socket, serial, index) });
        const wanted = [...plugged.values()];
        const named = ids.assign(wanted);
        expect(new Set(named.map(({ id }) => id)).size).toBe(wanted.length);
        for (const [at, { id, ownSerial }] of named.entries()) {
          const device = wanted[at]!;
          expect(id).toMatch(/^[a-z0-9-]+$/);
          expect(id.startsWith(`${device.key}-`)).toBe(true);
          if (ownSerial) expect(device.node.place.serial).not.toBe(null);
          expect(given.get(device.node) ?? id).toBe(id);
          given.set(device.node, id);
        }
      }
    }),
    { numRuns: 300 },
  );
});

it('two devices with one number are both named by their sockets when they are found together, in whatever order', () => {
  const twins = [{ key: 'compac', node: node('1-2', 'X9', 4) }, { key: 'compac', node: node('1-1', 'x9', 3) }];
  expect(new StableIds().assign(twins)).toEqual([{ id: 'compac-1-2', ownSerial: false }, { id: 'compac-1-1', ownSerial: false }]);
  expect(new StableIds().assign([...twins].reverse()).map(({ id }) => id)).toEqual(['compac-1-1', 'compac-1-2']);
});
