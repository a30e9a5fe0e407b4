import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { silentLog } from '../../protocol/common/log.ts';
import { ManualClock } from '../../protocol/common/manual-clock.ts';
import { StopRequest } from './stop-request.ts';

let clock: ManualClock;
let stop: StopRequest;
const exit = vi.spyOn(process, 'exit').mockImplementation((() => {}) as never);

beforeEach(() => {
  exit.mockClear();
  clock = new ManualClock();
  stop = new StopRequest(silentLog, clock);
});
afterEach(() => stop.dispose());

test('a signal asks for a clean stop', async () => {
  expect(stop.signal.aborted).toBe(false);
  process.emit('SIGTERM', 'SIGTERM');
  await stop.requested;
  expect([stop.reason, stop.exitCode, stop.signal.aborted]).toEqual(['SIGTERM', 0, true]);
  expect(exit).not.toHaveBeenCalled();
});

test.each(['SIGHUP', 'SIGQUIT'] as const)('%s does as well: a closed terminal must not leave boards running', async (signal) => {
  process.emit(signal, signal);
  await stop.requested;
  expect([stop.reason, stop.exitCode]).toEqual([signal, 0]);
});

test('the same Ctrl-C arriving twice, by the terminal and by npm, is one request', () => {
  process.emit('SIGINT', 'SIGINT');
  clock.advance(50);
  process.emit('SIGINT', 'SIGINT');
  expect(exit).not.toHaveBeenCalled();
});

test('a second Ctrl-C of a person does not wait', () => {
  process.emit('SIGINT', 'SIGINT');
  clock.advance(300);
  process.emit('SIGINT', 'SIGINT');
  expect(exit).toHaveBeenCalledWith(130);
});
