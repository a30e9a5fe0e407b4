/** The driver's chain of chips joined to the simulated one, by a line in memory and a clock that the test moves. */
import { Bm13xxChain } from '../drivers/bm13xx/chain.ts';
import type { ChainSettings } from '../drivers/bm13xx/contract.ts';
import type { BoardNonce } from '../drivers/asic/board.ts';
import type { Work } from '../drivers/contract.ts';
import { MemoryTransport } from '../drivers/transport/memory.fixture.ts';
import { hashHeader } from '../protocol/bitcoin/header.ts';
import { writeU32LE } from '../protocol/common/bytes.ts';
import { silentLog } from '../protocol/common/log.ts';
import { ManualClock } from '../protocol/common/manual-clock.ts';
import { VirtualChain, type ChainOptions } from '../sim/chips/chain.ts';

export const ZERO_BITS = 6;

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** Moves the clock until a promise has settled. @throws what it rejects with, and Error after ten minutes of that clock */
export async function settle<T>(clock: ManualClock, promise: Promise<T>, stepMs = 5): Promise<T> {
  let settled = false;
  promise.then(
    () => (settled = true),
    () => (settled = true),
  );
  for (let ms = 0; ms < 600_000; ms += stepMs) {
    await turn();
    if (settled) return await promise;
    clock.advance(stepMs);
  }
  throw new Error('not settled within ten minutes');
}

/** Some work; its header has no bit of the mask. */
export function workOf(id: number, versionMask = 0x1fffe000): Work {
  const header = Uint8Array.from({ length: 80 }, (_, i) => (i * 7 + id * 13) & 0xff);
  writeU32LE(header, 0x2000_0000, 0);
  header.fill(0, 76);
  return { id, header, versionMask, nonceFrom: 0, nonceTo: 0xffff_ffff, target: new Uint8Array(32).fill(0xff), shareTarget: new Uint8Array(32).fill(0xff) };
}

/** Leading zero bits of the hash that a nonce makes with the header of its work. */
export function zeroBitsOf(work: Work, nonce: BoardNonce): number {
  const header = work.header.slice();
  writeU32LE(header, nonce.version, 0);
  writeU32LE(header, nonce.nonce, 76);
  let bits = 0;
  for (const byte of hashHeader(header).reverse()) {
    bits += Math.clz32(byte) - 24;
    if (byte !== 0) break;
  }
  return bits;
}

export interface Joined {
  readonly clock: ManualClock;
  readonly transport: MemoryTransport;
  readonly chain: Bm13xxChain;
  readonly chips: VirtualChain;
  readonly nonces: BoardNonce[];
  readonly troubles: string[];
  readonly sent: number[];
  answers(): number;
  /** Counts and starts the chips. */
  start(mhz?: number): Promise<void>;
  /** Lets the chips search, and time pass. */
  hash(batches: number, ms?: number): Promise<void>;
  /** Lets time pass, in steps. */
  wait(ms: number): Promise<void>;
}

export async function joinedChain(options: ChainOptions, settings: Partial<ChainSettings> = {}): Promise<Joined> {
  const clock = new ManualClock();
  const transport = new MemoryTransport('/dev/ttyTEST');
  const chips = new VirtualChain({ zeroBits: ZERO_BITS, thinning: 2 ** 12, ...options }, (bytes) => transport.feed(bytes));
  chips.hostBaud = transport.baud;
  transport.onWrite = (bytes) => chips.receive(bytes);
  transport.onBaud = (baud) => (chips.hostBaud = baud);
  await transport.open();
  const chain = new Bm13xxChain({ transport, clock, log: silentLog, settings: { chip: null, chipsExpected: null, hostBaud: 'chip', zeroBits: ZERO_BITS, topology: null, sequence: null, ...settings } });
  const nonces: BoardNonce[] = [];
  const troubles: string[] = [];
  const sent: number[] = [];
  let answers = 0;
  chain.events.on('nonce', (nonce) => nonces.push(nonce));
  chain.events.on('trouble', (kind, reason) => troubles.push(`${kind}: ${reason}`));
  chain.events.on('answer', () => (answers += 1));
  chain.events.on('sent', (workId) => sent.push(workId));
  const { signal } = new AbortController();
  return {
    clock, transport, chain, chips, nonces, troubles, sent,
    answers: () => answers,
    async start(mhz = 500) {
      await settle(clock, chain.enumerate(signal));
      await settle(clock, chain.start(mhz, signal));
    },
    async hash(batches, ms = 20) {
      chips.hash(batches);
      await turn();
      clock.advance(ms);
      await turn();
    },
    async wait(ms) {
      for (let at = 0; at < ms; at += 10) {
        clock.advance(Math.min(10, ms - at));
        await turn();
      }
    },
  };
}
