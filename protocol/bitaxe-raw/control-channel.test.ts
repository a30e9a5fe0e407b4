import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { concatBytes, hexToBytes } from '../common/bytes.ts';
import { gpioGet, i2cRead, i2cWrite, ledRgb, reboot } from './commands.ts';
import { ControlChannel } from './control-channel.ts';
import { BITAXE_RAW_FIRMWARE } from './firmware.ts';
import type { ReplyFormat } from './firmware.ts';

const formats: readonly ReplyFormat[] = ['v0', 'v1', 'bonanza'];

/** The frame of a right answer. */
function okFrame(format: ReplyFormat, id: number, data: Uint8Array): Uint8Array {
  const length = data.length + (format === 'v0' ? 0 : format === 'v1' ? 4 : 3);
  return concatBytes(Uint8Array.of(length & 0xff, length >> 8, id), format === 'v1' ? Uint8Array.of(0) : new Uint8Array(0), data);
}

describe.each(formats)('ControlChannel, %s', (format) => {
  it('finds the reply however it is cut, behind any garbage that is not its own id', () => {
    fc.assert(fc.property(fc.uint8Array({ minLength: 5, maxLength: 40 }), fc.uint8Array({ maxLength: 20, min: 1, max: 0xfe }), fc.array(fc.integer({ min: 1, max: 9 })), (data, garbage, cuts) => {
      const channel = new ControlChannel(format);
      channel.request(i2cRead(0x4c, data.length));
      // Read as a header, this garbage is longer than any reply, or has not the id 0.
      const frame = okFrame(format, 0, data);
      const stream = concatBytes(garbage, frame);
      let reply = null;
      let at = 0;
      for (const cut of [...cuts, stream.length]) {
        reply ??= channel.push(stream.subarray(at, at + cut)).reply;
        at += cut;
      }
      expect(reply).toEqual({ kind: 'ok', id: 0, data, maybeError: false });
      expect(channel.busy).toBe(false);
    }));
  });

  it('is ready for the next request after a timeout, and does not take the late reply for its own', () => {
    const channel = new ControlChannel(format);
    channel.request(gpioGet(0));
    expect(channel.timeout()).toEqual({ reply: null, skippedBytes: 0 });
    channel.request(gpioGet(1));
    const late = okFrame(format, 0, Uint8Array.of(1));
    expect(channel.push(late).reply).toBe(null);
    expect(channel.push(okFrame(format, 1, Uint8Array.of(0))).reply).toEqual({ kind: 'ok', id: 1, data: Uint8Array.of(0), maybeError: false });
  });

  it('passes a late reply over as a whole, even where its bytes would make a reply to the next request', () => {
    const channel = new ControlChannel(format);
    channel.request(gpioGet(0));
    channel.timeout();
    channel.request(i2cWrite(0x4c, Uint8Array.of(1)));
    // Read from its second byte, this late v0 reply is an empty answer with id 1.
    expect(channel.push(okFrame(format, 0, Uint8Array.of(1))).reply).toBe(null);
    expect(channel.push(okFrame(format, 1, new Uint8Array(0))).reply).toEqual({ kind: 'ok', id: 1, data: new Uint8Array(0), maybeError: false });
  });

  it('has one request at a time, and never uses the id of unreadable requests', () => {
    const channel = new ControlChannel(format);
    for (let i = 0; i < 300; i++) {
      const id = channel.request(gpioGet(0))[2]!;
      expect(id).toBe(i % 255);
      expect(() => channel.request(gpioGet(0))).toThrow(RangeError);
      expect(channel.push(okFrame(format, id, Uint8Array.of(1))).reply?.kind).toBe('ok');
    }
  });

  it('tells an error that the firmware could not match to a request', () => {
    const channel = new ControlChannel(format);
    channel.request(gpioGet(0));
    expect(channel.push(hexToBytes('0400ff11')).reply).toMatchObject({ kind: 'error', id: 0xff, error: 'invalid_command' });
  });

  it('tells errors with a text', () => {
    const channel = new ControlChannel(format);
    channel.request(i2cRead(0x4c, 1));
    expect(channel.push(concatBytes(hexToBytes('070000ff'), new TextEncoder().encode('bad'))).reply).toEqual({ kind: 'error', id: 0, error: 'other', text: 'bad' });
  });

  it('does not wait for a board that restarts', () => {
    const channel = new ControlChannel(format);
    channel.request(reboot(BITAXE_RAW_FIRMWARE.emberone));
    expect(channel.busy).toBe(false);
    expect(channel.push(hexToBytes('00')).skippedBytes).toBe(1);
  });

  it('never throws, never holds more than a reply, and works again after a timeout', () => {
    fc.assert(fc.property(fc.array(fc.uint8Array({ maxLength: 400 }), { maxLength: 5 }), fc.nat(1), (chunks, which) => {
      const channel = new ControlChannel(format);
      channel.request(which === 0 ? i2cRead(0x4c, 3) : i2cWrite(0x4c, new Uint8Array(2)));
      for (const chunk of chunks) channel.push(chunk);
      channel.timeout();
      const id = channel.request(i2cRead(0x4c, 3))[2]!;
      expect(channel.push(okFrame(format, id, Uint8Array.of(1, 2, 3))).reply).toEqual({ kind: 'ok', id, data: Uint8Array.of(1, 2, 3), maybeError: false });
    }));
  });
});

describe('what the formats differ in', () => {
  it('v0: an error is told at once where the length of the answer is known, else by silence', () => {
    const known = new ControlChannel('v0');
    known.request(gpioGet(0));
    expect(known.push(hexToBytes('04000010')).reply).toMatchObject({ kind: 'error', error: 'timeout' });

    for (const command of [ledRgb(1, 2, 3), i2cRead(0x4c, 4)]) {
      const channel = new ControlChannel('v0');
      channel.request(command);
      expect(channel.push(hexToBytes('04000012')).reply).toBe(null);
      expect(channel.timeout().reply).toMatchObject({ kind: 'error', error: 'buffer_overflow' });
    }
  });

  it('v0: four bytes of data that begin like an error are data when all of them come', () => {
    const channel = new ControlChannel('v0');
    channel.request(i2cRead(0x4c, 4));
    expect(channel.push(hexToBytes('04000010')).reply).toBe(null);
    expect(channel.push(hexToBytes('aabbcc')).reply).toMatchObject({ kind: 'ok', data: hexToBytes('10aabbcc') });
  });

  it('bonanza: one byte of 10 .. 13 is an error for a pin, and perhaps one for a register', () => {
    const pin = new ControlChannel('bonanza');
    pin.request(gpioGet(3));
    expect(pin.push(hexToBytes('04000013')).reply).toEqual({ kind: 'error', id: 0, error: 'fault', text: null });
    const register = new ControlChannel('bonanza');
    register.request(i2cRead(0x4c, 1));
    expect(register.push(hexToBytes('04000012')).reply).toEqual({ kind: 'ok', id: 0, data: hexToBytes('12'), maybeError: true });
    const two = new ControlChannel('bonanza');
    two.request(i2cRead(0x4c, 2));
    expect(two.push(hexToBytes('04000012')).reply).toEqual({ kind: 'error', id: 0, error: 'denied', text: null });
  });

  it('v1: the status decides, whatever the data looks like', () => {
    const channel = new ControlChannel('v1');
    channel.request(i2cRead(0x4c, 1));
    expect(channel.push(hexToBytes('0500000010')).reply).toEqual({ kind: 'ok', id: 0, data: hexToBytes('10'), maybeError: false });
  });
});
