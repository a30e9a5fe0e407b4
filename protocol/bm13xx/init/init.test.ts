import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { capturedTraces, loadVectors } from '../../../test/vectors.ts';
import { bytesToHex } from '../../common/bytes.ts';
import { chipAddresses, FACTORY_STRIDE } from '../addressing.ts';
import { BM13XX_CHIPS } from '../chips.ts';
import { decodeCommand, encodeWrite } from '../command.ts';
import { domainEndFrames, relayFrames } from '../domains.ts';
import { nonceOffsets, nonceOffsetValue } from '../nonce-location.ts';
import { decodePll } from '../pll.ts';
import { coreWriteValue, decodeFields, registerModel } from '../registers.ts';
import { chipNamed, hex } from '../vectors.fixture.ts';
import { type InitAction, planEnumeration, planStart, rampActions, startOptions } from './plan.ts';
import { BM1366_BOARD } from './sequences.ts';

const framesOf = (actions: readonly InitAction[]) => actions.flatMap((action) => (action.do === 'send' ? [bytesToHex(action.frame)] : []));

interface Step { frame?: string; wait_ms?: number; host_baud?: number; expect?: string }
interface Vector { id: string; chip: string; chips?: number; frequency_mhz?: number; steps?: Step[]; call?: string }

describe('start-up', () => {
  it('counts the chips before it does anything that depends on them', () => {
    const actions = planEnumeration(BM13XX_CHIPS.BM1366);
    expect(framesOf(actions)).toEqual([...Array(3).fill('55aa510900a49000ffff1c'), '55aa520500000a']);
    expect(actions.map((action) => action.do)).toEqual(['reply-bytes', 'send', 'send', 'send', 'reply-bytes', 'send', 'count-chips']);
    expect(framesOf(planEnumeration(BM13XX_CHIPS.BM1397))).toEqual(['55aa520500000a']);
  });

  it('waits until the speed change has left before the host changes, and skips it when none is wanted', () => {
    const { BM1370 } = BM13XX_CHIPS;
    const actions = planStart(BM1370, startOptions(BM1370, { chips: 1, mhz: 525 }));
    expect(actions.slice(-5).map((action) => action.do)).toEqual(['send', 'drain', 'host-baud', 'wait', 'flush-input']);
    expect(planStart(BM1370, { ...startOptions(BM1370, { chips: 1, mhz: 525 }), hostBaud: null }).some((action) => action.do === 'host-baud')).toBe(false);
  });

  it('ramps in steps with a wait after each, and tells the frequency reached', () => {
    const ramp = rampActions(BM13XX_CHIPS.BM1397, 400, 412.5);
    expect(framesOf(ramp)).toHaveLength(8);
    expect(ramp.flatMap((action) => (action.do === 'send' && action.mhz !== undefined ? [[action.mhz, action.waitMs]] : []))).toEqual([[406.25, 100], [412.5, 100]]);
  });

  it('refuses options that do not fit', () => {
    const { BM1366 } = BM13XX_CHIPS;
    const options = startOptions(BM1366, { chips: 1, mhz: 485 });
    expect(() => planStart(BM1366, { ...options, chips: 0 })).toThrow(RangeError);
    expect(() => planStart(BM1366, { ...options, mhz: 5000 })).toThrow(RangeError);
    expect(() => planStart(BM1366, { ...options, topology: { domains: 2, chipsPerDomain: 1 } }, BM1366_BOARD)).toThrow(/fewer than its domains/);
  });

  it('sends every chip of the family frames it can read back', () => {
    for (const chip of Object.values(BM13XX_CHIPS)) {
      const mhz = chip.operating?.defaultMhz ?? 400;
      for (const frame of framesOf([...planEnumeration(chip), ...planStart(chip, startOptions(chip, { chips: 3, mhz }))])) expect(decodeCommand(hex(frame))).toMatchObject({ ok: true });
    }
  });

  it('sends the frames of known drivers, in their order', (context) => {
    const { vectors } = loadVectors<{ vectors: Vector[] }>(context, 'asic/init_sequences.json');
    let compared = 0;
    for (const v of vectors) {
      if (!v.id.startsWith('espminer')) continue;
      const chip = chipNamed(v.chip);
      const actions = [...planEnumeration(chip), ...planStart(chip, startOptions(chip, { chips: v.chips!, mhz: v.frequency_mhz! }))];
      const comparable = actions.flatMap((action) => {
        if (action.do === 'send') return [bytesToHex(action.frame)];
        if (action.do === 'host-baud') return [`host ${action.baud}`];
        if (action.do === 'count-chips') return ['count'];
        return action.do === 'wait' && action.ms !== 60 ? [`wait ${action.ms}`] : [];
      });
      const expected = v.steps!.map((step) => step.frame ?? (step.host_baud !== undefined ? `host ${step.host_baud}` : step.wait_ms !== undefined ? `wait ${step.wait_ms}` : 'count'));
      expect(comparable, v.id).toEqual(expected);
      compared += 1;
    }
    expect(compared).toBe(vectors.filter(({ id }) => id.startsWith('espminer')).length);
  });

  it('writes domains, single chips and offsets as factory firmware does', (context) => {
    const { vectors } = loadVectors<{ vectors: Vector[] }>(context, 'asic/init_sequences.json');
    let boards = 0;
    for (const v of vectors) {
      const call = /^set_baudrate_next\([\d_]+, (\d+), (\d+), (\d+)\)/.exec(v.call ?? '');
      const frames = v.steps?.map((step) => step.frame!) ?? [];
      if (call !== null && v.chip !== 'BM1397') {
        const topology = { domains: Number(call[1]), chipsPerDomain: Number(call[2]) };
        const addresses = chipAddresses(chipNamed(v.chip), topology.domains * topology.chipsPerDomain, Number(call[3]));
        const is = (register: string) => frames.filter((frame) => frame.slice(4, 8) === '4109' && frame.slice(10, 12) === register);
        expect(domainEndFrames(chipNamed(v.chip), topology, addresses).map(bytesToHex), v.id).toEqual(is('58'));
        expect(relayFrames(topology, addresses).map(bytesToHex), v.id).toEqual(is('2c'));
        boards += 1;
      }
      if (v.call?.startsWith('split_nonce_between_chips_next')) {
        const offsets = nonceOffsets(65).slice(0, frames.length);
        expect(offsets.map((offset, i) => bytesToHex(encodeWrite({ chipAddress: 2 * i }, 0x0c, nonceOffsetValue(offset)))), v.id).toEqual(frames);
      }
    }
    expect(boards).toBeGreaterThan(0);
  });

  it('sends a board of 110 chips what its own firmware sends', (context) => {
    const file = capturedTraces()[0]!;
    if (!existsSync(file)) context.skip(`no external vectors: ${file} not found (set RIGBRAIN_VECTORS)`);
    const { BM1366 } = BM13XX_CHIPS;
    const captured = readFileSync(file, 'utf8').trim().split('\n').map((line) => JSON.parse(line) as { t?: string; hex: string }).filter((line) => line.t === 'cmd').map((line) => line.hex);
    const options = { ...startOptions(BM1366, { chips: 110, mhz: 485 }), addressStride: FACTORY_STRIDE, addressFrames: 128, topology: { domains: 11, chipsPerDomain: 10 } };
    const planned = framesOf([...planEnumeration(BM1366), ...planStart(BM1366, options, BM1366_BOARD)]);
    // The firmware chooses other dividers here and there; the frequency is what has to agree.
    const readable = (frame: string) => (frame.startsWith('55aa51090008') ? `pll ${decodePll(BM1366, parseInt(frame.slice(12, 20), 16))!.mhz}` : frame);
    expect(planned.map(readable)).toEqual(captured.map(readable));
  });
});

describe('registers', () => {
  it('reads values back into fields', () => {
    expect(coreWriteValue(0x0d, 0xee)).toBe(0x80008dee);
    expect(decodeFields(0x3c, 0x80008b00)).toEqual({ allCores: 1, coreId: 0, write: 1, readDone: 0, coreRegister: 0x0b, coreValue: 0 });
    expect(decodeFields(0x14, 0xffffffff)).toEqual({ mask: 0xffffffff });
    expect(decodeFields(0xff, 1)).toEqual({});
    expect(registerModel(0xf0)).toBeNull();
    expect(() => coreWriteValue(0x20, 0)).toThrow(/coreRegister does not hold 32/);
  });
});
