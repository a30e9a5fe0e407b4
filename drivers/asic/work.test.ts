import { describe, expect, it } from 'vitest';
import { targetFromDifficulty, targetToBytes } from '../../protocol/bitcoin/target.ts';
import { hexToBytes, readU32LE } from '../../protocol/common/bytes.ts';
import { ChipCounts } from './chip-counts.ts';
import { findNonces, makeWork } from './device.fixture.ts';
import { atOrBelow, checkNonce, leadingZeroBits } from './nonce-check.ts';
import { hashesPerHit, TicketChoice, ticketBitsOfTarget } from './ticket.ts';
import { WorkTable } from './work-table.ts';

describe('a nonce', () => {
  // The genesis block: its hash begins with 43 zero bits.
  const genesis = hexToBytes(`01000000${'00'.repeat(32)}3ba3edfd7a7b12b27ac72c3e67768f617fc81bc3888a51323a9fb8aa4b1e5e4a29ab5f49ffff001d00000000`);
  const nonce = 2083236893;
  const target = targetToBytes(targetFromDifficulty(1));
  const work = makeWork(1, { header: genesis, versionMask: 0, target, shareTarget: target });

  it('of the genesis block proves itself', () => {
    expect(checkNonce(work, nonce, 1, 32)).toEqual({ error: null, zeroBits: 43, wanted: true });
  });

  it('one beside it does not, nor does one with version bits nobody allowed', () => {
    expect(checkNonce(work, nonce + 1, 1, 32).error).toMatch(/zero bits instead of 32$/);
    expect(checkNonce(work, nonce, 0x20000001, 32).error).toBe('version bits outside the mask were rolled');
  });

  it('outside its window, or above its target, is good but not wanted', () => {
    expect(checkNonce({ ...work, nonceTo: nonce - 1 }, nonce, 1, 32)).toEqual({ error: null, zeroBits: 43, wanted: false });
    expect(checkNonce({ ...work, target: targetToBytes(targetFromDifficulty(1e6)) }, nonce, 1, 32)).toEqual({ error: null, zeroBits: 43, wanted: false });
  });

  it('with rolled version bits is hashed with them', () => {
    const rolling = makeWork(3);
    const version = (readU32LE(rolling.header, 0) | 0x00ff0000) >>> 0;
    const [found] = findNonces(rolling, 1, 0, 8, 256, version);
    expect(checkNonce(rolling, found!, version, 8).error).toBe(null);
    expect(checkNonce(rolling, found!, readU32LE(rolling.header, 0), 16).error).not.toBe(null);
    expect(readU32LE(rolling.header, 76)).toBe(0);
  });
});

it('a hash is compared with a target as a little-endian number', () => {
  const [a, b] = [new Uint8Array(32), new Uint8Array(32)];
  expect(atOrBelow(a, b)).toBe(true);
  a[0] = 1;
  expect(atOrBelow(a, b)).toBe(false);
  b[31] = 1;
  expect(atOrBelow(a, b)).toBe(true);
  expect([leadingZeroBits(new Uint8Array(32)), leadingZeroBits(a), leadingZeroBits(b)]).toEqual([256, 255, 7]);
});

describe('the table of works', () => {
  it('forgets by number and by age', () => {
    const table = new WorkTable();
    for (let id = 1; id <= 1000; id++) table.add(makeWork(id), id * 20);
    expect(table.size).toBe(256);
    expect(table.get(744)).toBeUndefined();
    expect(table.get(745)).toBeDefined();
    table.add(makeWork(2000), 20_000 + 5 * 60_000);
    expect(table.size).toBeLessThan(5);
  });

  it('notes a nonce once for each version, also when its work is sent again', () => {
    const table = new WorkTable();
    const work = makeWork(1);
    table.add(work, 0);
    expect([table.note(table.get(1)!, 5, 1), table.note(table.get(1)!, 5, 1), table.note(table.get(1)!, 5, 2)]).toEqual([true, false, true]);
    table.add(work, 1000);
    expect(table.note(table.get(1)!, 5, 1)).toBe(false);
  });

  it('keeps a bounded number of nonces, whatever chips report', () => {
    const table = new WorkTable();
    for (let id = 1; id <= 12; id++) {
      table.add(makeWork(id), 0);
      for (let nonce = 0; nonce < 2000; nonce++) table.note(table.get(id)!, nonce, 1);
    }
    expect(table.get(1)).toBeUndefined();
    expect(table.get(3)).toBeDefined();
    // A single work does not forget itself.
    for (let nonce = 2000; nonce < 30_000; nonce++) table.note(table.get(12)!, nonce, 1);
    expect(table.size).toBe(1);
    expect(table.note(table.get(12)!, 0, 1)).toBe(false);
  });
});

describe('chips and cores', () => {
  it('are counted by their place; the worst core first', () => {
    const counts = new ChipCounts();
    counts.count('nonces', 1, 3);
    counts.count('hardware_errors', 1, 3);
    counts.count('hardware_errors', 0, 7);
    counts.count('hardware_errors', 0, 7);
    counts.count('duplicates', null, null);
    expect(counts.all).toEqual({ nonces: 1, hardware_errors: 3, duplicates: 1 });
    expect(counts.chips(3)).toEqual([
      { nonces: 0, hardware_errors: 2, duplicates: 0 },
      { nonces: 1, hardware_errors: 1, duplicates: 0 },
      { nonces: 0, hardware_errors: 0, duplicates: 0 },
    ]);
    expect(counts.cores()).toEqual([
      { chip: 0, core: 7, hardware_errors: 2 },
      { chip: 1, core: 3, hardware_errors: 1 },
    ]);
  });

  it('that give no nonce are named when it is no chance any more, and not when they speak again', () => {
    const counts = new ChipCounts();
    expect(counts.silent(4)).toBe(null);
    const nonces = (n: number, ...chips: number[]): void => {
      for (let i = 0; i < n; i++) counts.count('nonces', chips[i % chips.length]!, null);
    };
    nonces(63, 0, 1, 3);
    expect(counts.silent(4)).toEqual([]);
    nonces(1, 0);
    expect(counts.silent(4)).toEqual([2]);
    nonces(63, 0, 1, 2, 3);
    expect(counts.silent(4)).toEqual([2]);
    nonces(1, 2);
    expect(counts.silent(4)).toEqual([]);
    nonces(64, 1);
    expect(counts.silent(4)).toEqual([0, 2, 3]);
    counts.restart();
    expect(counts.silent(4)).toEqual([]);
    expect(counts.silent(1)).toBe(null);
  });

  it('of a liar take no more room than those of a chain', () => {
    const counts = new ChipCounts();
    for (let i = -10; i < 100_000; i++) counts.count('hardware_errors', i % 7 === 0 ? i : i % 256, i);
    expect(counts.chips(1e9)).toHaveLength(256);
    expect(counts.cores()).toHaveLength(64);
    expect(counts.all.hardware_errors).toBe(100_010);
  });
});

describe('the ticket', () => {
  const target = (difficulty: number): Uint8Array => targetToBytes(targetFromDifficulty(difficulty));

  it('gives a 1 TH/s board about a nonce a second, and never loses a share', () => {
    const choose = (difficulty: number, hashrate: number | null): number => {
      const choice = new TicketChoice();
      choice.restart();
      return choice.choose(0, target(difficulty), 32, hashrate);
    };
    expect(choose(8192, 1.07e12)).toBe(256);
    expect(choose(8192, 15e9)).toBe(4);
    expect(choose(8192, 336e6)).toBe(1);
    expect(choose(8192, null)).toBe(1);
    expect(choose(100, 1.07e12)).toBe(64);
    expect(choose(64.5, 1.07e12)).toBe(64);
    // Exactly 64 is 0xffff/0x10000 of 64 times 2^32 hashes: some of its shares would be lost.
    expect(choose(63.9, 1.07e12)).toBe(32);
    expect(choose(0.001, 1.07e12)).toBe(1);
    expect(choose(2 ** 60, 1e25)).toBe(2 ** 31);
  });

  it('takes every hash at or below the share target', () => {
    for (const difficulty of [1, 1.5, 2, 63.9, 64, 65, 1000, 123_456.789]) {
      const bits = ticketBitsOfTarget(target(difficulty), 32);
      if (bits >= 0) expect(leadingZeroBits(target(difficulty))).toBeGreaterThanOrEqual(32 + bits);
    }
  });

  it('falls at once with the difficulty and rises when that has lasted a minute', () => {
    const choice = new TicketChoice();
    choice.restart();
    expect(choice.choose(0, target(1024), 32, 1.07e12)).toBe(256);
    expect(choice.choose(1000, target(16.1), 32, 1.07e12)).toBe(16);
    expect(choice.choose(2000, target(1024), 32, 1.07e12)).toBe(16);
    expect(choice.choose(30_000, target(16.1), 32, 1.07e12)).toBe(16);
    expect(choice.choose(31_000, target(1024), 32, 1.07e12)).toBe(16);
    expect(choice.choose(90_000, target(1024), 32, 1.07e12)).toBe(16);
    expect(choice.choose(91_000, target(1024), 32, 1.07e12)).toBe(256);
  });

  it('does not follow small changes of the rate', () => {
    const choice = new TicketChoice();
    choice.restart();
    choice.choose(0, target(1e6), 32, 1.07e12);
    for (let s = 0; s < 1000; s++) expect(choice.choose(s * 1000, target(1e6), 32, 1.07e12 * (1 + Math.sin(s / 20) / 2))).toBe(256);
    expect(choice.choose(2e6, target(1e6), 32, 1e11)).toBe(32);
  });

  it('knows how many hashes a share takes', () => {
    expect(hashesPerHit(target(1)) / 2 ** 32).toBeCloseTo(65_536 / 65_535, 6);
    expect(hashesPerHit(new Uint8Array(32).fill(0xff))).toBe(1);
  });
});
