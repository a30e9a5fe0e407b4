import { mkdtempSync, rmSync } from 'node:fs';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { ManualClock } from '../../protocol/common/manual-clock.ts';
import { askDaemon, type DaemonAnswer } from './ask-daemon.ts';
import { lockAddress, lockFolder, type FolderLock } from './folder-lock.ts';

let dir: string;
let base: string;
let lock: FolderLock | null;
beforeEach(() => {
  dir = mkdtempSync(path.join(os.tmpdir(), 'rigbrain-door-'));
  base = path.join(dir, 'Mining');
  lock = null;
});
afterEach(async () => {
  await lock?.release();
  rmSync(dir, { recursive: true, force: true });
});

/** Longer than any of these tests takes. */
const LONG_MS = 20_000;
const ask = (clock?: ManualClock): Promise<DaemonAnswer> => askDaemon(dir, base, 'flush', LONG_MS, clock);

/** A promise and the means to fulfil it. */
function gate(): { readonly open: () => void; readonly passed: Promise<void> } {
  let open = (): void => {};
  const passed = new Promise<void>((resolve) => (open = resolve));
  return { open, passed };
}

/** Says `words` at the door and gives back everything heard until it is shut. */
function visit(words: string): { readonly socket: net.Socket; readonly heard: Promise<string> } {
  const socket = net.connect({ path: lockAddress(dir, base) });
  let text = '';
  const heard = new Promise<string>((resolve) => socket.on('data', (chunk) => (text += chunk.toString())).on('error', () => {}).on('close', () => resolve(text)));
  socket.write(words);
  return { socket, heard };
}

describe.runIf(process.platform === 'linux')('askDaemon', () => {
  test('is told that nobody is there', async () => {
    expect(await ask()).toBe('not running');
    lock = await lockFolder(dir, path.join(dir, 'Test/Demo/Mining'));
    expect(await ask()).toBe('not running');
    expect(await askDaemon(path.join(dir, 'missing'), path.join(dir, 'missing/Mining'), 'flush', LONG_MS)).toBe('not running');
  });

  test('is answered when the work is done, and not before', async () => {
    lock = await lockFolder(dir, base);
    const [called, work] = [gate(), gate()];
    lock.onFlush(() => {
      called.open();
      return work.passed;
    });
    const answer = ask();
    let answered = false;
    void answer.then(() => (answered = true));
    await called.passed;
    expect(answered).toBe(false);
    work.open();
    expect(await answer).toBe('done');
  });

  test('waits for a daemon that is still starting', async () => {
    lock = await lockFolder(dir, base);
    const answer = ask();
    await new Promise((resolve) => setImmediate(resolve));
    const flush = vi.fn(async () => {});
    lock.onFlush(flush);
    expect(await answer).toBe('done');
    expect(flush).toHaveBeenCalledOnce();
  });

  test('gives up at its deadline, and the daemon can still be stopped', async () => {
    lock = await lockFolder(dir, base);
    const called = gate();
    lock.onFlush(() => {
      called.open();
      return new Promise(() => {});
    });
    const clock = new ManualClock();
    const answer = ask(clock);
    await called.passed;
    clock.advance(LONG_MS);
    expect(await answer).toBe('timed out');
    expect(clock.pendingTimers).toBe(0);
    const stuck = visit('flush\n');
    await lock.release();
    expect(await stuck.heard).toBe('');
  });

  test('does not take a failure for an answer', async () => {
    lock = await lockFolder(dir, base);
    const failed = gate();
    const flush = vi.fn(async (): Promise<void> => {
      failed.open();
      throw new Error('the disk is gone');
    });
    lock.onFlush(flush);
    const clock = new ManualClock();
    const answer = ask(clock);
    await failed.passed;
    clock.advance(LONG_MS);
    expect(await answer).toBe('timed out');
    flush.mockImplementation(async () => {});
    expect(await ask()).toBe('done');
  });

  test('learns that the daemon has ended in the meantime', async () => {
    lock = await lockFolder(dir, base);
    const called = gate();
    lock.onFlush(() => {
      called.open();
      return new Promise(() => {});
    });
    const clock = new ManualClock();
    const answer = ask(clock);
    await called.passed;
    await lock.release();
    // The deadline, and the pause before the next try.
    await vi.waitFor(() => expect(clock.pendingTimers).toBe(2));
    clock.advance(1000);
    expect(await answer).toBe('not running');
  });

  test.each(['', 'x', 'flush', 'FLUSH\n', 'flush\nflush\n', 'done\n', '\0'.repeat(1_000_000), 'GET / HTTP/1.1\r\n\r\n'])('only the one word is heard, and no other does harm: %j', async (words) => {
    const clock = new ManualClock();
    lock = await lockFolder(dir, base, clock);
    const flush = vi.fn(async () => {});
    lock.onFlush(flush);
    const visitor = visit(words);
    // Who says too little is sent away at a deadline, the others at once.
    const tick = setInterval(() => clock.advance(2000), 5);
    expect(await visitor.heard).toBe('');
    clearInterval(tick);
    expect(flush).not.toHaveBeenCalled();
    expect(await ask()).toBe('done');
  });
});
