import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { bytesToHex, hexToBytes } from '../common/bytes.ts';
import { decodeCommand } from '../bm13xx/command.ts';
import { loadVectors } from '../../test/vectors.ts';
import { bm1384HashCount, bm1384RampTask, bm1384TicketMask, decodeBm1384Task, encodeBm1384Task } from './bm1384-job.ts';
import { decodeBm1384Command, encodeBm1384Command } from './bm1384-command.ts';
import type { Bm1384Command } from './bm1384-command.ts';
import { bm1384Mhz, bm1384MhzOfRegister, bm1384NearestMhz, bm1384PllWord } from './bm1384-pll.ts';
import { bm1387Baud, bm1387MiscControl, decodeBm1387Command, encodeBm1387Command } from './bm1387-command.ts';
import type { Bm1387Command } from './bm1387-command.ts';
import { bm1387RampJob, decodeBm1387Job, encodeBm1387Job, splitBm1387Id } from './bm1387-job.ts';
import { bm1387Mhz, bm1387NearestMhz, bm1387PllValue } from './bm1387-pll.ts';
import { bm13xxStickInit } from './bm13xx-init.ts';
import { gekkoCountChips, gekkoInit } from './init.ts';
import { GEKKO_STICKS, gekkoHashrate } from './sticks.ts';
import type { GekkoStickName } from './sticks.ts';
import { decodeGekkoTelemetry, gekkoSetCoreMillivolts, gekkoSetFanPercent } from './telemetry.ts';

const byte = fc.nat(255);
const address = fc.option(byte);

interface Vectors {
  vectors: { id: string; steps: { frame: string; wait_ms_after: number; meaning: string }[] }[];
  bm1387_frames: { frame: string; meaning: string }[];
  bm1384_frames: { frame: string; meaning: string }[];
  version_rolling: { frame: string }[];
  bm1384_pll_words: Record<string, string>;
}

describe('the vectors', () => {
  it('BM1384: every frame is decoded and encoded again, every frequency word is found', (context) => {
    const v = loadVectors<Vectors>(context, 'asic/gekko.json');
    for (const { frame, meaning } of v.bm1384_frames) {
      const command = decodeBm1384Command(hexToBytes(frame))!;
      expect(bytesToHex(encodeBm1384Command(command)), meaning).toBe(frame);
      const mhz = /PLL (\d+) MHz/.exec(meaning)?.[1];
      if (mhz !== undefined) expect(command).toEqual({ kind: 'set-frequency', word: bm1384PllWord(Number(mhz)) });
    }
    for (const [mhz, word] of Object.entries(v.bm1384_pll_words)) {
      expect(bm1384PllWord(Number(mhz)).toString(16).padStart(4, '0'), `${mhz} MHz`).toBe(word);
      expect(bm1384Mhz(Number.parseInt(word, 16))).toBe(Number(mhz));
    }
  });

  it('BM1387: every frame is decoded and encoded again, every frequency is found', (context) => {
    const v = loadVectors<Vectors>(context, 'asic/gekko.json');
    for (const { frame, meaning } of v.bm1387_frames) {
      const command = decodeBm1387Command(hexToBytes(frame))!;
      expect(bytesToHex(encodeBm1387Command(command)), meaning).toBe(frame);
      const mhz = /PLL (\d+) MHz/.exec(meaning)?.[1];
      if (mhz === undefined) continue;
      expect(command).toEqual({ kind: 'write', address: null, register: 0x0c, value: bm1387PllValue(Number(mhz)) });
      expect(bm1387Mhz(bm1387PllValue(Number(mhz)))).toBe(Number(mhz));
    }
  });

  it('sticks with BM13xx chips: the steps in their order, each frame as published', (context) => {
    const v = loadVectors<Vectors>(context, 'asic/gekko.json');
    for (const { id, steps } of v.vectors) {
      const stick = id.includes('compacf') ? 'compacf' : id.includes('a1') ? 'a1' : 'a2';
      // What their driver sends malformed is not sent here (see bm13xx-init.ts); what it sends twice stands once in the list.
      const published = steps.map((step) => step.frame).filter((frame) => decodeCommand(hexToBytes(frame)).ok);
      const ours = bm13xxStickInit(stick, 1).map((step) => bytesToHex(step.frame));
      const once = (frames: string[]) => frames.filter((frame, i) => frame !== frames[i - 1]);
      expect(once(ours), id).toEqual(once(published));
    }
    for (const { frame } of v.version_rolling) expect(decodeCommand(hexToBytes(frame)).ok).toBe(true);
  });
});

describe('BM1384', () => {
  it('commands as published, checked over 27 bits', () => {
    const hex = (command: Bm1384Command) => bytesToHex(encodeBm1384Command(command));
    expect(hex({ kind: 'chain-inactive' })).toBe('8500000f');
    expect(hex({ kind: 'read', address: null, register: 0 })).toBe('84000011');
    expect(hex({ kind: 'set-address', address: 0x80 })).toBe('01800016');
    expect(hex({ kind: 'set-frequency', word: bm1384PllWord(300) })).toBe('820b8214');
    expect(bytesToHex(gekkoCountChips('BM1384'))).toBe('84000011');
    expect(decodeBm1384Command(hexToBytes('84000010'))).toBe(null);
    expect(() => encodeBm1384Command({ kind: 'set-address', address: 256 })).toThrow(RangeError);
    expect(() => encodeBm1384Command({ kind: 'set-frequency', word: -1 })).toThrow(RangeError);
  });

  it('decodes what it encodes, and nothing with a flipped bit', () => {
    const command: fc.Arbitrary<Bm1384Command> = fc.oneof(
      fc.constant({ kind: 'chain-inactive' } as const),
      byte.map((a) => ({ kind: 'set-address', address: a }) as const),
      fc.nat(0xffff).map((word) => ({ kind: 'set-frequency', word }) as const),
      fc.tuple(address, byte).map(([a, register]) => ({ kind: 'read', address: a, register }) as const),
    );
    fc.assert(fc.property(command, fc.nat(31), (sent, bit) => {
      const bytes = encodeBm1384Command(sent);
      expect(decodeBm1384Command(bytes)).toEqual(sent);
      bytes[bit >> 3]! ^= 1 << (bit & 7);
      expect(decodeBm1384Command(bytes)).toBe(null);
    }));
  });

  it('runs at the frequency its word says, raised to the next that can be had', () => {
    fc.assert(fc.property(fc.double({ min: 6.25, max: 500, noNaN: true }), (mhz) => {
      const exact = bm1384NearestMhz(mhz);
      expect(exact).toBeGreaterThanOrEqual(mhz);
      expect(exact - mhz).toBeLessThan(12.5);
      const word = bm1384PllWord(mhz);
      expect(bm1384Mhz(word)).toBe(exact);
      // The register shows the word's fields in a byte each.
      const register = (0x8000_0000 | ((word >> 7) << 16) | (((word >> 2) & 0x1f) << 8) | (word & 3)) >>> 0;
      expect(bm1384MhzOfRegister(register)).toBe(exact);
    }));
    expect(() => bm1384PllWord(501)).toThrow(RangeError);
    expect(() => bm1384PllWord(Number.NaN)).toThrow(RangeError);
    expect([bm1384MhzOfRegister(0), bm1384MhzOfRegister(0x1384_0000), bm1384MhzOfRegister(0x800f_1003)]).toEqual([null, null, null]);
  });

  it('tasks carry work, ticket mask, hash count and id', () => {
    fc.assert(fc.property(fc.uint8Array({ minLength: 12, maxLength: 12 }), fc.array(fc.integer({ min: 0, max: 0xffffffff }), { minLength: 8, maxLength: 8 }), fc.nat(31), byte, fc.integer({ min: 0, max: 0xffffffff }), (tail, words, jobId, ticketMask, hashCount) => {
      const task = { work: { midstate: Uint32Array.from(words), tail }, jobId, ticketMask, hashCount };
      expect(decodeBm1384Task(encodeBm1384Task(task))).toEqual(task);
    }));
    expect(() => encodeBm1384Task({ work: { midstate: new Uint32Array(8), tail: new Uint8Array(12) }, jobId: 32, ticketMask: 0, hashCount: 0 })).toThrow(RangeError);
    expect(decodeBm1384Task(new Uint8Array(63))).toBe(null);
    expect(bm1384RampTask(33)[51]).toBe(1);
    expect(bm1384HashCount(2)).toBe(0x7fff_ffff);
    expect([bm1384TicketMask(5.5e9), bm1384TicketMask(22e9), bm1384TicketMask(1e15)]).toEqual([0, 3, 255]);
  });
});

describe('BM1387', () => {
  it('commands as published', () => {
    const hex = (command: Bm1387Command) => bytesToHex(encodeBm1387Command(command));
    expect(hex({ kind: 'chain-inactive' })).toBe('5505000010');
    expect(hex({ kind: 'set-address', address: 0x80 })).toBe('4105800019');
    expect(hex({ kind: 'write', address: null, register: 0x1c, value: bm1387MiscControl(1) })).toBe('5809001c002001001b');
    expect(hex({ kind: 'write', address: null, register: 0x0c, value: bm1387PllValue(500) })).toBe('5809000c005002211a');
    expect(bytesToHex(gekkoCountChips('BM1387'))).toBe('5405000019');
    expect(bm1387MiscControl(1, true)).toBe(0x4020_8180);
    expect(bm1387Baud(1)).toBe(1_562_500);
    expect(() => bm1387MiscControl(32)).toThrow(RangeError);
  });

  it('decodes what it encodes, and nothing with a flipped bit', () => {
    const command: fc.Arbitrary<Bm1387Command> = fc.oneof(
      fc.constant({ kind: 'chain-inactive' } as const),
      byte.map((a) => ({ kind: 'set-address', address: a }) as const),
      fc.tuple(address, byte, fc.integer({ min: 0, max: 0xffffffff })).map(([a, register, value]) => ({ kind: 'write', address: a === 0 ? 1 : a, register, value }) as const),
      fc.tuple(address, byte).map(([a, register]) => ({ kind: 'read', address: a, register }) as const),
    );
    fc.assert(fc.property(command, fc.nat(200), (sent, bit) => {
      const bytes = encodeBm1387Command(sent);
      expect(decodeBm1387Command(bytes)).toEqual(sent);
      const at = bit % (8 * bytes.length);
      bytes[at >> 3]! ^= 1 << (at & 7);
      expect(decodeBm1387Command(bytes)).toBe(null);
    }));
  });

  it('runs at the frequency its register says, raised to the next that can be had', () => {
    fc.assert(fc.property(fc.double({ min: 50, max: 600, noNaN: true }), (mhz) => {
      const exact = bm1387NearestMhz(mhz);
      expect(exact).toBeGreaterThanOrEqual(mhz);
      expect(exact - mhz).toBeLessThan(6.25);
      expect(bm1387Mhz((0x8000_0000 | bm1387PllValue(mhz)) >>> 0)).toBe(exact);
    }));
    expect(bm1387Mhz(0)).toBe(null);
    expect(() => bm1387PllValue(601)).toThrow(RangeError);
  });

  it('jobs are 54 bytes with one midstate and 150 with four', () => {
    const job = (count: number) => ({ jobId: 8, midstateCount: count, startNonce: 0, nbits: 0x1703_1abe, ntime: 0x6000_0000, merkleTail: hexToBytes('01020304'), midstates: Array.from({ length: count }, (_, i) => new Uint8Array(32).fill(i + 1)) });
    for (const [count, length, lengthByte] of [[1, 54, 0x36], [4, 150, 0x96]] as const) {
      const bytes = encodeBm1387Job(job(count));
      expect([bytes.length, bytes[0], bytes[1]]).toEqual([length, 0x21, lengthByte]);
      expect(decodeBm1387Job(bytes)).toEqual({ ok: true, job: job(count), lengthByte });
      const ramp = bm1387RampJob(5, count);
      expect(decodeBm1387Job(ramp)).toMatchObject({ ok: true, job: { jobId: 5, midstateCount: count, nbits: 0xffff_ffff } });
      expect(ramp).toHaveLength(length);
    }
    expect(() => encodeBm1387Job({ ...job(1), jobId: 9 })).toThrow(RangeError);
    expect(() => encodeBm1387Job({ ...job(1), jobId: 128 })).toThrow(RangeError);
    expect(splitBm1387Id(0x0b)).toEqual({ jobId: 8, slot: 3 });
    fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => void decodeBm1387Job(bytes)));
  });
});

describe('start-up', () => {
  it('2Pac: frequency, addresses, one ramp task more than cores', () => {
    const steps = gekkoInit('2pac', 2, 150);
    const frames = steps.flatMap((step) => (step.kind === 'send' ? [bytesToHex(step.frame)] : []));
    expect(frames.slice(2, 5).map((hex) => hex.slice(0, 6))).toEqual(['850000', '010000', '018000']);
    expect(frames.filter((frame) => frame.length === 128)).toHaveLength(56);
    expect(decodeBm1384Command(hexToBytes(frames[0]!))).toEqual({ kind: 'set-frequency', word: 0x0b83 });
  });

  it('NewPac and R606: the host changes speed right after the chips were told', () => {
    for (const [name, chips] of [['newpac', 2], ['r606', 12]] as const) {
      const steps = gekkoInit(name, chips, 100);
      const baud = steps.findIndex((step) => step.kind === 'host-baud');
      expect(steps[baud]).toMatchObject({ baud: 1_500_000 });
      expect(steps[baud - 1]).toMatchObject({ frame: hexToBytes('5809001c002001001b') });
      const addresses = steps.flatMap((step) => (step.kind === 'send' && step.frame[0] === 0x41 ? [step.frame[2]] : []));
      expect(new Set(addresses).size).toBe(chips);
      expect(steps.filter((step) => step.kind === 'send' && step.frame[0] === 0x21)).toHaveLength(115);
    }
  });

  it('gives every chip of a longer A chain its address and its own writes', () => {
    const steps = bm13xxStickInit('a1', 2).map((step) => decodeCommand(step.frame));
    const addressed = steps.flatMap((result) => (result.ok && result.command.kind === 'set-address' ? [result.command.chipAddress] : []));
    expect(addressed).toEqual([0, 128]);
    const perChip = steps.flatMap((result) => (result.ok && result.command.kind === 'write' && result.command.target !== 'all' ? [result.command.target.chipAddress] : []));
    expect(perChip).toEqual([...new Array<number>(5).fill(0), ...new Array<number>(5).fill(128)]);
    expect(() => bm13xxStickInit('a1', 0)).toThrow(RangeError);
  });

  it('every stick can be asked for, within its own frequencies', () => {
    for (const name of Object.keys(GEKKO_STICKS) as GekkoStickName[]) {
      const stick = GEKKO_STICKS[name];
      if (stick.coresPerChip === null) expect(() => gekkoInit(name, 1, 100)).toThrow(/BM13xx chain/);
      else expect(gekkoInit(name, stick.chips ?? 1, stick.frequencyMhz.start).length).toBeGreaterThan(50);
    }
    expect(gekkoHashrate(GEKKO_STICKS['2pac'], 2, 100)).toBe(11e9);
    expect(gekkoHashrate(GEKKO_STICKS['compac-a1'], 1, 100)).toBe(null);
    expect(() => gekkoInit('compac', 0, 100)).toThrow(RangeError);
  });
});

describe('telemetry of A1 and A2', () => {
  it('turns bytes into units', () => {
    const told = decodeGekkoTelemetry(Uint8Array.of(255, 255, 255, 255, 218, 0, 100), 20, 3.125)!;
    expect(told.inputVolts).toBeCloseTo(24.576, 9);
    expect(told.inputAmps).toBeCloseTo(40.96, 9);
    expect(told.coreVolts).toBeCloseTo(1.024, 9);
    expect(told.coreAmps).toBeCloseTo(6.4, 9);
    expect(told.temperature1C).toBeCloseTo(125, 9);
    expect([told.temperature2C, told.fanRpm, told.temperatureOverRange]).toEqual([null, 3000, false]);
    expect(decodeGekkoTelemetry(Uint8Array.of(0, 0, 0, 0, 219, 1, 0), 20, 20)?.temperatureOverRange).toBe(true);
    expect(decodeGekkoTelemetry(new Uint8Array(6), 20, 20)).toBe(null);
  });

  it('commands carry a byte each', () => {
    expect([...gekkoSetCoreMillivolts(300)]).toEqual([0x56, 60]);
    expect([...gekkoSetFanPercent(99.5)]).toEqual([0x46, 100]);
    expect(() => gekkoSetCoreMillivolts(501)).toThrow(RangeError);
    expect(() => gekkoSetFanPercent(-1)).toThrow(RangeError);
  });
});
