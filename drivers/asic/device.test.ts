import { expect, test } from 'vitest';
import { hexToBytes } from '../../protocol/common/bytes.ts';
import { RigError } from '../../protocol/common/errors.ts';
import { silentLog } from '../../protocol/common/log.ts';
import { xorshift } from '../../protocol/common/xorshift.fixture.ts';
import { asicRig, findNonces, makeWork, settle } from './device.fixture.ts';
import { HOUR_MS, STARTS_PER_HOUR } from './ladder.ts';

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

test('many devices may share one signal without a warning of the system', async () => {
  const warnings: string[] = [];
  const onWarning = (warning: Error): void => void warnings.push(warning.name);
  process.on('warning', onWarning);
  const life = new AbortController();
  const rigs = Array.from({ length: 20 }, () => asicRig());
  for (const rig of rigs) await rig.device.start(life.signal);
  await settle();
  life.abort();
  for (const rig of rigs) await rig.pass(100);
  process.off('warning', onWarning);
  expect(rigs.every((rig) => rig.board().stopped)).toBe(true);
  expect(warnings).toEqual([]);
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

test('heat is waited out: 60 s, and 10 degC below where it was switched off', async () => {
  const rig = asicRig();
  rig.device.assign(makeWork(1));
  await rig.start();
  rig.board().temp_c = 81;
  rig.board().trouble('overheat', '81 degC, the limit is 80');
  await rig.pass(1000);
  expect(rig.board().calls.at(-1)).toBe('halt');
  expect(rig.device.state()).toMatchObject({ status: 'fault', reason: '81 degC, the limit is 80; waits a minute at least, until it has cooled to 71 degC', temp_c: 81, hashrate_hs: 0 });
  rig.board().temp_c = 60;
  await rig.pass(57_000);
  expect(rig.board().starts).toBe(1);
  rig.board().temp_c = 72;
  await rig.pass(60_000);
  expect(rig.board().starts).toBe(1);
  rig.board().temp_c = 71;
  await rig.pass(2000);
  expect(rig.board().starts).toBe(2);
  expect(rig.boards).toHaveLength(1);
  await rig.stop();
});

test('heat that nobody can measure any more is a sensor that cannot be trusted', async () => {
  const rig = asicRig();
  rig.device.assign(makeWork(1));
  await rig.start();
  rig.board().trouble('overheat');
  await rig.pass(1000);
  rig.board().temp_c = null;
  await rig.pass(15 * 60_000, 5000);
  expect(rig.device.state()).toMatchObject({ status: 'fault', reason: 'its temperature is unknown since it was too hot; tried again after 1 min' });
  expect(rig.board().stopped).toBe(true);
  await rig.stop();
});

test('pulling the plug of an isolated board begins anew with the next one', async () => {
  const rig = asicRig();
  rig.device.assign(makeWork(1));
  await rig.start();
  for (const ms of [61_000, 301_000, 1000]) {
    rig.board().trouble('sensor', 'reads 127 degC');
    await rig.pass(ms, 1000);
  }
  expect(rig.device.state().reason).toBe('reads 127 degC; tried again after 15 min');
  rig.ports.plugged = false;
  await rig.pass(6000);
  expect(rig.device.state().reason).toMatch(/^not plugged in|^unplugged/);
  rig.ports.plugged = true;
  await rig.pass(3000);
  expect(rig.device.state()).toMatchObject({ status: 'hashing', detail: { ladder: { isolations: 0 } } });
  await rig.stop();
});

test('a silent board gets its work again, then resets; the same work is sent twice only for that', async () => {
  const rig = asicRig({ prepare: (board) => void (board.jobIntervalMs = 1e9) });
  rig.device.assign(makeWork(1));
  await rig.start();
  // Simulated chips are silent after 138 s, as long as nobody knows their rate.
  await rig.pass(140_000, 1000);
  expect(rig.board().calls).toEqual(['start', 'send 1', 'send 1']);
  expect(rig.told).toEqual(['exhausted 1']);
  rig.device.assign(makeWork(2));
  rig.device.events.on('exhausted', (id) => rig.device.assign(makeWork(id + 1)));
  await rig.pass(140_000, 1000);
  expect(rig.board().calls.slice(3)).toEqual(['send 2', 'start', 'send 3']);
  await rig.stop();
});

test('answers that stop are silence after the time the board gives', async () => {
  const rig = asicRig({ prepare: (board) => void ((board.answerWithinMs = 6000), (board.jobIntervalMs = 1e9)) });
  rig.device.assign(makeWork(1));
  await rig.start();
  for (let i = 0; i < 20; i++) {
    await rig.pass(1000);
    rig.board().events.emit('answer');
  }
  expect(rig.board().starts).toBe(1);
  await rig.pass(8000);
  expect(rig.board().starts).toBe(2);
  await rig.stop();
});

test('a listener that fails, or a board that throws, stops neither the device nor another', async () => {
  const errors: string[] = [];
  const log = { ...silentLog, error: (_: object, words?: string) => void errors.push(words ?? '') };
  const rig = asicRig({ log });
  rig.device.events.on('change', () => {
    throw new Error('of a listener');
  });
  const work = makeWork(1);
  rig.device.assign(work);
  await rig.start();
  rig.device.events.on('nonce', () => {
    throw new Error('of a listener');
  });
  rig.board().nonce(1, findNonces(work, 1)[0]!);
  expect(rig.nonces).toHaveLength(1);
  await rig.pass(5000);
  expect(rig.device.state().status).toBe('hashing');
  expect(rig.board().starts).toBe(1);
  expect(new Set(errors)).toEqual(new Set(['defect in a listener of the device']));
  await rig.stop();
});

test('locating that hangs or fails is asked again', async () => {
  const rig = asicRig();
  rig.ports.hang = true;
  rig.device.assign(makeWork(1));
  await rig.start();
  await rig.pass(6000);
  expect(rig.device.state().reason).toBe('the system did not say where its ports are');
  rig.ports.hang = false;
  await rig.pass(6000);
  expect(rig.device.state().status).toBe('hashing');
  await rig.stop();
});

test('it may be started again after a stop', async () => {
  const rig = asicRig();
  rig.device.assign(makeWork(1));
  await rig.start();
  await rig.stop();
  rig.device.assign(makeWork(2));
  await rig.start();
  expect(rig.boards).toHaveLength(2);
  expect(rig.device.state().status).toBe('hashing');
  await rig.stop();
});

test('the rate comes from nonces that verified, with what it is worth; pausing makes it 0 at once', async () => {
  const rig = asicRig({ prepare: (board) => void (board.jobIntervalMs = 1e9) });
  const work = makeWork(1);
  rig.device.assign(work);
  await rig.start();
  const nonces = findNonces(work, 60);
  for (const nonce of nonces) {
    rig.board().nonce(1, nonce);
    await rig.pass(250, 250);
  }
  const { hashrate_hs, hashes_total, detail } = rig.device.state();
  expect(hashes_total).toBe(60 * 256);
  expect(hashrate_hs).toBeCloseTo(1024, -2);
  expect(detail).toMatchObject({ nonces: 60, ticket: 1, zero_bits: 8, hashrate_nominal_hs: null, nonces_ratio: null, window_s: 10, per_chip: [{ nonces: 60 }, { nonces: 0 }], restarts: 0, nonce_age_s: expect.any(Number) });
  expect(detail.hashrate_low_hs).toBeLessThan(hashrate_hs!);
  expect(detail.hashrate_high_hs).toBeGreaterThan(hashrate_hs!);
  expect(JSON.parse(JSON.stringify(detail))).toEqual(detail);
  await rig.during(rig.device.command({ type: 'pause', reason: 'x' }), 1000);
  expect(rig.device.state()).toMatchObject({ hashrate_hs: 0, hashes_total: 60 * 256, detail: { hashrate_low_hs: null, nonce_age_s: null } });
  await rig.stop();
});

test('nonces on their way from an easier ticket are passed on and not counted as those of the present one', async () => {
  const rig = asicRig({ prepare: (board) => void (board.ticket = 16) });
  const hard = new Uint8Array(32).fill(0xff, 0, 30);
  const work = makeWork(1, { shareTarget: hard });
  rig.device.assign(work);
  await rig.start();
  rig.board().setTicket(16);
  rig.board().nonce(1, findNonces(work, 1, 0, 8, 12)[0]!);
  rig.board().nonce(1, findNonces(work, 1, 0, 12)[0]!);
  expect(rig.nonces).toHaveLength(2);
  expect(rig.device.state().hashes_total).toBe(256 * 16);
  await rig.stop();
});

test('a board that stops at its first nonce gets new work at once', async () => {
  const rig = asicRig();
  rig.device.events.on('exhausted', (id) => rig.device.assign(makeWork(id + 1)));
  rig.device.assign(makeWork(1));
  await rig.start();
  rig.board().events.emit('idle');
  expect(rig.board().calls).toEqual(['start', 'send 1', 'send 2']);
  await rig.stop();
});

test('of silicon it is known how many nonces are due: silence is found in seconds, and told in figures', async () => {
  const rig = asicRig({ prepare: (board) => void ((board.zeroBits = 32), (board.jobIntervalMs = 1e9)) });
  // The genesis block, as if these chips had found it.
  const header = hexToBytes(`01000000${'00'.repeat(32)}3ba3edfd7a7b12b27ac72c3e67768f617fc81bc3888a51323a9fb8aa4b1e5e4a29ab5f49ffff001d00000000`);
  rig.device.assign(makeWork(1, { header, versionMask: 0 }));
  await rig.start();
  await rig.pass(10_000, 1000);
  rig.board().nonce(1, 2083236893, { version: 1 });
  rig.board().nonce(1, 2083236894, { version: 1 });
  await rig.pass(10_000, 1000);
  expect(rig.nonces).toHaveLength(1);
  expect(rig.device.state()).toMatchObject({ hashes_total: 2 ** 32, detail: { hashrate_nominal_hs: 1e12, nonces: 1, nonces_expected: 20, nonces_ratio: 0.05, hardware_errors: 1 } });
  expect(rig.board().calls).toEqual(['start', 'send 1']);
  await rig.pass(5000, 1000);
  expect(rig.board().calls).toEqual(['start', 'send 1', 'send 1']);
  await rig.pass(15_000, 1000);
  expect(rig.board().calls).toEqual(['start', 'send 1', 'send 1', 'start']);
  await rig.stop();
});

test('shares that the pool rejects in a row are told once, and the board is left alone', async () => {
  const warnings: string[] = [];
  const rig = asicRig({ log: { ...silentLog, warn: (_: object, words?: string) => void warnings.push(words ?? '') } });
  rig.device.assign(makeWork(1));
  await rig.start();
  for (let i = 0; i < 30; i++) {
    rig.device.noteShare('rejected');
    await rig.pass(1000, 1000);
  }
  expect(warnings).toEqual(['the pool has rejected the last 10 shares, though their nonces verify']);
  expect(rig.device.state()).toMatchObject({ status: 'hashing', detail: { shares_trouble: 'the pool has rejected the last 30 shares, though their nonces verify' } });
  rig.device.noteShare('accepted');
  await rig.pass(1000, 1000);
  expect(rig.device.state().detail.shares_trouble).toBe(null);
  expect(rig.board().starts).toBe(1);
  await rig.stop();
});

test('a sick board says what is wrong once, not with every attempt', async () => {
  const lines: string[] = [];
  const log = { ...silentLog, warn: (_: object, words?: string) => void lines.push(`warn ${words}`), error: (_: object, words?: string) => void lines.push(`error ${words}`) };
  const silent = new RigError('E_DEVICE_SILENT', 'no chip answers');
  const rig = asicRig({ log, prepare: (board) => void (board.startPlan = Array.from({ length: 9 }, () => silent)) });
  rig.device.assign(makeWork(1));
  await rig.start();
  await rig.pass(4 * 3_600_000, 5000);
  expect(lines).toEqual(['warn no chip answers', 'error no chip answers: somebody should look after it']);
  expect(rig.boards.length).toBeLessThan(10);
  await rig.stop();
});

test('a board that has gone is not heard any more', async () => {
  const rig = asicRig();
  const work = makeWork(1);
  rig.device.assign(work);
  await rig.start();
  const old = rig.board();
  old.trouble('gone');
  await rig.pass(2000);
  rig.device.assign(makeWork(2));
  old.nonce(1, findNonces(work, 1)[0]!);
  old.trouble('power');
  old.events.emit('idle');
  await rig.pass(2000);
  expect(rig.boards).toHaveLength(2);
  expect(rig.nonces).toEqual([]);
  expect(rig.board().calls.slice(0, 2)).toEqual(['start', 'send 2']);
  expect(rig.device.state().status).toBe('hashing');
  await rig.stop();
});

test('the same work given twice is sent once', async () => {
  const rig = asicRig();
  const work = makeWork(1);
  rig.device.assign(work);
  await rig.start();
  rig.device.assign(work);
  rig.device.assign(work);
  await rig.pass(10_000);
  expect(rig.board().calls).toEqual(['start', 'send 1']);
  // Nobody has other work: it is asked for, again and again, not too often.
  expect(rig.told.length).toBeGreaterThan(2);
  expect(rig.told.length).toBeLessThan(10);
  await rig.stop();
});

test('a pool that comes and goes does not switch a board on and off', async () => {
  const rig = asicRig();
  let id = 1;
  rig.device.assign(makeWork(id++));
  await rig.start();
  for (let i = 0; i < 60; i++) {
    await rig.pass(1000, 1000);
    rig.device.assign(null);
    await rig.pass(12_000, 1000);
    rig.device.assign(makeWork(id++));
    await settle();
  }
  // 13 minutes: a start a minute at most.
  expect(rig.board().starts).toBeLessThanOrEqual(13);
  expect(rig.device.state().status).toBe('hashing');
  await rig.stop();
});

test('in trouble for days: never more starts in an hour than the ladder allows, and it goes on trying', async () => {
  const below = xorshift(4711);
  const kinds = ['silent', 'overheat', 'silent', 'overheat', 'sensor', 'power', 'control'] as const;
  // Four silences and then quiet for as long as the ladder forgives is what costs most starts; the others are of every kind.
  for (const mixed of [false, true, true]) {
    const starts: number[] = [];
    const rig = asicRig({
      prepare: (board) => {
        const start = board.start.bind(board);
        board.start = (signal) => {
          starts.push(rig.clock.monotonic());
          return start(signal);
        };
      },
    });
    rig.device.events.on('exhausted', (id) => rig.device.assign(makeWork(id + 1)));
    rig.device.assign(makeWork(1));
    await rig.start();
    let left = 4;
    for (const ends = rig.clock.monotonic() + 24 * HOUR_MS; rig.clock.monotonic() < ends; await rig.pass(15_000, 5000)) {
      const board = rig.board();
      board.temp_c = 40 + below(30);
      if (rig.device.state().status !== 'hashing') continue;
      if (left-- > 0) board.trouble(mixed ? kinds[below(kinds.length)]! : 'silent');
      else {
        left = mixed ? below(6) : 4;
        // Nonces keep coming meanwhile.
        for (let i = 0; i < 11; i++) {
          rig.board().nonce(rig.board().sent.at(-1)!.id, findNonces(rig.board().sent.at(-1)!, 1)[0]!);
          await rig.pass(60_000, 3000);
        }
      }
    }
    expect(starts.length).toBeGreaterThan(24);
    // The first is nobody's fault.
    for (let i = 1; i + STARTS_PER_HOUR < starts.length; i++) expect(starts[i + STARTS_PER_HOUR]! - starts[i]!).toBeGreaterThanOrEqual(HOUR_MS);
    await rig.stop();
  }
});
