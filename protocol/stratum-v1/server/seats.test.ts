import { describe, expect, it } from 'vitest';
import { bytesToHex } from '../../common/bytes.ts';
import { xorshift } from '../../common/xorshift.fixture.ts';
import { OWN_PREFIX, PrefixBook, seatShapes, type Prefix } from './seats.ts';

const book = (start = 0, quarantineMs = 1000) => {
  let n = 0;
  return new PrefixBook({ quarantineMs, start, sessionId: () => `s${(n += 1)}` });
};

const overlap = (a: Uint8Array, b: Uint8Array): boolean => {
  const length = Math.min(a.length, b.length);
  return a.subarray(0, length).every((byte, i) => byte === b[i]);
};

describe('prefixes', () => {
  it('fit into every size, and leave the miner two bytes at least', () => {
    expect([0, 1, 2].map(seatShapes)).toEqual([[], [], []]);
    for (let room = 3; room <= 32; room++) {
      for (const { prefixBytes, extranonce2Size } of seatShapes(room)) {
        expect(extranonce2Size).toBeGreaterThanOrEqual(2);
        expect(extranonce2Size).toBeLessThanOrEqual(4);
        expect(prefixBytes + extranonce2Size).toBeLessThanOrEqual(room);
      }
    }
    expect(seatShapes(8)).toEqual(seatShapes(6));
  });

  it('never overlap, whoever comes and goes, and never those of the own devices', () => {
    for (let seed = 1; seed <= 10; seed++) {
      const random = xorshift(seed);
      const prefixes = book(random(1000), 1000);
      const held: Prefix[] = [];
      const left: { prefix: Prefix; at: number }[] = [];
      for (let now = 0; now < 20_000; now += 50) {
        const roll = random(10);
        if (roll < 6) {
          const taken = prefixes.take(roll < 3 ? 1 : 2, now);
          if (taken !== null) {
            const late = left.filter(({ at }) => now - at < 1000).map(({ prefix }) => prefix);
            expect([OWN_PREFIX, ...[...held, ...late].map(({ bytes }) => bytes)].some((other) => overlap(taken.bytes, other))).toBe(false);
            held.push(taken);
          }
        } else if (roll < 8 && held.length > 0) {
          const [prefix] = held.splice(random(held.length), 1);
          prefixes.leave(prefix!, now);
          left.push({ prefix: prefix!, at: now });
        } else if (left.length > 0) {
          const [{ prefix, at }] = left.splice(random(left.length), 1) as [{ prefix: Prefix; at: number }];
          const again = prefixes.resume(prefix.sessionId, prefix.bytes.length, now);
          expect(again !== null).toBe(now - at < 1000);
          if (again !== null) held.push(again);
        }
      }
      expect(prefixes.inUse).toBe(held.length);
    }
  });

  it('are given out to the last one, and again when they have been unused for a while', () => {
    const prefixes = book(77);
    const all = Array.from({ length: 127 }, () => prefixes.take(1, 0)!);
    expect(new Set(all.map(({ bytes }) => bytesToHex(bytes))).size).toBe(127);
    expect(prefixes.take(1, 0)).toBe(null);
    prefixes.leave(all[3]!, 10);
    expect(prefixes.take(1, 1009)).toBe(null);
    expect(prefixes.take(1, 1010)!.bytes).toEqual(all[3]!.bytes);
    expect(Array.from({ length: 32_768 }, () => prefixes.take(2, 0)).every((prefix) => prefix !== null)).toBe(true);
    expect(prefixes.take(2, 0)).toBe(null);
  });

  it('in which nothing was found are given out again when no other is left, the one left first in front', () => {
    const prefixes = book(5);
    const all = Array.from({ length: 127 }, () => prefixes.take(1, 0)!);
    prefixes.leave(all[0]!, 1, true);
    prefixes.leave(all[1]!, 2, false);
    prefixes.leave(all[2]!, 3, false);
    expect(prefixes.take(1, 4)!.bytes).toEqual(all[1]!.bytes);
    // Whoever had it may not come back to it: it is another's.
    expect(prefixes.resume(all[1]!.sessionId, 1, 5)).toBe(null);
    expect(prefixes.resume(all[2]!.sessionId, 1, 5)).toBe(all[2]);
    expect(prefixes.take(1, 6)).toBe(null);
    expect(prefixes.take(1, 1001)!.bytes).toEqual(all[0]!.bytes);
  });

  it('are not resumed by somebody who names another length or an unknown session', () => {
    const prefixes = book();
    const prefix = prefixes.take(2, 0)!;
    expect(prefixes.resume(prefix.sessionId, 2, 0)).toBe(null);
    prefixes.leave(prefix, 0);
    expect(prefixes.resume(prefix.sessionId, 1, 1)).toBe(null);
    expect(prefixes.resume('x', 2, 1)).toBe(null);
    expect(prefixes.resume(prefix.sessionId, 2, 1)).toBe(prefix);
  });
});
