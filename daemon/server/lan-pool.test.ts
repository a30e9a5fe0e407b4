import net from 'node:net';
import { describe, expect, it, vi } from 'vitest';
import { bytesToHex } from '../../protocol/common/bytes.ts';
import { targetFromDifficulty } from '../../protocol/bitcoin/target.ts';
import { hashHeader } from '../../protocol/bitcoin/header.ts';
import { ownPrefix } from '../../protocol/stratum-v1/server/seats.ts';
import { afterwards, EASY, servingLan, TestLan } from './lan-pool.fixture.ts';

describe('a miner in the house', () => {
  it('gets work, and what its pool wants of its shares goes on', async () => {
    const lan = await servingLan();
    const miner = await lan.miner();
    expect((await miner.submit(miner.mine({ below: 2 * EASY }))).result).toBe(true);
    expect(lan.sources[0]!.submitted).toEqual([]);
    expect((await miner.submit(miner.mine({ difficulty: 4 * EASY }))).result).toBe(true);
    const [share] = lan.sources[0]!.submitted;
    expect(share).toMatchObject({ deviceId: expect.stringMatching(/^lan-demo-worker-[0-9a-f]{4}$/), job: { sourceId: 'pool' }, isBlock: false });
    expect(share!.extranonce2).toHaveLength(8);
    expect(bytesToHex(hashHeader(share!.header))).toBe(bytesToHex(share!.hash));
    await vi.waitFor(() => expect(lan.pool.state().workers[0]).toMatchObject({ name: 'demo.worker', connections: 1, address: '127.0.0.1', user_agent: 'test/1.0', accepted: 2, forwarded: 1, forwarded_rejected: 0 }));
    expect(lan.engine.account.snapshot().accepted).toBe(1);
  });

  it('may roll versions where the pool lets us', async () => {
    const lan = await servingLan();
    const miner = await lan.connect();
    expect((await miner.request('mining.configure', [['version-rolling'], { 'version-rolling.mask': 'ffffffff', 'version-rolling.min-bit-count': 2 }])).result).toEqual({ 'version-rolling': true, 'version-rolling.mask': '1fffe000' });
    await miner.join();
    expect((await miner.submit(miner.mine({ difficulty: 4 * EASY, versionBits: '00402000' }))).result).toBe(true);
    expect(lan.sources[0]!.submitted[0]).toMatchObject({ version: 0x20402000, versionBits: 0x00402000 });
    lan.job({ versionMask: 0 });
    expect((await miner.untilReceived('mining.set_version_mask')).params).toEqual(['00000000']);
  });

  it('may not where server.version_rolling is off', async () => {
    const lan = await servingLan({ version_rolling: false });
    const miner = await lan.connect();
    expect((await miner.request('mining.configure', [['version-rolling'], { 'version-rolling.mask': 'ffffffff' }])).result).toEqual({ 'version-rolling': false });
  });

  it('hears of pools that refuse its shares in the statistics, not by its answers', async () => {
    const lan = await servingLan();
    lan.sources[0]!.answer = { status: 'rejected', code: 20, reason: 'no such thing', latency_ms: 1 };
    const miner = await lan.miner();
    expect((await miner.submit(miner.mine({ difficulty: 4 * EASY }))).result).toBe(true);
    await vi.waitFor(() => expect(lan.pool.state().workers[0]).toMatchObject({ accepted: 1, forwarded: 1, forwarded_rejected: 1, reject_reasons: { 'the pool: no such thing': 1 } }));
  });

  it('sends nothing out in a mode that does not', async () => {
    const lan = await servingLan({ withhold: () => 'staging mode never submits' });
    const miner = await lan.miner();
    expect((await miner.submit(miner.mine({ difficulty: 4 * EASY }))).result).toBe(true);
    await vi.waitFor(() => expect(lan.pool.state().workers[0]!.reject_reasons).toEqual({ 'not sent on: staging mode never submits': 1 }));
    expect(lan.sources[0]!.submitted).toEqual([]);
    expect(lan.pool.state().workers[0]!.forwarded).toBe(0);
  });

  it('gets a new block at once, and its late finds are stale, but for a block', async () => {
    const lan = await servingLan();
    const miner = await lan.miner();
    const late = miner.mine();
    const seen = miner.received('mining.notify').length;
    lan.job();
    const notify = await miner.untilReceived('mining.notify', seen);
    expect(notify.params!.at(-1)).toBe(true);
    expect((await miner.submit(late)).error?.slice(0, 2)).toEqual([21, 'Stale']);
    expect(lan.sources[0]!.submitted).toEqual([]);

    lan.job({ networkTarget: targetFromDifficulty(EASY) });
    await miner.untilReceived('mining.notify', seen + 1);
    const block = miner.mine();
    lan.job();
    await miner.untilReceived('mining.notify', seen + 2);
    expect((await miner.submit(block)).error?.[0]).toBe(21);
    expect(lan.sources[0]!.submitted).toMatchObject([{ isBlock: true }]);
    await vi.waitFor(() => expect(lan.pool.state().workers[0]).toMatchObject({ stale: 2, blocks: 1 }));
  });

  it('is sent its job again before it gives up on us, with a later time', async () => {
    const lan = await servingLan();
    const miner = await lan.miner();
    const first = miner.job;
    const share = miner.mine();
    lan.clock.advance(31_000);
    await miner.untilReceived('mining.notify', 1);
    expect(miner.job[0]).not.toBe(first[0]);
    expect(Number.parseInt(miner.job[7] as string, 16) - Number.parseInt(first[7] as string, 16)).toBeGreaterThanOrEqual(30);
    expect(miner.job.at(-1)).toBe(false);
    // The older one is still good.
    expect((await miner.submit(share)).result).toBe(true);
    expect((await miner.submit(miner.mine())).result).toBe(true);
  });

  it('waits for the first job when there is none yet', async () => {
    const lan = await new TestLan().start();
    const miner = await lan.connect();
    await miner.subscribe();
    expect((await miner.request('mining.authorize', ['w', 'x'])).result).toBe(true);
    expect(miner.received('mining.notify')).toEqual([]);
    lan.job();
    await miner.untilReceived('mining.notify');
    expect((await miner.submit(miner.mine(), 'w')).result).toBe(true);
  });

  it('that comes between two jobs gets the next one', async () => {
    const lan = await servingLan();
    lan.sources[0]!.events.emit('invalidate', 'block found: waiting for the next template');
    const miner = await lan.connect();
    await miner.subscribe();
    await miner.request('mining.authorize', ['demo.worker', 'x']);
    lan.job();
    await miner.untilReceived('mining.notify');
    expect((await miner.submit(miner.mine())).result).toBe(true);
  });
});

describe('what is written down', () => {
  it('is what each worker did in an hour, and at the end', async () => {
    const lan = await servingLan();
    const miner = await lan.miner();
    await lan.miner();
    const share = miner.mine({ difficulty: 4 * EASY });
    await miner.submit(share);
    await miner.submit(share);
    await vi.waitFor(() => expect(lan.pool.state().totals).toMatchObject({ accepted: 1, duplicate: 1, forwarded: 1 }));
    lan.clock.advance(3_600_000);
    expect(lan.reports).toMatchObject([{ event: 'lan_worker_report', worker: 'demo.worker', duration_seconds: 3600, shares_accepted: 1, shares_duplicate: 1, shares_forwarded: 1, user_agent: 'test/1.0', address: '127.0.0.1' }]);
    // The clock is set: an hour of it is over, and hardly any time.
    lan.clock.setWall(lan.clock.now() + 365 * 86_400_000);
    await miner.submit(miner.mine());
    lan.clock.advance(10_000);
    expect(lan.reports.splice(1)).toMatchObject([{ duration_seconds: expect.toSatisfy((seconds: number) => seconds <= 10) }]);
    // An hour without a share is not worth a line.
    lan.clock.advance(3_600_000);
    expect(lan.reports).toHaveLength(1);
    const again = await lan.miner();
    await again.submit(again.mine());
    await lan.pool.stop();
    expect(lan.reports[1]).toMatchObject({ shares_accepted: 1, shares_forwarded: expect.any(Number) });
    expect(lan.reports).toHaveLength(2);
  });
});

describe('the search space', () => {
  it('is another one for every miner, and for the devices of the rig', async () => {
    const lan = await servingLan();
    const miners = await Promise.all(Array.from({ length: 40 }, () => lan.miner()));
    expect(new Set(miners.map(({ extranonce1 }) => extranonce1)).size).toBe(40);
    for (const miner of miners) await miner.submit(miner.mine({ difficulty: 4 * EASY }));
    const prefixes = lan.sources[0]!.submitted.map(({ extranonce2 }) => bytesToHex(extranonce2.subarray(0, 2)));
    expect(prefixes).toEqual(miners.map(({ extranonce1 }) => extranonce1));
    expect(lan.device.work).not.toBe(null);
    expect(prefixes.some((prefix) => prefix.startsWith('00'))).toBe(false);
  });

  it('is shared out of four and of three bytes, too', async () => {
    for (const [size, own] of [[4, 3], [3, 2]] as const) {
      const lan = await new TestLan().start();
      lan.job({ extranonce2Size: size });
      const miner = await lan.miner();
      expect(miner.extranonce2Size).toBe(own);
      expect((await miner.submit(miner.mine({ difficulty: 4 * EASY }))).result).toBe(true);
      expect(bytesToHex(lan.sources[0]!.submitted[0]!.extranonce2)).toMatch(new RegExp(`^${miner.extranonce1}`));
    }
  });

  it('is given back to a miner that resumes its session, and to nobody else', async () => {
    const lan = await servingLan();
    const miner = await lan.miner();
    const { extranonce1, sessionId } = miner;
    miner.close();
    await vi.waitFor(() => expect(lan.pool.state().miners).toBe(0));
    const others = await Promise.all(Array.from({ length: 10 }, () => lan.miner()));
    expect(others.map((other) => other.extranonce1)).not.toContain(extranonce1);
    const again = await lan.connect();
    await again.join({ previousSession: sessionId });
    expect(again.extranonce1).toBe(extranonce1);
  });

  it('is given back with what was found in it: a share does not count again after a reconnect', async () => {
    const lan = await servingLan();
    const miner = await lan.miner();
    const share = miner.mine({ difficulty: 4 * EASY });
    expect((await miner.submit(share)).result).toBe(true);
    const { sessionId } = miner;
    miner.close();
    await vi.waitFor(() => expect(lan.pool.state().miners).toBe(0));
    const again = await lan.connect();
    await again.join({ previousSession: sessionId });
    expect((await again.submit(share)).error?.[0]).toBe(22);
    expect(lan.sources[0]!.submitted).toHaveLength(1);
  });
});

describe('another source', () => {
  it('is worked for without a word to the miners, when it has room', async () => {
    const lan = await servingLan({}, ['one', 'two']);
    const [one, two] = lan.sources as [(typeof lan.sources)[0], (typeof lan.sources)[0]];
    const miner = await lan.miner();
    lan.job({ extranonce1: Uint8Array.of(9, 9, 9, 9, 9, 9), extranonce2Size: 6, key: 'two:1:1' }, two);
    expect(miner.received('mining.notify')).toHaveLength(1);
    one.events.emit('invalidate', 'the pool is gone');
    const notify = await miner.untilReceived('mining.notify', 1);
    expect(notify.params!.at(-1)).toBe(true);
    expect((await miner.submit(miner.mine({ difficulty: 4 * EASY }))).result).toBe(true);
    expect(one.submitted).toEqual([]);
    expect(two.submitted).toHaveLength(1);
    expect(two.submitted[0]!.extranonce2).toHaveLength(6);
    expect(miner.received('mining.set_extranonce')).toEqual([]);
  });

  it('and a new extranonce1 of the same: the miners need not know', async () => {
    const lan = await servingLan();
    const miner = await lan.miner();
    const old = miner.mine();
    lan.job({ session: 2, key: 'pool:2:1', extranonce1: Uint8Array.of(1, 2), prevHash: new Uint8Array(32).fill(1) });
    expect((await miner.untilReceived('mining.notify', 1)).params!.at(-1)).toBe(true);
    expect((await miner.submit(old)).error?.[0]).toBe(21);
    expect((await miner.submit(miner.mine({ difficulty: 4 * EASY }))).result).toBe(true);
    expect(lan.sources[0]!.submitted[0]!.job.session).toBe(2);
  });

  it('with less room is told by mining.set_extranonce to those who take it', async () => {
    const lan = await servingLan({}, ['one', 'two']);
    const [one, two] = lan.sources as [(typeof lan.sources)[0], (typeof lan.sources)[0]];
    const miner = await lan.miner();
    expect((await miner.request('mining.extranonce.subscribe', [])).result).toBe(true);
    const before = miner.extranonce1;
    lan.job({ extranonce2Size: 4, key: 'two:1:1' }, two);
    one.events.emit('invalidate', 'gone');
    await miner.untilReceived('mining.notify', 1);
    expect(miner.extranonce1).not.toBe(before);
    expect(miner.extranonce2Size).toBe(3);
    expect((await miner.submit(miner.mine({ difficulty: 4 * EASY }))).result).toBe(true);
    expect(two.submitted).toHaveLength(1);
  });

  it('with less room: the others stay a minute for their pool to come back, then connect anew', async () => {
    const lan = await servingLan({}, ['one', 'two']);
    const [one, two] = lan.sources as [(typeof lan.sources)[0], (typeof lan.sources)[0]];
    const miner = await lan.miner();
    lan.job({ extranonce2Size: 4, key: 'two:1:1' }, two);
    one.events.emit('invalidate', 'gone');
    lan.clock.advance(58_000);
    expect((await miner.submit(miner.mine())).result).toBe(true);
    lan.clock.advance(3000);
    expect((await miner.untilReceived('client.reconnect')).params).toEqual([]);
    lan.clock.advance(2000);
    await miner.untilClosed();
    const again = await lan.miner();
    expect(again.extranonce2Size).toBe(3);
    expect((await again.submit(again.mine({ difficulty: 4 * EASY }))).result).toBe(true);
    expect(two.submitted).toHaveLength(1);
  });

  it('and back again: the job is another one than before', async () => {
    const lan = await servingLan({}, ['one', 'two']);
    const [one, two] = lan.sources as [(typeof lan.sources)[0], (typeof lan.sources)[0]];
    const miners = [await lan.miner(), await lan.miner()];
    const before = miners[0]!.job;
    lan.job({ key: 'two:1:1' }, two);
    lan.clock.advance(5000);
    one.events.emit('invalidate', 'gone');
    await Promise.all(miners.map((miner) => miner.untilReceived('mining.notify', 1)));
    // Both were told of the same one.
    expect(miners[0]!.job[0]).toBe(miners[1]!.job[0]);
    lan.clock.advance(5000);
    lan.job({ key: 'one:1:9', prevHash: new Uint8Array(32).fill(1), clean: false }, one);
    lan.clock.advance(70_000);
    await vi.waitFor(() => expect(miners[0]!.job[1]).toBe(before[1]));
    expect(Number.parseInt(miners[0]!.job[7] as string, 16)).toBeGreaterThan(Number.parseInt(before[7] as string, 16));
    expect((await miners[0]!.submit(miners[0]!.mine())).result).toBe(true);
  });

  it('when all are gone, the miners stay and work on', async () => {
    const lan = await servingLan();
    const miner = await lan.miner();
    lan.sources[0]!.events.emit('invalidate', 'gone');
    lan.clock.advance(30_000);
    expect((await miner.submit(miner.mine())).result).toBe(true);
    lan.clock.advance(40_000);
    expect((await miner.submit(miner.mine())).error?.[0]).toBe(21);
    lan.clock.advance(3_000_000);
    expect(miner.closed).toBe(false);
    lan.job();
    await vi.waitFor(async () => expect((await miner.submit(miner.mine())).result).toBe(true));
  });
});

describe('a pool that cannot be shared out', () => {
  const alone = async () => {
    const lan = await new TestLan(['one', 'two']).start();
    lan.job({ extranonce2Size: 2 });
    const miner = await lan.connect();
    await miner.subscribe();
    await miner.request('mining.authorize', ['w', 'x']);
    return { lan, miner, own: lan.ownSources[0]! };
  };

  it('is connected to for each miner alone, and that connection closed with it', async () => {
    const { lan, miner, own } = await alone();
    const other = await lan.connect();
    await other.subscribe();
    expect(lan.ownSources).toHaveLength(2);
    expect([miner.extranonce1, miner.extranonce2Size]).toEqual(['', 2]);
    // The job of the rig's own connection is not this miner's.
    expect(miner.received('mining.notify')).toEqual([]);
    const job = lan.job({ extranonce2Size: 2, extranonce1: Uint8Array.of(7, 7) }, own);
    await miner.untilReceived('mining.notify');
    expect((await miner.submit(miner.mine({ difficulty: 4 * EASY }), 'w')).result).toBe(true);
    expect(own.submitted.map((share) => share.job.key)).toEqual([job.key]);
    expect(lan.sources[0]!.submitted).toEqual([]);
    await vi.waitFor(() => expect(lan.engine.account.snapshot().accepted).toBe(1));
    const stopped = vi.spyOn(own, 'stop');
    miner.close();
    await vi.waitFor(() => expect(stopped).toHaveBeenCalled());
    // What comes by it now is nobody's.
    lan.job({ extranonce2Size: 2 }, own);
    expect(lan.pool.state().miners).toBe(1);
  });

  it('is not connected to for somebody who only asks, or gives a wrong password', async () => {
    const lan = await new TestLan(['pool'], { secret: 'right' }).start();
    lan.job({ extranonce2Size: 2 });
    const miner = await lan.connect();
    await miner.subscribe();
    const start = vi.spyOn(lan.ownSources[0]!, 'start');
    await miner.request('mining.authorize', ['w', 'wrong']);
    expect(start).not.toHaveBeenCalled();
    await miner.request('mining.authorize', ['w', 'right']);
    await miner.request('mining.authorize', ['v', 'right']);
    expect(start).toHaveBeenCalledTimes(1);
  });

  it('has its devices search all of it', async () => {
    const { lan } = await alone();
    expect(lan.device.work).not.toBe(null);
    expect(ownPrefix(2)).toHaveLength(0);
  });

  it('is left for another one that works', async () => {
    const { lan, miner, own } = await alone();
    await miner.request('mining.extranonce.subscribe', []);
    lan.job({ extranonce2Size: 2 }, own);
    await miner.untilReceived('mining.notify');
    lan.job({ key: 'two:1:1' }, lan.sources[1]);
    own.events.emit('invalidate', 'gone');
    lan.sources[0]!.events.emit('invalidate', 'gone');
    await miner.untilReceived('mining.notify', 1);
    expect(miner.extranonce2Size).toBe(4);
    expect((await miner.submit(miner.mine({ difficulty: 4 * EASY }), 'w')).result).toBe(true);
    expect(lan.sources[1]!.submitted).toHaveLength(1);
  });

  it('takes no more miners than it has connections', async () => {
    const { lan } = await alone();
    for (let i = 1; i < 64; i++) await (await lan.connect()).subscribe();
    expect((await (await lan.connect()).request('mining.subscribe', [])).error).toEqual([20, 'The pool leaves no room for another miner', null]);
  });
});

describe('difficulty', () => {
  it('follows the miner, never above its pool', async () => {
    const lan = await servingLan();
    const miner = await lan.miner();
    expect(miner.difficulty).toBeCloseTo(EASY, 9);
    for (let i = 0; i < 10; i++) await miner.submit(miner.mine());
    lan.clock.advance(2000);
    await vi.waitFor(() => expect(miner.difficulty).toBe(4 * EASY));
    expect(miner.job.at(-1)).toBe(false);
    expect((await miner.submit(miner.mine())).result).toBe(true);
  });

  it('is asked for as often as one likes, and a job comes once a second, near its time', async () => {
    const lan = await servingLan();
    const miner = await lan.miner();
    const first = Number.parseInt(miner.job[7] as string, 16);
    for (let i = 0; i < 60; i++) {
      for (let n = 0; n < 20; n++) miner.send('mining.suggest_difficulty', [EASY * (1 + ((i + n) % 3))]);
      await miner.request('mining.ping', []);
      lan.clock.advance(1000);
    }
    await miner.request('mining.ping', []);
    expect(miner.received('mining.notify').length).toBeLessThan(70);
    expect(Number.parseInt(miner.job[7] as string, 16) - first).toBeLessThanOrEqual(70);
    expect((await miner.submit(miner.mine())).result).toBe(true);
  });

  it('begins where the worker was the last time', async () => {
    const lan = await servingLan();
    lan.job({ shareTarget: targetFromDifficulty(1), shareDifficulty: 1 });
    const miner = await lan.miner();
    for (let i = 0; i < 40; i++) {
      lan.clock.advance(5000);
      await miner.submit(miner.mine());
    }
    miner.close();
    await vi.waitFor(() => expect(lan.pool.state().miners).toBe(0));
    const again = await lan.miner();
    expect(again.difficulty / EASY).toBeGreaterThan(1.3);
  });

  it('is what the password asks for', async () => {
    const lan = await servingLan();
    const miner = await lan.miner({ password: `x,d=${2 * EASY}` });
    expect(miner.difficulty / EASY).toBeCloseTo(2, 1);
  });
});

describe('who may come', () => {
  it('is asked for the password', async () => {
    const lan = await servingLan({ secret: 'geheim' });
    const miner = await lan.connect();
    await miner.subscribe();
    expect((await miner.request('mining.authorize', ['w', 'x'])).error?.slice(0, 2)).toEqual([24, 'Wrong password']);
    expect((await miner.request('mining.authorize', ['w', 'geheim'])).result).toBe(true);
  });

  it('is on the list, and one of a bounded number', async () => {
    const strangers = await servingLan({ allow: ['192.0.2.0/24'] });
    await (await strangers.connect()).untilClosed();
    const few = await servingLan({ max_per_address: 2 });
    await few.miner();
    await few.miner();
    await (await few.connect()).untilClosed();
    expect(few.pool.state()).toMatchObject({ miners: 2, refused_connections: 1 });
    const one = await servingLan({ max_miners: 1 });
    const first = await one.miner();
    await (await one.connect()).untilClosed();
    first.close();
    await vi.waitFor(() => expect(one.pool.state().miners).toBe(0));
    await one.miner();
  });

  it('has to say what it wants, within its time', async () => {
    const lan = await servingLan();
    const silent = await lan.connect();
    const subscribed = await lan.connect();
    await subscribed.subscribe();
    const idle = await lan.miner();
    lan.clock.advance(15_000);
    await silent.untilClosed();
    expect(subscribed.closed).toBe(false);
    lan.clock.advance(105_000);
    await subscribed.untilClosed();
    expect(idle.closed).toBe(false);
    lan.clock.advance(2 * 3_600_000);
    await idle.untilClosed();
  });

  it('has ten tries for the password', async () => {
    const lan = await servingLan({ secret: 'right' });
    const miner = await lan.connect();
    await miner.subscribe();
    for (let i = 0; i < 10; i++) expect((await miner.request('mining.authorize', ['w', `guess ${i}`])).error?.[0]).toBe(24);
    await miner.untilClosed();
  });

  it('waits for its turn when it sends without end, and so keeps nobody from theirs', async () => {
    const lan = await servingLan();
    const pest = await lan.miner();
    const ALL = 20_000;
    pest.write('{"id":"p","method":"mining.ping","params":[]}\n'.repeat(ALL));
    const answered = (): number => pest.lines.filter((line) => line?.id === 'p').length;
    await vi.waitFor(() => expect(answered()).toBeGreaterThanOrEqual(4096));
    // Others are served, and of that one no more is read in this second than what was on its way already.
    for (let i = 0; i < 20; i++) await lan.miner();
    expect(answered()).toBeLessThan(ALL / 2);
    await vi.waitFor(() => {
      lan.clock.advance(1000);
      expect(answered()).toBe(ALL);
    });
  });

  it('speaks Stratum, in lines of a length', async () => {
    const lan = await servingLan();
    const browser = await lan.connect();
    browser.write('POST / HTTP/1.1\r\nHost: x\r\n\r\n{"id":1,"method":"mining.subscribe","params":[]}\n');
    await browser.untilClosed();
    expect(browser.lines).toEqual([]);
    const endless = await lan.connect();
    endless.write('x'.repeat(20_000));
    await endless.untilClosed();
    const long = await lan.connect();
    long.write(`${'x'.repeat(9000)}\n`);
    expect((await long.until(() => long.lines[0] ?? undefined, 'an answer')).error?.[1]).toBe('Line too long');
    expect(long.closed).toBe(false);
  });

  it('reads what it is sent', async () => {
    const lan = await servingLan();
    const socket = net.connect(lan.pool.port!, '127.0.0.1');
    afterwards(() => socket.destroy());
    socket.pause();
    socket.on('error', () => undefined);
    socket.write('{"id":1,"method":"mining.subscribe","params":[]}\n{"id":2,"method":"mining.authorize","params":["w","x"]}\n');
    await vi.waitFor(() => expect(lan.pool.state().workers).toHaveLength(1));
    // Jobs as large as pools ever send, until the system's buffers are full as well.
    await vi.waitFor(
      () => {
        for (let i = 0; i < 4; i++) lan.job({ coinb2: new Uint8Array(200_000) });
        expect(lan.pool.state().miners).toBe(0);
      },
      { timeout: 10_000, interval: 5 },
    );
  });
});

describe('the port', () => {
  it('that is taken keeps nobody from mining, and is tried again', async () => {
    const other = net.createServer();
    await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
    const { port } = other.address() as net.AddressInfo;
    const lan = await new TestLan(['pool'], { port }).start();
    expect(lan.pool.state()).toMatchObject({ status: 'failed', address: null, reason: expect.stringContaining(`127.0.0.1:${port}`) });
    await new Promise((resolve) => other.close(resolve));
    lan.clock.advance(30_000);
    await vi.waitFor(() => expect(lan.pool.state()).toMatchObject({ status: 'listening', reason: null, address: `127.0.0.1:${port}` }));
    lan.job();
    await lan.miner();
  });

  it('is closed to those who come back while connections to pools are ended', async () => {
    const lan = await new TestLan().start();
    lan.job({ extranonce2Size: 2 });
    await (await lan.connect()).subscribe();
    let release = (): void => {};
    vi.spyOn(lan.ownSources[0]!, 'stop').mockReturnValue(new Promise((resolve) => (release = resolve)));
    const { port } = lan.pool;
    const stopped = lan.pool.stop();
    const late = net.connect(port!, '127.0.0.1');
    late.on('error', () => {});
    afterwards(() => late.destroy());
    await new Promise((resolve) => late.once('close', resolve));
    expect(lan.pool.state().miners).toBe(0);
    release();
    await stopped;
  });

  it('is free after a stop that comes while it is being opened', async () => {
    const free = net.createServer();
    await new Promise<void>((resolve) => free.listen(0, '127.0.0.1', resolve));
    const { port } = free.address() as net.AddressInfo;
    await new Promise((resolve) => free.close(resolve));
    const { pool } = new TestLan(['pool'], { port });
    const started = pool.start(new AbortController().signal);
    await pool.stop();
    await started;
    expect(pool.state()).toMatchObject({ status: 'stopped', address: null });
    await new Promise<void>((resolve, reject) => free.once('error', reject).listen(port, '127.0.0.1', resolve));
    free.close();
  });

  it('is free after the end, whoever is connected', async () => {
    const lan = await servingLan();
    const miner = await lan.miner();
    await lan.pool.stop();
    await lan.pool.stop();
    await miner.untilClosed();
    expect(lan.pool.state()).toMatchObject({ status: 'stopped', miners: 0, address: null });
    await lan.engine.stop();
    expect(lan.clock.pendingTimers).toBe(0);
  });
});
