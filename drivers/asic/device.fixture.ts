/** A board that does what a test says, and a device on it. Hashes are real: its chips report those with 8 zero bits. */
import { EventEmitter } from 'node:events';
import { sha256d } from '../../protocol/bitcoin/hash.ts';
import { readU32LE, writeU32LE } from '../../protocol/common/bytes.ts';
import { type Log, silentLog } from '../../protocol/common/log.ts';
import { ManualClock } from '../../protocol/common/manual-clock.ts';
import type { Nonce, Work } from '../contract.ts';
import type { Located, PortAccess, Transport } from '../transport/contract.ts';
import type { Board, BoardEvents, BoardFacts, BoardLimits, BoardNonce, BoardReadings, BoardSettings, BoardTrouble } from './board.ts';
import { AsicDevice } from './device.ts';
import { leadingZeroBits } from './nonce-check.ts';
import type { AsicParts } from './parts.ts';

export const ZERO_BITS = 8;
export const ALL_CAPABILITIES = ['pause', 'restart', 'identify', 'set_frequency_mhz', 'set_voltage_v', 'set_fan_percent'] as const;

/** Lets everything that waits for promises only come to rest. */
export async function settle(): Promise<void> {
  for (let i = 0; i < 3; i++) await new Promise((resolve) => setImmediate(resolve));
}

export function makeWork(id: number, change: Partial<Work> = {}): Work {
  const header = new Uint8Array(80);
  writeU32LE(header, 0x20000000, 0);
  writeU32LE(header, id, 36);
  const easy = new Uint8Array(32).fill(0xff);
  easy[31] = 0;
  return { id, header, versionMask: 0x1fffe000, nonceFrom: 0, nonceTo: 0xffffffff, target: easy, shareTarget: easy, ...change };
}

/** The first nonces from `from` on whose hash has at least `bits` zero bits (and fewer than `below`). */
export function findNonces(work: Work, count: number, from = 0, bits = ZERO_BITS, below = 256, version = readU32LE(work.header, 0)): number[] {
  const header = Uint8Array.from(work.header);
  writeU32LE(header, version, 0);
  const found: number[] = [];
  for (let nonce = from; found.length < count; nonce++) {
    writeU32LE(header, nonce, 76);
    const zeros = leadingZeroBits(sha256d(header));
    if (zeros >= bits && zeros < below) found.push(nonce);
  }
  return found;
}

export class FakeBoard implements Board {
  readonly events = new EventEmitter<BoardEvents>();
  readonly calls: string[] = [];
  readonly limits: BoardLimits = { frequency_mhz: [50, 600], voltage_v: [1, 1.3], fan_percent: [0, 100] };
  facts: BoardFacts | null = null;
  ticket = 1;
  ignoresTicket = false;
  temp_c: number | null = 50;
  powered = false;
  sent: Work[] = [];
  /** What the next calls of `start` do; `hang` waits for the signal, `deaf` not even for that. Default: `ok`. */
  startPlan: ('ok' | 'hang' | 'deaf' | Error)[] = [];
  applyPlan: ('ok' | 'hang' | Error)[] = [];
  nonceIntervalMs = 1000;
  answerWithinMs: number | null = null;
  jobIntervalMs = 2000;
  frequencyMhz = 500;
  zeroBits = ZERO_BITS;
  stopped = false;
  /** Two starts at once are what the keeper must never do. */
  starting = 0;
  starts = 0;

  async start(signal: AbortSignal): Promise<BoardFacts> {
    if (this.stopped) throw new Error('start after stop');
    if (this.starting > 0) throw new Error('two starts at once');
    this.calls.push('start');
    this.starting++;
    this.starts++;
    this.powered = true;
    try {
      const plan = this.startPlan.shift() ?? 'ok';
      await null;
      if (plan === 'hang') await new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true }));
      if (plan === 'deaf') await new Promise(() => {});
      if (plan instanceof Error) throw plan;
      signal.throwIfAborted();
      return this.#run();
    } catch (error) {
      this.powered = false;
      this.facts = null;
      throw error;
    } finally {
      this.starting--;
    }
  }

  #run(): BoardFacts {
    this.facts = {
      chips: 2,
      chipsExpected: 2,
      chip: 'FAKE',
      hashrateNominalHs: 1e12,
      hashesPerNonce: 2 ** this.zeroBits * this.ticket,
      zeroBits: this.zeroBits,
      nonceIntervalMs: this.nonceIntervalMs,
      jobIntervalMs: this.jobIntervalMs,
      answerWithinMs: this.answerWithinMs,
      frequencyMhz: this.frequencyMhz,
    };
    return this.facts;
  }

  send(work: Work): void {
    this.calls.push(`send ${work.id}`);
    this.sent.push(work);
    this.events.emit('sent', work.id);
  }

  setTicket(difficulty: number): void {
    this.calls.push(`ticket ${difficulty}`);
    if (this.ignoresTicket) return;
    this.ticket = difficulty;
    if (this.facts) this.#run();
  }

  async apply(settings: BoardSettings): Promise<void> {
    this.calls.push(`apply ${JSON.stringify(settings)}`);
    const plan = this.applyPlan.shift() ?? 'ok';
    await null;
    if (plan === 'hang') await new Promise(() => {});
    if (plan instanceof Error) throw plan;
    if (settings.frequency_mhz !== undefined) this.frequencyMhz = settings.frequency_mhz;
    this.#run();
  }

  async identify(): Promise<void> {
    this.calls.push('identify');
  }

  readings(): BoardReadings {
    return { temp_c: this.temp_c, power_w: null, voltage_v: 1.15, fan_percent: 40, fan_rpm: 4000, hashrate_claimed_hs: null, bytes_skipped: 0, crc_errors: 0, detail: {} };
  }

  async halt(): Promise<void> {
    this.calls.push('halt');
    this.powered = false;
    this.facts = null;
  }

  async stop(): Promise<void> {
    if (!this.stopped) this.calls.push('stop');
    this.stopped = true;
    this.powered = false;
    this.facts = null;
  }

  trouble(kind: BoardTrouble['kind'], reason = `test: ${kind}`): void {
    this.powered = false;
    this.facts = null;
    this.events.emit('trouble', { kind, reason });
  }

  nonce(workId: number | null, nonce: number, more: Partial<BoardNonce> = {}): void {
    this.events.emit('nonce', { workId, nonce, version: 0x20000000, chip: 0, core: 0, receivedMono: 0, ...more });
  }
}

export function asicRig(options: { prepare?: (board: FakeBoard) => void; log?: Log; capabilities?: AsicParts['capabilities'] } = {}) {
  const clock = new ManualClock();
  const boards: FakeBoard[] = [];
  const ports = { plugged: true, locates: 0, hang: false };
  const access: PortAccess = {
    async locate(): Promise<Located> {
      ports.locates++;
      if (ports.hang) await new Promise(() => {});
      return ports.plugged ? { found: true, ports: { asic: '/dev/ttyTEST0' }, usb: null } : { found: false, reason: 'not plugged in: no such device on USB' };
    },
    transport: (): Transport => {
      throw new Error('not in this test');
    },
  };
  const device = new AsicDevice(
    { id: 'test-1', clock, log: options.log ?? silentLog, ports: access },
    {
      title: 'Test board',
      driver: 'test',
      capabilities: options.capabilities ?? ALL_CAPABILITIES,
      createBoard: () => {
        const board = new FakeBoard();
        options.prepare?.(board);
        boards.push(board);
        return board;
      },
    },
  );
  const nonces: Nonce[] = [];
  const told: string[] = [];
  device.events.on('nonce', (nonce) => nonces.push(nonce));
  device.events.on('exhausted', (id) => told.push(`exhausted ${id}`));
  device.events.on('hardware_error', (reason) => told.push(`hardware_error ${reason}`));
  device.events.on('duplicate', () => told.push('duplicate'));
  const board = (): FakeBoard => boards.at(-1)!;
  const pass = async (ms: number, stepMs = 500): Promise<void> => {
    await settle();
    for (let left = ms; left > 0; left -= stepMs) {
      clock.advance(Math.min(stepMs, left));
      await settle();
    }
  };
  const start = async (): Promise<void> => {
    await device.start(new AbortController().signal);
    await settle();
  };
  /** Stops it while time passes. */
  const stop = async (): Promise<void> => {
    let done = false;
    const stopping = device.stop().then(() => (done = true));
    for (let i = 0; i < 30 && !done; i++) await pass(50, 50);
    await stopping;
  };
  /** Watches over the promise until it has settled or time is up. */
  const during = async <T>(promise: Promise<T>, ms: number): Promise<T | Error> => {
    let result: T | Error | undefined;
    let done = false;
    promise.then(
      (value) => ((result = value), (done = true)),
      (error: Error) => ((result = error), (done = true)),
    );
    for (let passed = 0; passed <= ms; passed += 250) {
      await settle();
      if (done) return result as T | Error;
      await pass(250, 250);
    }
    throw new Error('it did not settle');
  };
  return { device, clock, boards, board, ports, nonces, told, pass, start, stop, during };
}
