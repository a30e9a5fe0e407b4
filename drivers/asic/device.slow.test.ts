/** A hundred thousand things that may happen, in any order: what must hold after each, and at the end. */
import { expect, test } from 'vitest';
import { RigError } from '../../protocol/common/errors.ts';
import { silentLog } from '../../protocol/common/log.ts';
import { xorshift } from '../../protocol/common/xorshift.fixture.ts';
import type { DeviceCommand } from '../contract.ts';
import { asicRig, findNonces, makeWork, settle } from './device.fixture.ts';
import { HOUR_MS, STARTS_PER_HOUR } from './ladder.ts';

const EVENTS = 100_000;
const TROUBLES = ['gone', 'silent', 'overheat', 'sensor', 'power', 'control'] as const;
const START_ERRORS = ['E_DEVICE_PORT', 'E_DEVICE_SILENT', 'E_DEVICE_UNSAFE', 'E_DEVICE_CONTROL', 'E_INTERNAL'] as const;
const COMMANDS: readonly DeviceCommand[] = [
  { type: 'pause', reason: 'by hand' },
  { type: 'resume' },
  { type: 'resume' },
  { type: 'restart' },
  { type: 'identify' },
  { type: 'set', values: { frequency_mhz: 450 } },
  { type: 'set', values: { voltage_v: 9 } },
];

test('whatever happens, in any order', { timeout: 300_000 }, async () => {
  const below = xorshift(20_251_218);
  let made = 0;
  let calm = false;
  const defects: string[] = [];
  const log = { ...silentLog, error: (_: object, words?: string) => void (words?.startsWith('defect') && defects.push(words)) };
  const rig = asicRig({
    log,
    prepare: (board) => {
      made++;
      if (calm) return;
      board.answerWithinMs = below(2) === 0 ? 6000 : null;
      for (let i = 0; i < 3; i++) board.startPlan.push(below(5) > 0 ? 'ok' : below(2) === 0 ? 'hang' : below(8) === 0 ? 'deaf' : new RigError(START_ERRORS[below(5)]!, 'the start failed'));
    },
  });
  let nextWork = 1;
  let work = makeWork(nextWork++);
  const good = findNonces(work, 1)[0]!;
  const first = work;
  let answers = true;
  rig.device.events.on('exhausted', (id) => {
    if (answers && id === work.id) rig.device.assign((work = makeWork(nextWork++)));
  });
  let open = 0;
  const settled = (promise: Promise<unknown>): void => {
    open++;
    promise.then(
      () => open--,
      (error: unknown) => {
        open--;
        expect(error).toBeInstanceOf(RigError);
      },
    );
  };
  rig.device.assign(work);
  await rig.start();

  let hashing = 0;
  const seen = new Set<string>();
  for (let i = 0; i < EVENTS; i++) {
    const board = rig.boards.at(-1);
    switch (below(16)) {
      case 0:
        if (board && !board.stopped && board.facts !== null && below(8) === 0) board.trouble(TROUBLES[below(TROUBLES.length)]!);
        break;
      case 1:
        rig.ports.plugged = below(40) > 0;
        if (!rig.ports.plugged && board && !board.stopped && board.starts > 0) board.trouble('gone', 'the port has gone');
        break;
      case 2:
        if (below(8) === 0) settled(rig.device.command(COMMANDS[below(COMMANDS.length)]!));
        else settled(rig.device.command({ type: 'resume' }));
        break;
      case 3:
        rig.device.assign(below(20) === 0 ? null : (work = makeWork(nextWork++)));
        break;
      case 4:
        answers = below(4) > 0;
        break;
      case 5:
        if (below(4) === 0) board?.nonce(work.id, findNonces(work, 1, below(1e6))[0]!);
        else board?.nonce(below(3) === 0 ? null : below(nextWork), below(2) === 0 ? good : below(2 ** 31));
        break;
      case 6:
        board?.nonce(first.id, good);
        break;
      case 7:
        board?.events.emit('answer');
        break;
      case 8:
        board?.events.emit('idle');
        break;
      case 9:
        if (board) board.temp_c = below(5) === 0 ? null : below(100);
        break;
      case 10:
        rig.device.noteShare((['accepted', 'rejected', 'other'] as const)[below(3)]!);
        break;
      case 11:
        rig.clock.advance(below(50) === 0 ? below(HOUR_MS) : below(5000));
        break;
      case 12:
        if (below(200) === 0) rig.ports.hang = !rig.ports.hang;
        break;
      default:
        rig.clock.advance(below(1000));
    }
    if (below(3) > 0) await settle();
    // At most one board is not stopped, and it is the newest.
    for (const old of rig.boards.slice(0, -1)) if (!old.stopped) throw new Error(`two boards at once after event ${i}`);
    if (rig.boards.length > 50) rig.boards.splice(0, rig.boards.length - 2);
    const { status } = rig.device.state();
    seen.add(status);
    if (status === 'hashing') {
      hashing++;
      expect(rig.board().facts).not.toBe(null);
    }
    if (status === 'paused') await settle();
    const sent = rig.boards.at(-1)?.sent ?? [];
    if (sent.length > 10) sent.splice(0, sent.length - 2);
    if (rig.told.length > 1000) rig.told.length = 0;
    expect(rig.clock.pendingTimers).toBeLessThan(30);
  }
  expect(defects).toEqual([]);
  expect([...seen].sort()).toEqual(['fault', 'hashing', 'idle', 'init', 'paused']);
  expect(made).toBeGreaterThan(100);
  expect(rig.nonces.length).toBeGreaterThan(100);
  expect(hashing).toBeGreaterThan(EVENTS / 10);
  expect(rig.device.state().detail).toMatchObject({ ladder: { starts_last_hour: expect.any(Number) } });
  expect((rig.device.state().detail.ladder as { starts_last_hour: number }).starts_last_hour).toBeLessThanOrEqual(STARTS_PER_HOUR);
  calm = true;
  // Once everything is in order again, it hashes again by itself: within the longest isolation, and the wait for the budget.
  rig.ports.plugged = true;
  rig.ports.hang = false;
  answers = true;
  settled(rig.device.command({ type: 'resume' }));
  for (let minutes = 0; minutes < 150 && rig.device.state().status !== 'hashing'; minutes++) {
    const board = rig.boards.at(-1);
    if (board) ((board.startPlan = []), (board.temp_c = 30), (board.answerWithinMs = null));
    if (minutes % 10 === 0) rig.device.assign((work = makeWork(nextWork++)));
    await rig.pass(60_000, 2000);
  }
  expect(rig.device.state()).toMatchObject({ status: 'hashing' });
  await rig.stop();
  await settle();
  expect(open).toBe(0);
  for (const board of rig.boards) expect(board).toMatchObject({ stopped: true, powered: false });
  expect(rig.clock.pendingTimers).toBe(0);
});
