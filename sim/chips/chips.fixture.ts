/** The host's side of the line, written for the tests of the simulated chips, and a check of nonces that needs nothing of theirs. */
import { createHash } from 'node:crypto';
import { midstateOf } from '../../kernels/js/sha256.ts';
import { VirtualChain, type ChainOptions } from './chain.ts';
import { crc16Of, crc5Of } from './crc.ts';
import type { ModelName } from './models.ts';

export interface Bench {
  readonly chain: VirtualChain;
  /** Hex of what was said since the last call, a reply a line. */
  said(): string[];
  tell(...frames: string[]): void;
}

/** A chain and what it says. */
export function benchOf(options: ChainOptions): Bench {
  let out: string[] = [];
  const chain = new VirtualChain(options, (bytes) => out.push(Buffer.from(bytes).toString('hex')));
  const said = (): string[] => {
    const lines = out;
    out = [];
    return lines;
  };
  return { chain, said, tell: (...frames) => frames.forEach((frame) => chain.receive(Buffer.from(frame, 'hex'))) };
}

function framed(body: string): string {
  return `55aa${body}${crc5Of(Buffer.from(body, 'hex')).toString(16).padStart(2, '0')}`;
}

const byte = (value: number): string => value.toString(16).padStart(2, '0');

/** Write to all chips. */
export const W = (register: number, value: string): string => framed(`510900${byte(register)}${value}`);
/** Write to one chip. */
export const w = (address: number, register: number, value: string): string => framed(`4109${byte(address)}${byte(register)}${value}`);
export const readAll = (register: number): string => framed(`520500${byte(register)}`);
export const readOne = (address: number, register: number): string => framed(`4205${byte(address)}${byte(register)}`);
export const INACTIVE = '55aa5305000003';
export const setAddress = (address: number): string => framed(`4005${byte(address)}00`);

/** Everything a chain needs before it mines, in the documented order, ticket difficulty 16. */
export function startUp(model: ModelName, chips: number, leaveOut: readonly ('misc' | 'enable' | 'versions')[] = []): string[] {
  const keep = (step: 'misc' | 'enable' | 'versions', frame: string): string[] => (leaveOut.includes(step) ? [] : [frame]);
  const addresses = [INACTIVE, ...Array.from({ length: chips }, (_, i) => setAddress(i * Math.floor(256 / chips)))];
  if (model === 'bm1397') return [...addresses, ...keep('enable', W(0x20, '00000001')), W(0x3c, '80008074'), W(0x14, '000000f0'), W(0x18, '00007a31'), W(0x08, '40a00225')];
  return [
    ...keep('versions', W(0xa4, '9000ffff')),
    W(0xa8, '00070000'),
    ...addresses,
    W(0x14, '000000f0'),
    ...keep('misc', W(0x18, 'f000c100')),
    ...keep('enable', W(0x3c, '800082aa')),
    W(0x08, '40a80230'),
  ];
}

/** Some header; its version has no bits that are rolled. */
export const HEADER = Buffer.concat([Buffer.from('00000020', 'hex'), createHash('sha512').update('a header').digest(), Buffer.from('0000000011223344', 'hex'), Buffer.alloc(4)]);

/** A job frame of the model for a header. */
export function jobFor(model: ModelName, id: number, header: Buffer = HEADER): string {
  const words = (part: Buffer): Buffer => Buffer.concat(Array.from({ length: 8 }, (_, i) => part.subarray(28 - 4 * i, 32 - 4 * i)));
  const nbits = header.subarray(72, 76);
  const ntime = header.subarray(68, 72);
  const body =
    model === 'bm1397'
      ? Buffer.concat([Buffer.of(0x21, 0x96, id, 4, 0, 0, 0, 0), nbits, ntime, header.subarray(64, 68), ...[0, 1, 2, 3].map((slot) => words(midstateBytes(header, slot)))])
      : Buffer.concat([Buffer.of(0x21, 0x36, id, 1, 0, 0, 0, 0), nbits, ntime, words(header.subarray(36, 68)), words(header.subarray(4, 36)), header.subarray(0, 4)]);
  const crc = crc16Of(body);
  return `55aa${body.toString('hex')}${byte(crc >>> 8)}${byte(crc & 0xff)}`;
}

/** Slot k of a midstate job counts the version up inside the mask 1fffe000. */
export const slotVersion = (header: Buffer, slot: number): number => (header.readUInt32LE(0) | (slot << 13)) >>> 0;

function midstateBytes(header: Buffer, slot: number): Buffer {
  const out = Buffer.alloc(32);
  midstateOf(header, slotVersion(header, slot)).forEach((word, i) => out.writeInt32BE(word, 4 * i));
  return out;
}

/** The header a reply speaks of, put together by hand from the job's. */
export function provenHeader(model: ModelName, header: Buffer, reply: Buffer): Buffer {
  const version = model === 'bm1397' ? slotVersion(header, reply[7]! & 3) : (header.readUInt32LE(0) | (reply.length === 11 ? reply.readUInt16BE(8) << 13 : 0)) >>> 0;
  const out = Buffer.from(header);
  out.writeUInt32LE(version, 0);
  reply.copy(out, 76, 2, 6);
  return out;
}

/** Leading zero bits of the SHA-256d of a header. */
export function zeroBitsOf(header: Buffer): number {
  if (header.length !== 80) throw new Error('not a header');
  const once = createHash('sha256').update(header).digest();
  const hash = createHash('sha256').update(once).digest().reverse().toString('hex');
  return 256 - BigInt(`0x${hash}`).toString(2).length;
}

/** The header of a reply, from the bytes of a full-header job frame. */
export function headerOfJobFrame(job: Buffer): Buffer {
  const words = (from: number): Buffer => Buffer.concat(Array.from({ length: 8 }, (_, i) => job.subarray(from + 28 - 4 * i, from + 32 - 4 * i)));
  return Buffer.concat([job.subarray(82, 86), words(50), words(18), job.subarray(14, 18), job.subarray(10, 14), Buffer.alloc(4)]);
}
