import { expect, test } from 'vitest';
import { RigError } from '../../protocol/common/errors.ts';
import { asicRig, findNonces, makeWork, settle } from './device.fixture.ts';

test('a plugged board is started and gets the work that waits; the next is asked for in time', async () => {
  const rig = asicRig();
  rig.device.assign(makeWork(1));
  await rig.start();
  expect(rig.board().calls).toEqual(['start', 'send 1']);
  expect(rig.device.state()).toMatchObject({ status: 'hashing', reason: null, hashrate_hs: null, hashes_total: 0 });
  await rig.pass(1999, 1999);
  expect(rig.told).toEqual([]);
  await rig.pass(1, 1);
  expect(rig.told).toEqual(['exhausted 1']);
  rig.device.assign(makeWork(2));
  expect(rig.board().calls.at(-1)).toBe('send 2');
  await rig.stop();
  expect(rig.board().calls.at(-1)).toBe('stop');
  expect(rig.device.state().status).toBe('stopped');
  expect(rig.clock.pendingTimers).toBe(0);
});

test('a device that is not plugged in says so, and is picked up when it is', async () => {
  const rig = asicRig();
  rig.ports.plugged = false;
  rig.device.assign(makeWork(1));
  await rig.start();
  expect(rig.device.state()).toMatchObject({ status: 'fault', reason: 'not plugged in: no such device on USB', hashrate_hs: null, temp_c: null });
  await rig.pass(5000);
  expect(rig.boards).toHaveLength(0);
  rig.ports.plugged = true;
  await rig.pass(1000);
  expect(rig.device.state().status).toBe('hashing');
  rig.ports.plugged = false;
  rig.board().trouble('gone', 'the port has gone');
  await rig.pass(1000);
  expect(rig.board().stopped).toBe(true);
  expect(rig.device.state().status).toBe('fault');
  rig.ports.plugged = true;
  await rig.pass(1500);
  expect(rig.boards).toHaveLength(2);
  // Its work was begun before: it is asked for another, not searched twice.
  expect(rig.told).toContain('exhausted 1');
  expect(rig.board().calls).toEqual(['start']);
  rig.device.assign(makeWork(2));
  expect(rig.board().calls).toEqual(['start', 'send 2']);
  await rig.stop();
});

test('every nonce is hashed: duplicates, errors, late ones and those out of the window go no further', async () => {
  const rig = asicRig();
  const work = makeWork(7, { nonceTo: 100_000 });
  rig.device.assign(work);
  await rig.start();
  const [good] = findNonces(work, 1);
  const [outside] = findNonces(work, 1, 100_001);
  const [bad] = findNonces(work, 1, 0, 0, 8);
  const board = rig.board();
  board.nonce(7, good!, { receivedMono: 42 });
  board.nonce(7, good!);
  board.nonce(7, outside!);
  board.nonce(7, bad!, { chip: 1, core: 5 });
  board.nonce(7, good!, { version: 0x20000001 });
  board.nonce(6, good!);
  board.nonce(null, good!);
  expect(rig.nonces).toEqual([{ workId: 7, nonce: good, version: 0x20000000, receivedMono: 42 }]);
  expect(rig.told).toEqual(['duplicate', expect.stringMatching(/^hardware_error the hash of a nonce has [0-7] zero bits instead of 8 \(chip 1, core 5\)$/), expect.stringContaining('version bits outside the mask')]);
  expect(rig.device.state().detail).toMatchObject({ nonces: 2, duplicates: 1, hardware_errors: 2, late: 2, cores_with_errors: [{ chip: 0, core: 0, hardware_errors: 1 }, { chip: 1, core: 5, hardware_errors: 1 }] });
  await rig.stop();
});

test('stop during a start aborts it and leaves the board safe within 1.2 s, even when it does not listen', async () => {
  for (const plan of ['hang', 'deaf'] as const) {
    const rig = asicRig({ prepare: (board) => board.startPlan.push(plan) });
    await rig.start();
    expect(rig.device.state().status).toBe('init');
    const before = rig.clock.monotonic();
    await rig.stop();
    expect(rig.clock.monotonic() - before).toBeLessThanOrEqual(1200);
    expect(rig.board()).toMatchObject({ stopped: true, powered: false });
    expect(rig.clock.pendingTimers).toBe(0);
  }
});

test('the signal of start stops it at any later time', async () => {
  const rig = asicRig();
  const life = new AbortController();
  await rig.device.start(life.signal);
  await settle();
  life.abort();
  await rig.pass(100);
  expect(rig.board().stopped).toBe(true);
});

test('a port that goes during the start is waited for', async () => {
  const rig = asicRig({ prepare: (board) => board.startPlan.push('hang') });
  await rig.start();
  rig.ports.plugged = false;
  rig.board().trouble('gone');
  await rig.pass(1000);
  expect(rig.board().stopped).toBe(true);
  expect(rig.device.state().status).toBe('fault');
  await rig.stop();
});

test('chips that do not answer climb the ladder: reset, reset, reopen, isolated', async () => {
  const silent = new RigError('E_DEVICE_SILENT', 'no chip answers');
  const rig = asicRig({ prepare: (board) => void (board.startPlan = Array.from({ length: 9 }, () => silent)) });
  rig.device.assign(makeWork(1));
  await rig.start();
  await rig.pass(5000);
  expect(rig.boards.map((board) => board.starts)).toEqual([3, 1]);
  expect(rig.device.state()).toMatchObject({ status: 'fault', reason: 'no chip answers; tried again after 1 min' });
  await rig.pass(60_000);
  expect(rig.boards).toHaveLength(3);
  expect(rig.device.state().reason).toBe('no chip answers; tried again after 5 min');
  await rig.stop();
});

test('without work the board is halted after a grace, and starts again with the next work', async () => {
  const rig = asicRig();
  rig.device.assign(makeWork(1));
  await rig.start();
  await rig.pass(60_000);
  rig.device.assign(null);
  expect(rig.device.state()).toMatchObject({ status: 'idle', hashrate_hs: 0 });
  await rig.pass(9000);
  expect(rig.board().calls).not.toContain('halt');
  await rig.pass(2000);
  expect(rig.board().calls.at(-1)).toBe('halt');
  expect(rig.device.state()).toMatchObject({ status: 'idle', reason: 'no work: halted until there is some', hashrate_hs: 0 });
  rig.device.assign(makeWork(2));
  await settle();
  expect(rig.board().calls.slice(-2)).toEqual(['start', 'send 2']);
  await rig.stop();
});

test('pause halts at once, keeps its reason, and resume starts again', async () => {
  const rig = asicRig();
  rig.device.assign(makeWork(1));
  await rig.start();
  await rig.during(rig.device.command({ type: 'pause', reason: 'by hand' }), 1000);
  expect(rig.board()).toMatchObject({ powered: false });
  expect(rig.device.state()).toMatchObject({ status: 'paused', reason: 'by hand', hashrate_hs: 0 });
  await rig.pass(600_000, 10_000);
  expect(rig.board().starts).toBe(1);
  await rig.device.command({ type: 'resume' });
  await settle();
  expect(rig.board().starts).toBe(2);
  expect(rig.device.state().status).toBe('hashing');
  await rig.stop();
});
