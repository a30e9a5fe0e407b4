import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { loadVectors } from '../../test/vectors.ts';
import { bytesToHex, u32ToHex } from '../common/bytes.ts';
import { addressInterval, chipAddresses, commandAddress, FACTORY_STRIDE, identifyChip, surveyChain } from './addressing.ts';
import { BM13XX_CHIPS } from './chips.ts';
import { encodeSetAddress, encodeWrite } from './command.ts';
import { hashRateOfCounters, hashRateOfRegister, temperatureOfRegister } from './counters.ts';
import { chipIndexOfAddress, chipIndexOfOffset, nonceOffsets, nonceOffsetValue, smallCoreByNonce } from './nonce-location.ts';
import { expectedHashRate, fullScanMs, hashCountingNumber, jobIntervalMs, versionSweepMs } from './nonce-space.ts';
import { decodePll, pllValue, searchPll } from './pll.ts';
import { planOperatingChange, rampFrequencies } from './ramp.ts';
import { decodeReply, type RegisterReply } from './reply.ts';
import { difficultyOfTicketMask, ticketDifficulty, ticketMaskValue } from './ticket-mask.ts';
import { baudSetting, decodeBaud, planBaudChange } from './uart.ts';
import { chipNamed, hex } from './vectors.fixture.ts';

const { BM1362, BM1366, BM1368, BM1370, BM1373, BM1397 } = BM13XX_CHIPS;
const chips = Object.values(BM13XX_CHIPS);
const broadcast = (register: number, value: number) => bytesToHex(encodeWrite('all', register, value));

function registerOf(frame: string): RegisterReply {
  const decoded = decodeReply(hex(frame));
  if (!decoded.ok || decoded.reply.kind !== 'register') throw new Error(`no register reply: ${frame}`);
  return decoded.reply;
}

describe('pll', () => {
  it('gives the published settings', () => {
    expect(searchPll(BM1397, 450)).toMatchObject({ feedback: 72, reference: 2, post1: 2, post2: 1, mhz: 450 });
    expect(u32ToHex(pllValue(BM1370, searchPll(BM1370, 600)))).toBe('50c00230');
    expect(u32ToHex(pllValue(BM1362, searchPll(BM1362, 525)))).toBe('40a80230');
    expect(decodePll(BM1370, 0x50d20265)).toMatchObject({ mhz: 62.5 });
    expect(decodePll(BM1397, 0x40a00225)).toMatchObject({ mhz: 200 });
    expect(decodePll(BM1397, 0x40a00020)).toBeNull();
  });

  it('comes near every frequency in use and says so when it cannot', () => {
    fc.assert(
      fc.property(fc.constantFrom(...chips), fc.double({ min: 60, max: 600, noNaN: true }), (chip, mhz) => {
        const found = searchPll(chip, mhz);
        expect(Math.abs(found.mhz - mhz)).toBeLessThan(0.02 * mhz);
        expect(found.post1).toBeGreaterThan(found.post2);
        expect(decodePll(chip, pllValue(chip, found))).toEqual(found);
      }),
    );
    for (const wrong of [0, -1, NaN, Infinity, 5000, 5]) expect(() => searchPll(BM1366, wrong)).toThrow(RangeError);
  });

  it('agrees with the vectors', (context) => {
    interface File {
      vectors: { id: string; frame: string; feedback?: number; fb: number; ref: number; post1: number; post2: number; frequency_mhz: number; vco_mhz: number; encoding?: string }[];
      algorithm_vectors: { id: string; chip: string; target_mhz: number; fb: number; ref: number; post1: number; post2: number; actual_mhz: number; register_value: string; frame: string }[];
      ramp_vectors: { from: number; to: number; count?: number; first: number[]; last: number[] }[];
    }
    const file = loadVectors<File>(context, 'asic/pll.json');
    for (const v of file.algorithm_vectors) {
      const chip = chipNamed(v.chip);
      const found = searchPll(chip, v.target_mhz);
      expect({ fb: found.feedback, ref: found.reference, post1: found.post1, post2: found.post2 }, v.id).toEqual({ fb: v.fb, ref: v.ref, post1: v.post1, post2: v.post2 });
      expect(found.mhz, v.id).toBeCloseTo(v.actual_mhz, 4);
      expect(u32ToHex(pllValue(chip, found)), v.id).toBe(v.register_value);
      expect(broadcast(0x08, pllValue(chip, found)), v.id).toBe(v.frame);
    }
    for (const v of file.vectors) {
      const found = decodePll(v.encoding?.startsWith('BM1397') ? BM1397 : BM1366, parseInt(v.frame.slice(12, 20), 16))!;
      expect({ fb: found.feedback, ref: found.reference, post1: found.post1, post2: found.post2, vco: found.vcoMhz }, v.id).toEqual({ fb: v.fb, ref: v.ref, post1: v.post1, post2: v.post2, vco: v.vco_mhz });
      expect(found.mhz, v.id).toBeCloseTo(v.frequency_mhz, 3);
    }
    for (const v of file.ramp_vectors) {
      const steps = rampFrequencies(v.from, v.to);
      expect(steps.slice(0, v.first.length)).toEqual(v.first);
      expect(steps.slice(-v.last.length)).toEqual(v.last);
      if (v.count !== undefined) expect(steps).toHaveLength(v.count);
    }
  });
});

describe('ramp', () => {
  it('never jumps and ends where it should', () => {
    expect(rampFrequencies(320, 327)).toEqual([325, 327]);
    expect(rampFrequencies(327, 320)).toEqual([325, 320]);
    expect(rampFrequencies(400, 400)).toEqual([]);
    expect(() => rampFrequencies(0, 400)).toThrow(/present frequency/);
    const mhz = fc.double({ min: 1, max: 1000, noNaN: true });
    fc.assert(
      fc.property(mhz, mhz, (from, to) => {
        const steps = rampFrequencies(from, to);
        let last = from;
        for (const step of steps) {
          expect(Math.abs(step - last)).toBeLessThanOrEqual(6.25);
          expect(Math.sign(step - last)).toBe(Math.sign(to - from));
          last = step;
        }
        expect(last).toBe(to);
      }),
    );
  });

  it('raises the voltage before the frequency and lowers it after', () => {
    expect(planOperatingChange({ mhz: 400, millivolts: 1100 }, { mhz: 406.25, millivolts: 1200 })).toEqual([
      { set: 'voltage', millivolts: 1200 },
      { set: 'frequency', mhz: 406.25, waitMs: 100 },
    ]);
    expect(planOperatingChange({ mhz: 406.25, millivolts: 1200 }, { mhz: 400, millivolts: 1100 }).at(-1)).toEqual({ set: 'voltage', millivolts: 1100 });
    expect(planOperatingChange({ mhz: 400, millivolts: 1200 }, { mhz: 400, millivolts: 1200 })).toEqual([]);
    expect(() => planOperatingChange({ mhz: 400, millivolts: 0 }, { mhz: 400, millivolts: 1 })).toThrow(/mV/);
  });
});

describe('ticket mask', () => {
  it('agrees with the vectors', (context) => {
    const { vectors } = loadVectors<{ vectors: { difficulty: number; register_value: string; frame: string; effective_difficulty: number }[] }>(context, 'asic/ticket_mask.json');
    for (const v of vectors) {
      expect(u32ToHex(ticketMaskValue(v.difficulty))).toBe(v.register_value);
      expect(broadcast(0x14, ticketMaskValue(v.difficulty))).toBe(v.frame);
      expect(ticketDifficulty(v.difficulty)).toBe(v.effective_difficulty);
    }
  });

  it('is a power of two not above the difficulty, and reads back', () => {
    expect(u32ToHex(ticketMaskValue(512))).toBe('000080ff');
    fc.assert(
      fc.property(fc.double({ min: 1e-6, max: 2 ** 31, noNaN: true }), (difficulty) => {
        expect(ticketDifficulty(difficulty)).toBeLessThanOrEqual(Math.max(1, Math.ceil(difficulty)));
        expect(ticketDifficulty(difficulty) * 2).toBeGreaterThan(difficulty);
        expect(difficultyOfTicketMask(ticketMaskValue(difficulty))).toBe(ticketDifficulty(difficulty));
      }),
    );
    expect(difficultyOfTicketMask(0x00000001)).toBeNull();
    for (const wrong of [0, -1, NaN, 2 ** 40]) expect(() => ticketMaskValue(wrong)).toThrow(RangeError);
  });
});

describe('nonce space', () => {
  it('agrees with the vectors', (context) => {
    interface File {
      vectors: { frequency_mhz: number; chips: number; small_cores: number; cores: number; versions: number; fraction: number; default_ms: number; expect_ms: number }[];
      hcn_derived: { chip: string; frequency_mhz: number; chips: number; hcn: number; frame: string }[];
      expected_hashrate_ghs: { chip: string; frequency_mhz: number; chips: number; ghs: number }[];
      hash_counter_delta: { counter_delta?: number; from?: number; to?: number; seconds: number; ghs: number }[];
    }
    const file = loadVectors<File>(context, 'asic/timing_nonce_space.json');
    for (const v of file.vectors) {
      const ms = fullScanMs({ cores: v.cores, smallCores: v.small_cores }, v.frequency_mhz, v.chips, v.versions, v.fraction);
      expect(ms ?? v.default_ms).toBeCloseTo(v.expect_ms, 2);
    }
    for (const v of file.hcn_derived) {
      expect(hashCountingNumber(chipNamed(v.chip), v.frequency_mhz, v.chips)).toBe(v.hcn);
      expect(broadcast(0x10, v.hcn)).toBe(v.frame);
    }
    for (const v of file.expected_hashrate_ghs) expect(expectedHashRate(chipNamed(v.chip), v.frequency_mhz, v.chips) / 1e9).toBeCloseTo(v.ghs, 6);
    for (const v of file.hash_counter_delta) expect(hashRateOfCounters(v.from ?? 0, v.to ?? v.counter_delta!, v.seconds)! / 1e9).toBeCloseTo(v.ghs, 6);
  });

  it('keeps to what the chips need', () => {
    expect(hashCountingNumber(BM1373, 327, 1)).toBe(0x1eb5);
    expect(hashCountingNumber(BM1366, 485, 1)).toBe(864_804);
    expect(jobIntervalMs(BM1370, 2)).toBe(250);
    expect(jobIntervalMs(BM1366, 1)).toBe(2000);
    expect(versionSweepMs(BM1366, 0x151c)).toBeCloseTo(1770.783, 2);
    expect(hashRateOfCounters(1, 2, 0)).toBeNull();
    expect(fullScanMs(BM1370, 450, 2, 65536, 0.5)).toBeCloseTo(76_354.974, 2);
    expect(() => hashCountingNumber(BM1366, 0, 1)).toThrow(RangeError);
    expect(() => hashCountingNumber(BM1366, 400, 0)).toThrow(RangeError);
    for (const chip of chips) expect(expectedHashRate(chip, 0)).toBe(0);
  });

  it('reads what chips say of themselves', () => {
    expect(hashRateOfRegister(0x80000001)).toBeNull();
    expect(hashRateOfRegister(0x007fffff)).toBeNull();
    expect(hashRateOfRegister(2)).toBe(2 ** 21);
    expect(temperatureOfRegister(0x00000800)).toBeNull();
    expect(temperatureOfRegister(0x80000800)).toBeCloseTo(51.39, 1);
  });
});

describe('uart', () => {
  it('agrees with the vectors', (context) => {
    const { vectors } = loadVectors<{ vectors: { chip: string; register: string; value: string; baud?: number; baud_host?: number; frame: string }[] }>(context, 'asic/uart_baud.json');
    for (const v of vectors) {
      const chip = v.chip.startsWith('BM1397') ? BM1397 : v.chip.includes('73') ? BM1373 : BM1366;
      expect(chip.uart.register).toBe(parseInt(v.register, 16));
      const value = parseInt(v.value, 16);
      const baud = decodeBaud(chip, value)!;
      if (v.baud !== undefined) expect(baud).toBeCloseTo(v.baud, 3);
      if (v.baud_host !== undefined) expect(Math.abs(baud - v.baud_host) / v.baud_host).toBeLessThan(0.045);
      expect(broadcast(chip.uart.register, value)).toBe(v.frame);
    }
  });

  it('finds the values drivers use, and refuses speeds there are not', () => {
    expect(u32ToHex(baudSetting(BM1397, 3_125_000).value)).toBe('00006031');
    expect(u32ToHex(baudSetting(BM1397, 115_200).value)).toBe('00007a31');
    expect(u32ToHex(baudSetting(BM1370, 1_000_000).value)).toBe('11300200');
    expect(u32ToHex(baudSetting(BM1366, 3_125_000).value)).toBe('11300000');
    expect(decodeBaud(BM1366, 0x01301a00)).toBeCloseTo(115_740.74, 1);
    expect(decodeBaud(BM1366, 0x15600700)).toBeNull();
    expect(decodeBaud(BM1397, 0x00012701)).toBeNull();
    expect(u32ToHex(baudSetting(BM1373, 3_000_000).value)).toBe('80000000');
    for (const wrong of [0, NaN, 2_000_000, 9_000_000, 100]) expect(() => baudSetting(BM1397, wrong)).toThrow(RangeError);
    expect(planBaudChange(BM1368, 1_000_000).map((step) => step.do)).toEqual(['send', 'drain', 'host-baud', 'wait', 'flush-input']);
  });
});

describe('addressing', () => {
  it('agrees with the vectors', (context) => {
    interface File {
      vectors: { chips: number; interval: number; addresses: number[]; set_address_frames: string[] }[];
      factory_step2_frames: string[];
      nonce_mapping: { rule: string; nonce_be: string; core?: number; small_core?: number; chip_index?: number }[];
    }
    const file = loadVectors<File>(context, 'asic/addressing.json');
    for (const v of file.vectors) {
      expect(addressInterval(BM1366, v.chips)).toBe(v.interval);
      expect(chipAddresses(BM1366, v.chips)).toEqual(v.addresses);
      expect(chipAddresses(BM1366, v.chips).map(encodeSetAddress).map(bytesToHex)).toEqual(v.set_address_frames);
    }
    const factory = chipAddresses(BM1366, 128, FACTORY_STRIDE).map(encodeSetAddress).map(bytesToHex);
    for (const frame of file.factory_step2_frames) expect(factory).toContain(frame);
    for (const v of file.nonce_mapping) {
      const position = parseInt(v.nonce_be, 16);
      // Two sources disagree about BM1397: this one has twice as many cores as the position here tells apart.
      if (v.core !== undefined) expect(position >>> 25, v.rule).toBe(v.rule.includes('>>24') ? v.core >> 1 : v.core);
      if (v.small_core !== undefined) expect(smallCoreByNonce(v.rule.startsWith('BM1397') ? BM1397 : BM1366, position), v.rule).toBe(v.small_core);
      if (v.chip_index !== undefined) expect(chipIndexOfOffset(nonceOffsets(65), position), v.rule).toBe(v.chip_index);
    }
  });

  it('finds the chip of a nonce, also beyond its own address', () => {
    expect(chipIndexOfAddress([0, 85, 170], 84)).toBe(1);
    expect(chipIndexOfAddress([0, 85, 170], 82)).toBe(0);
    expect(chipIndexOfAddress([0], 200)).toBe(0);
    expect(chipIndexOfAddress([], 0)).toBeNull();
    expect(nonceOffsets(65).slice(0, 6).map(nonceOffsetValue).map(u32ToHex)).toEqual(['80000000', '800003f1', '800007e1', '80000bd1', '80000fc1', '800013b2']);
    expect(chipIndexOfOffset([5], 0)).toBeNull();
    expect(() => nonceOffsetValue(0x10000)).toThrow(RangeError);
  });

  it('refuses chains that do not fit', () => {
    expect(() => addressInterval(BM1366, 0)).toThrow(/1 to 256 chips/);
    expect(() => chipAddresses(BM1373, 17)).toThrow(/address byte/);
    expect(chipAddresses(BM1373, 3)).toEqual([0, 16, 32]);
    expect(commandAddress(BM1373, 32)).toBe(8);
    expect(commandAddress(BM1368, 32)).toBe(32);
  });

  it('knows chips by their replies', (context) => {
    interface Vector { id: string; frame: string; decoded: { chip_id: string; core_num_byte: number; assigned_address_byte_in_value: number; responding_address: number; register: number; length: number } }
    const { vectors } = loadVectors<{ vectors: Vector[] }>(context, 'asic/chip_id_responses.json');
    for (const v of vectors) {
      const identity = identifyChip(registerOf(v.frame))!;
      expect(identity.chip?.name, v.id).toBe(`BM${v.decoded.chip_id}`);
      expect([identity.chipId.toString(16), identity.coreNumberByte, identity.assignedAddress, identity.respondingAddress], v.id).toEqual([
        v.decoded.chip_id, v.decoded.core_num_byte, v.decoded.assigned_address_byte_in_value, v.decoded.responding_address,
      ]);
    }
  });

  it('counts the chips of a chain and tells foreign ones', () => {
    const id = registerOf('aa5513680000000000000f');
    const other = registerOf('aa550000c100001802');
    expect(surveyChain(BM1368, [id, other, id])).toEqual({ chips: 2, foreignIds: [] });
    expect(surveyChain(BM1370, [id])).toEqual({ chips: 0, foreignIds: [0x1368] });
    expect(identifyChip(other)).toBeNull();
  });
});

describe('register replies', () => {
  it('agree with the vectors', (context) => {
    const { vectors } = loadVectors<{ vectors: { id: string; frame: string; decoded: { value: string; chip_address: number; register: number } }[] }>(context, 'asic/register_responses.json');
    for (const v of vectors) {
      const reply = registerOf(v.frame);
      expect({ value: u32ToHex(reply.value), chip_address: reply.chipAddress, register: reply.register }, v.id).toEqual(v.decoded);
    }
  });
});
