import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { bytesToHex, concatBytes, hexToBytes } from '../common/bytes.ts';
import { loadVectors } from '../../test/vectors.ts';
import { bitaxeBoard, bitaxeBoardVersions } from './boards.ts';
import * as commands from './commands.ts';
import { BITAXE_RAW_FIRMWARE, decodeBcdDevice, replyFormatOf, safePins } from './firmware.ts';
import type { ReplyFormat } from './firmware.ts';
import { decodeReply } from './reply.ts';
import { decodeRequest, encodeRequest } from './request.ts';

const { bitaxe, emberone, bonanza, birds } = BITAXE_RAW_FIRMWARE;
const packet = (id: number, command: Parameters<typeof encodeRequest>[1]) => bytesToHex(encodeRequest(id, command));

interface Vectors {
  vectors: { id: string; request: string; decoded: { length: number; id: number; bus: number; page: number; command: number; data: string } }[];
  responses_upstream: { variant: ReplyFormat; payload_after_len: string; decoded: { id: number; data?: string; error?: string } }[];
  responses_derived: { variant: ReplyFormat; bytes: string; decoded: { id: number; data?: string; error?: string } }[];
  bcd_device: { bcdDevice: string; hardware: number; fw_minor: number; fw_patch: number; reply_format: string }[];
}

/** The frame of a payload that was published without its length. */
function withLength(format: ReplyFormat, payload: string): Uint8Array {
  const bytes = hexToBytes(payload);
  const length = format === 'v0' ? bytes.length - 1 : bytes.length + 2;
  return concatBytes(Uint8Array.of(length & 0xff, length >> 8), bytes);
}

describe('the vectors', () => {
  it('requests', (context) => {
    for (const { id, request, decoded } of loadVectors<Vectors>(context, 'asic/bitaxe_raw.json').vectors) {
      const { length, data, ...fields } = decoded;
      expect(decodeRequest(hexToBytes(request)), id).toEqual({ ...fields, data: hexToBytes(data) });
      expect(packet(decoded.id, { page: decoded.page, command: decoded.command, data: hexToBytes(data) })).toBe(request);
      expect(hexToBytes(request)).toHaveLength(length);
    }
  });

  it('replies', (context) => {
    const { responses_upstream, responses_derived } = loadVectors<Vectors>(context, 'asic/bitaxe_raw.json');
    const frames = [...responses_upstream.map((v) => ({ ...v, frame: withLength(v.variant, v.payload_after_len) })), ...responses_derived.map((v) => ({ ...v, frame: hexToBytes(v.bytes) }))];
    expect(frames.length).toBeGreaterThan(0);
    for (const { variant, frame, decoded } of frames) {
      const expected = decoded.error === undefined ? { kind: 'ok', id: decoded.id, data: hexToBytes(decoded.data ?? '') } : { kind: 'error', id: decoded.id, error: decoded.error };
      expect(decodeReply(variant, frame), bytesToHex(frame)).toMatchObject(expected);
    }
  });

  it('versions', (context) => {
    for (const v of loadVectors<Vectors>(context, 'asic/bitaxe_raw.json').bcd_device) {
      expect(decodeBcdDevice(Number.parseInt(v.bcdDevice, 16))).toEqual({ hardware: v.hardware, firmwareMinor: v.fw_minor, firmwarePatch: v.fw_patch, replyFormat: v.reply_format });
    }
  });
});

describe('requests', () => {
  it('as published', () => {
    expect(packet(1, commands.i2cWrite(0x4f, hexToBytes('de')))).toBe('0800010005204fde');
    expect(packet(1, commands.i2cWriteRead(0x32, hexToBytes('fe'), 2))).toBe('09000100054032fe02');
    expect(packet(0, commands.gpioSet(0, false))).toBe('07000000060000');
    expect(packet(0, commands.fanPercent(bonanza, 50))).toBe('07000000091032');
    expect(packet(2, commands.i2cSetHz(100_000))).toBe('0a0002000510a0860100');
    expect(packet(3, commands.i2cRead(0x4c, 1))).toBe('0800030005304c01');
    expect(packet(4, commands.gpioGet(1))).toBe('060004000601');
    expect(packet(5, commands.adcRead('vin'))).toBe('060005000751');
    expect(packet(6, commands.ledRgb(255, 1, 2))).toBe('090006000810ff0102');
    expect(packet(7, commands.reboot(emberone))).toBe('0a0007000901deadbeef');
    expect(packet(8, commands.rebootToBootloader(emberone))).toBe('0a0008000902b00710ad');
    expect(packet(9, commands.bridgeInfo(bonanza, 'safety'))).toBe('060009000010');
  });

  it('never restart a board that was to be cooled, or the reverse', () => {
    expect(() => commands.fanPercent(emberone, 50)).toThrow(/page 09/);
    expect(() => commands.fanTach(bitaxe)).toThrow(/page 09/);
    expect(() => commands.reboot(bonanza)).toThrow(/page 09/);
    expect(() => commands.rebootToBootloader(birds)).toThrow(/page 09/);
    expect(() => commands.bridgeInfo(bitaxe, 'info')).toThrow(RangeError);
  });

  it('refuse what does not fit', () => {
    expect(() => commands.i2cRead(0x80, 1)).toThrow(RangeError);
    expect(() => commands.i2cRead(0x10, 0)).toThrow(RangeError);
    expect(() => commands.gpioSet(256, true)).toThrow(RangeError);
    expect(() => commands.fanPercent(bonanza, 101)).toThrow(RangeError);
    expect(() => commands.ledRgb(0, 256, 0)).toThrow(RangeError);
    expect(() => encodeRequest(0, commands.i2cWrite(1, new Uint8Array(5000)))).toThrow(RangeError);
    expect(commands.adcValue(hexToBytes('3412'))).toBe(0x1234);
    expect(commands.adcValue(hexToBytes('34'))).toBe(null);
  });

  it('decode to what was encoded; other bytes decode to null or to themselves', () => {
    fc.assert(fc.property(fc.nat(255), fc.nat(255), fc.nat(255), fc.uint8Array({ maxLength: 300 }), (id, page, command, data) => {
      expect(decodeRequest(encodeRequest(id, { page, command, data }))).toEqual({ id, bus: 0, page, command, data });
    }));
    fc.assert(fc.property(fc.uint8Array({ maxLength: 40 }), (bytes) => {
      const request = decodeRequest(bytes);
      if (request !== null && request.bus === 0) expect(encodeRequest(request.id, request)).toEqual(bytes);
    }));
  });
});

describe('firmware and boards', () => {
  it('replies are framed by firmware and version', () => {
    expect([replyFormatOf(bitaxe, 0x0510), replyFormatOf(emberone, 0x0300), replyFormatOf(bitaxe, null), replyFormatOf(bonanza, null), replyFormatOf(birds, 0x0510)]).toEqual(['v1', 'v0', null, 'bonanza', null]);
    expect(() => decodeBcdDevice(0x10000)).toThrow(RangeError);
  });

  it('a board is made safe by its reset first', () => {
    expect(safePins(bitaxe)).toEqual([{ pin: 0, safeHigh: false }]);
    expect(safePins(emberone).map(({ pin }) => pin)).toEqual([0, 2, 1]);
    expect(safePins(bonanza).map(({ pin }) => pin)).toEqual([2, 1]);
    expect(safePins(birds)).toEqual([]);
  });

  it('boards have the parts of their version', () => {
    expect(bitaxeBoard('602')).toMatchObject({ family: 'gamma', asic: 'BM1370', asics: 1, fan: 'EMC2101', regulator: { chip: 'TPS546', profile: 'single-5v' } });
    expect(bitaxeBoard('401')).toMatchObject({ temperature: { sensor: 'internal', offsetC: 5 }, regulator: { chip: 'DS4432U' }, meter: true });
    expect(bitaxeBoard('801')).toMatchObject({ fan: 'EMC2103', swappedSensors: true, regulator: { profile: 'turbo-12v' } });
    expect(bitaxeBoard('999')).toBe(null);
    expect(bitaxeBoardVersions()).toHaveLength(23);
  });
});
