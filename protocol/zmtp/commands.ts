/** ZMTP commands: a name and data in a command frame (RFC 37/ZMTP sections "NULL mechanism", "Commands", "Heartbeating"). */
import { concatBytes, readU32BE, writeU32BE } from '../common/bytes.ts';
import { encodeFrame } from './frames.ts';

export interface Command {
  readonly name: string;
  readonly data: Uint8Array;
}

const text = new TextEncoder();
const latin1 = new TextDecoder('latin1');
const MAX_PING_CONTEXT = 16;

/** A command frame. @param name at most 255 ASCII characters */
export function encodeCommand(name: string, data: Uint8Array): Uint8Array {
  const nameBytes = text.encode(name);
  return encodeFrame({ command: true, more: false, body: concatBytes(Uint8Array.of(nameBytes.length), nameBytes, data) });
}

/** Reads the body of a command frame. @throws RangeError when its name does not fit in it */
export function decodeCommand(body: Uint8Array): Command {
  const length = body[0] ?? 0;
  if (length === 0 || body.length < 1 + length) throw new RangeError('a ZMTP command without a name');
  return { name: latin1.decode(body.subarray(1, 1 + length)), data: body.subarray(1 + length) };
}

function property(name: string, value: string): Uint8Array {
  const [nameBytes, valueBytes] = [text.encode(name), text.encode(value)];
  const length = new Uint8Array(4);
  writeU32BE(length, valueBytes.length);
  return concatBytes(Uint8Array.of(nameBytes.length), nameBytes, length, valueBytes);
}

/** READY of a socket of this type, e.g. `SUB`. */
export function encodeReady(socketType: string): Uint8Array {
  return encodeCommand('READY', property('Socket-Type', socketType));
}

/** Metadata of a READY command: names in lower case (they are not case-sensitive) to values. @throws RangeError when a part is cut off */
export function decodeMetadata(data: Uint8Array): ReadonlyMap<string, string> {
  const metadata = new Map<string, string>();
  for (let at = 0; at < data.length; ) {
    const valueAt = at + 1 + data[at]! + 4;
    if (valueAt > data.length) throw new RangeError('a READY command that ends within a property');
    const end = valueAt + readU32BE(data, valueAt - 4);
    if (end > data.length) throw new RangeError('a READY command that ends within a value');
    metadata.set(latin1.decode(data.subarray(at + 1, valueAt - 4)).toLowerCase(), latin1.decode(data.subarray(valueAt, end)));
    at = end;
  }
  return metadata;
}

/** What an ERROR command says: a length byte, then text; characters a terminal would act upon are left out. */
export function decodeErrorReason(data: Uint8Array): string {
  const reason = latin1.decode(data.subarray(1, 1 + (data[0] ?? 0)));
  return reason.replaceAll(/[^\x20-\x7e]/g, '') || 'no reason given';
}

/** @param ttlSeconds how long the other side may wait for our next bytes; 0 = as long as it likes */
export function encodePing(ttlSeconds: number): Uint8Array {
  const tenths = Math.min(0xffff, Math.round(ttlSeconds * 10));
  return encodeCommand('PING', Uint8Array.of(tenths >>> 8, tenths & 0xff));
}

/** The answer to a PING with this data (two bytes of time to live, then up to 16 that are sent back). */
export function encodePong(pingData: Uint8Array): Uint8Array {
  return encodeCommand('PONG', pingData.subarray(2, 2 + MAX_PING_CONTEXT));
}
