import { EventEmitter } from 'node:events';
import { beforeEach, describe, expect, it } from 'vitest';
import { ManualClock } from '../../../protocol/common/manual-clock.ts';
import { silentLog } from '../../../protocol/common/log.ts';
import type { NewRecord } from '../journal/record.ts';
import type { EngineCounts, EngineEvent, EngineHost } from './contract.ts';
import type { ThreadReply, ThreadRequest, ThreadSetup } from './protocol.ts';
import { threadEngine, type Thread } from './thread.ts';

const COUNTS: EngineCounts = { settled: 0, written: 0, backup: 0, emergency: 0, lost: 0, reconciled_earlier: 0, corrupt_files: 0, files_behind: 0, degraded: false, last_error: null, last_seq: 0, chain: '' };

/** What the other side of a thread sees and says. */
class FakeThread extends EventEmitter implements Thread {
  readonly got: ThreadRequest[] = [];
  readonly setup: ThreadSetup;
  isTerminated = false;

  constructor(setup: ThreadSetup) {
    super();
    this.setup = setup;
  }

  postMessage(request: ThreadRequest): void {
    this.got.push(request);
  }

  terminate(): Promise<void> {
    this.isTerminated = true;
    this.emit('exit');
    return Promise.resolve();
  }

  say(reply: ThreadReply): void {
    this.emit('message', reply);
  }

  settle(written: number, ...ids: string[]): void {
    this.say({ event: { kind: 'counts', counts: { ...COUNTS, settled: written, written }, settled: ids } });
  }

  get ids(): string[] {
    return this.got.flatMap((request) => ('records' in request ? request.records.map(({ id }) => id) : []));
  }

  /** The calls in order. */
  get calls(): { call: string; number: number }[] {
    return this.got.filter((request) => 'call' in request);
  }
}

let clock: ManualClock;
let threads: FakeThread[];
let told: EngineEvent[];
let refuses: boolean;
let host: EngineHost;
const at = (index: number): FakeThread => threads[index]!;

function record(id: string, kind: NewRecord['kind'] = 'ledger'): NewRecord {
  return { at: 0, zone: 0, kind, category: 'dtm', bucket: '2026/11/W47/20/14', id, entryText: '{}' };
}

/** Resolved by now? */
async function isDone(promise: Promise<void>): Promise<boolean> {
  let done = false;
  void promise.then(() => (done = true));
  await new Promise(setImmediate);
  return done;
}

beforeEach(() => {
  clock = new ManualClock();
  threads = [];
  told = [];
  refuses = false;
  const setup = { lookBack: undefined } as unknown as ThreadSetup;
  const spawn = (given: ThreadSetup): Thread => {
    if (refuses) throw new Error('no memory');
    const thread = new FakeThread(given);
    threads.push(thread);
    return thread;
  };
  host = threadEngine({ setup, clock, log: silentLog, spawn })((event) => told.push(event));
});

describe('a thread that died', () => {
  it('leaves what it had not settled to the next, whatever order it settled in, and that the run began', () => {
    host.accept([record('start_1', 'start'), record('a'), record('b'), record('c')]);
    at(0).settle(1, 'b');
    at(0).emit('exit');
    expect(threads).toHaveLength(1);
    clock.advance(1_000);
    expect(at(1).ids).toEqual(['start_1', 'a', 'c']);
    expect(at(1).setup.lookBack).toBe(3);
    at(1).settle(2, 'start_1', 'a', 'c');
    expect(told.at(-1)).toMatchObject({ counts: { settled: 3, written: 3 } });
    at(1).emit('exit');
    clock.advance(60_000);
    expect(at(2).ids).toEqual([]);
  });

  it('is not heard any more', () => {
    host.accept([record('a')]);
    at(0).emit('exit');
    clock.advance(1_000);
    at(0).settle(1, 'a');
    at(1).emit('exit');
    clock.advance(60_000);
    expect(at(2).ids).toEqual(['a']);
    expect(told).toEqual([]);
  });

  it('is started again after longer and longer, until one opens the journal', () => {
    const waits: number[] = [];
    const die = (): void => {
      const before = clock.monotonic();
      const count = threads.length;
      threads.at(-1)!.emit('exit');
      while (threads.length === count) clock.advance(500);
      waits.push(clock.monotonic() - before);
    };
    for (let i = 0; i < 8; i += 1) die();
    expect(waits).toEqual([1_000, 2_000, 4_000, 8_000, 16_000, 32_000, 60_000, 60_000]);
    threads.at(-1)!.say({ event: { kind: 'opened', lastSeq: 0, unclean: true, lastAt: null } });
    die();
    expect(waits.at(-1)).toBe(1_000);
  });

  it('and cannot be started is tried again, without anything thrown at the daemon', () => {
    host.accept([record('a')]);
    refuses = true;
    at(0).emit('exit');
    clock.advance(1_000);
    expect(threads).toHaveLength(1);
    refuses = false;
    clock.advance(2_000);
    expect(at(1).ids).toEqual(['a']);
  });
});

describe('flush', () => {
  it('waits for the thread', async () => {
    const flush = host.flush();
    expect(await isDone(flush)).toBe(false);
    at(0).say({ done: at(0).calls[0]!.number });
    expect(await isDone(flush)).toBe(true);
  });

  it('is asked of the next thread when one dies over it or none is there, and given up when that dies as well', async () => {
    const over = host.flush();
    at(0).emit('exit');
    const between = host.flush();
    expect([await isDone(over), await isDone(between)]).toEqual([false, false]);
    clock.advance(1_000);
    expect(at(1).calls.map(({ call }) => call)).toEqual(['flush', 'flush']);
    at(1).emit('exit');
    expect([await isDone(over), await isDone(between)]).toEqual([true, false]);
    clock.advance(2_000);
    at(2).emit('exit');
    expect(await isDone(between)).toBe(true);
  });
});

describe('close', () => {
  it('ends the thread once it has closed, and none is started after', async () => {
    const close = host.close();
    at(0).say({ done: at(0).calls[0]!.number });
    await close;
    expect(at(0).isTerminated).toBe(true);
    clock.advance(120_000);
    expect(threads).toHaveLength(1);
  });

  it('while none is there starts one for what is left', async () => {
    host.accept([record('a')]);
    at(0).emit('exit');
    const close = host.close();
    expect(at(1).ids).toEqual(['a']);
    expect(at(1).calls).toMatchObject([{ call: 'close' }]);
    at(1).say({ done: at(1).calls[0]!.number });
    await close;
    clock.advance(120_000);
    expect(threads).toHaveLength(2);
  });

  it('ends also when the thread dies over it, or none can be started', async () => {
    const close = host.close();
    at(0).emit('exit');
    await close;
    clock.advance(120_000);
    expect(threads).toHaveLength(1);
  });
});
