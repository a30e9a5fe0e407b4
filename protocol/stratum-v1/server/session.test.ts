import { describe, expect, it } from 'vitest';
import { loadVectors } from '../../../test/vectors.ts';
import { hexToBytes } from '../../common/bytes.ts';
import { targetFromDifficulty } from '../../bitcoin/target.ts';
import { SERVER_LIMITS } from './limits.ts';
import { makeSeat, ServedJob } from './served-job.ts';
import { EASY, FakeHost, SHARED_SEAT, testJob, TestMiner } from './server.fixture.ts';

const methods = (lines: readonly { method?: string }[]): (string | undefined)[] => lines.map(({ method }) => method);

describe('the handshake', () => {
  it('gives the prefix as extranonce1, and difficulty before the first job', () => {
    const miner = new TestMiner();
    const issue = miner.host.issue(testJob());
    expect(miner.ask('mining.subscribe', ['NerdMiner/2', 'sess0']).result).toEqual([[['mining.set_difficulty', 'sess1'], ['mining.notify', 'sess1']], '8007', 4]);
    expect(miner.host.asked).toEqual({ sessionId: 'sess0' });
    expect(miner.session.userAgent).toBe('NerdMiner/2');
    expect(miner.host.readied).toBe(0);
    expect(miner.ask('mining.authorize', ['a.b', 'x']).result).toBe(true);
    expect(miner.host.readied).toBe(1);
    miner.session.sendWork(issue, true, miner.now);
    expect(methods(miner.host.lines.slice(-2))).toEqual(['mining.set_difficulty', 'mining.notify']);
    const params = miner.host.lines.at(-1)!.params!;
    expect(params[0]).toMatch(/^[0-9a-f]{1,8}$/);
    expect(params[1]).toBe('11'.repeat(32));
    // The source's extranonce1 became a part of coinb1, what is left of its extranonce2 one of coinb2.
    expect(params[2]).toMatch(/a1b2c3d4$/);
    expect(params[3]).toMatch(/^0000ffffffff/);
    expect(params.slice(4)).toEqual([['22'.repeat(32), '33'.repeat(32)], '20000000', '1b00ffff', '69000000', true]);
  });

  it('also works the other way round, and answers a second subscribe like the first', () => {
    const miner = new TestMiner();
    miner.ask('mining.authorize', ['w', '']);
    expect(miner.host.readied).toBe(0);
    const first = miner.ask('mining.subscribe', []);
    expect(miner.ask('mining.subscribe', ['again']).result).toEqual(first.result);
    expect(miner.host.readied).toBe(1);
  });

  it('gives the only miner of a source all of its extranonce2', () => {
    const host = new FakeHost();
    host.seat = makeSeat(new Uint8Array(0), 2, 'own');
    const miner = new TestMiner(host);
    const issue = host.issue(testJob({ extranonce2Size: 2 }));
    miner.join(issue);
    expect((host.lines[0]!.result as unknown[]).slice(1)).toEqual(['', 2]);
    expect(miner.submit(miner.mine(issue)).result).toBe(true);
    expect(host.acceptedShares[0]!.share.extranonce2).toHaveLength(2);
  });

  it('says why there is no place, and why a worker may not mine', () => {
    const host = new FakeHost();
    host.seat = { reason: 'Too many miners' };
    host.password = 'secret';
    const miner = new TestMiner(host);
    expect(miner.ask('mining.subscribe', []).error).toEqual([20, 'Too many miners', null]);
    expect(miner.ask('mining.authorize', ['w', 'x']).error).toEqual([24, 'Wrong password', null]);
    expect(miner.ask('mining.authorize', ['w', 'secret, d=512']).result).toBe(true);
    expect(miner.ask('mining.authorize', ['', 'secret']).error?.[0]).toBe(20);
    expect(miner.ask('mining.authorize', ['x'.repeat(200), 'secret']).error?.[0]).toBe(24);
  });

  it('bounds the names of a connection', () => {
    const miner = new TestMiner();
    for (let i = 0; i < SERVER_LIMITS.workersPerConnection; i++) expect(miner.ask('mining.authorize', [`w${i}`, 'x']).result).toBe(true);
    expect(miner.ask('mining.authorize', ['one.more', 'x']).error?.[0]).toBe(24);
    expect(miner.ask('mining.authorize', ['w0', 'x']).result).toBe(true);
  });
});

describe('mining.configure', () => {
  const configure = (values: object, mask = 0x1fffe000) => {
    const host = new FakeHost();
    host.mask = mask;
    return new TestMiner(host).ask('mining.configure', [['version-rolling'], values]);
  };

  it('agrees on the bits both sides have', () => {
    expect(configure({ 'version-rolling.mask': '1fffffe0', 'version-rolling.min-bit-count': '16' }).result).toEqual({ 'version-rolling': true, 'version-rolling.mask': '1fffe000' });
    expect(configure({ 'version-rolling.mask': '00FF0000', 'version-rolling.min-bit-count': 2 }).result).toEqual({ 'version-rolling': true, 'version-rolling.mask': '00ff0000' });
    expect(configure({}).result).toEqual({ 'version-rolling': true, 'version-rolling.mask': '1fffe000' });
  });

  it('refuses where too few bits are left', () => {
    expect(configure({ 'version-rolling.mask': '1fffe000' }, 0).result).toEqual({ 'version-rolling': false });
    expect(configure({ 'version-rolling.mask': '00006000', 'version-rolling.min-bit-count': 3 }).result).toEqual({ 'version-rolling': false });
    expect(configure({ 'version-rolling.mask': '1fffe000', 'version-rolling.min-bit-count': -1 }).error?.[0]).toBe(20);
    expect(configure({ 'version-rolling.mask': 'zz' }).error?.[0]).toBe(20);
  });

  it('answers every extension', () => {
    const miner = new TestMiner();
    const answer = miner.ask('mining.configure', [['minimum-difficulty', 'subscribe-extranonce', 'info', 'bogus'], { 'minimum-difficulty.value': 64, 'info.hw-version': 'x' }]);
    expect(answer.result).toEqual({ 'minimum-difficulty': true, 'subscribe-extranonce': true, info: true, bogus: false });
    expect(miner.session.takesExtranonce).toBe(true);
    expect(miner.ask('mining.configure', []).error?.[0]).toBe(20);
  });

  it('follows the bits of the jobs', () => {
    const host = new FakeHost();
    const miner = new TestMiner(host);
    miner.ask('mining.configure', [['version-rolling'], { 'version-rolling.mask': '1fffe000' }]);
    miner.join(host.issue(testJob()));
    expect(methods(host.lines)).not.toContain('mining.set_version_mask');
    miner.session.sendWork(host.issue(testJob({ versionMask: 0x00ffe000 })), false, miner.now);
    expect(host.lines.at(-2)).toMatchObject({ method: 'mining.set_version_mask', params: ['00ffe000'] });
    // A bit that the job has set is not given to miners: pools differ in what they make of it.
    const issue = host.issue(testJob({ version: 0x20002000 }));
    miner.session.sendWork(issue, false, miner.now);
    expect(host.lines.at(-2)).toMatchObject({ method: 'mining.set_version_mask', params: ['1fffc000'] });
    expect(miner.submit(miner.mine(issue, { bits: 0x4000 })).result).toBe(true);
    expect(host.acceptedShares.at(-1)!.share.version).toBe(0x20006000);
  });
});

describe('difficulty', () => {
  it('is never above the source or the network, and not below the wish where possible', () => {
    const host = new FakeHost();
    const miner = new TestMiner(host);
    miner.ask('mining.suggest_difficulty', [512]);
    miner.join(host.issue(testJob({ shareTarget: targetFromDifficulty(16383.75) })));
    expect(host.lines.at(-2)!.params).toEqual([512]);
    miner.session.sendWork(host.issue(testJob({ shareTarget: targetFromDifficulty(100.5) })), false, miner.now);
    expect(host.lines.at(-2)!.params![0]).toBeCloseTo(100.5, 9);
    miner.session.sendWork(host.issue(testJob({ shareTarget: targetFromDifficulty(1e9), networkTarget: targetFromDifficulty(2) })), false, miner.now);
    expect(host.lines.at(-2)!.params![0]).toBeCloseTo(2, 9);
  });

  it('can be fixed by the password, suggested as a text or as a target', () => {
    const fixed = new TestMiner();
    fixed.host.vardiff = { ...fixed.host.vardiff, max: 1000 };
    const issue = fixed.host.issue(testJob({ shareTarget: targetFromDifficulty(1e6) }));
    fixed.join(issue, 'w', 'x,d=5000');
    expect(fixed.session.difficulty).toBe(1000);
    for (let i = 0; i < 100; i++) expect(fixed.session.adapt((fixed.now += 10_000))).toBe(false);

    const text = new TestMiner();
    text.join(text.host.issue(testJob({ shareTarget: targetFromDifficulty(1e6) })));
    text.ask('mining.suggest_difficulty', ['64']);
    expect(text.host.jobsWanted).toBe(1);
    text.session.sendWork(text.host.issue(testJob({ shareTarget: targetFromDifficulty(1e6) })), false, text.now);
    expect(text.session.difficulty).toBe(64);
    expect(text.ask('mining.suggest_target', [`00000000ffff${'0'.repeat(52)}`]).result).toBe(true);
    text.session.sendWork(text.host.issue(testJob({ shareTarget: targetFromDifficulty(1e6) })), false, text.now);
    expect(text.session.difficulty).toBe(1);
    for (const value of [0, -1, 'x', null, 1e400, '1'.repeat(8000), `${'1'.repeat(8000)}x`]) expect(text.ask('mining.suggest_difficulty', [value]).error?.[0]).toBe(20);
    expect(text.ask('mining.suggest_target', ['0'.repeat(64)]).error?.[0]).toBe(20);
  });

  it('holds for the jobs sent since, the old one for those before; a lower one for all', () => {
    const host = new FakeHost();
    host.start = 4 * EASY;
    const miner = new TestMiner(host);
    const served = new ServedJob(testJob(), 0xffff_ffff, 1);
    const before = host.issue(served);
    miner.join(before);
    miner.ask('mining.suggest_difficulty', [16 * EASY]);
    const after = host.issue(served);
    miner.session.sendWork(after, false, miner.now);
    expect(miner.submit(miner.mine(before, { least: 5 * EASY, below: 10 * EASY })).result).toBe(true);
    expect(miner.submit(miner.mine(after, { least: 5 * EASY, below: 10 * EASY })).error?.[0]).toBe(23);
    expect(miner.submit(miner.mine(after, { least: 17 * EASY })).result).toBe(true);
    miner.ask('mining.suggest_difficulty', [EASY]);
    miner.session.sendWork(host.issue(served), false, miner.now);
    expect(miner.submit(miner.mine(after, { least: 2 * EASY, below: 3 * EASY })).result).toBe(true);
    expect(miner.submit(miner.mine(before, { least: 2 * EASY, below: 3 * EASY })).result).toBe(true);
  });

  it('rises when shares come too fast', () => {
    const miner = new TestMiner();
    const issue = miner.host.issue(testJob());
    miner.join(issue);
    for (let i = 0; i < 10; i++) expect(miner.submit(miner.mine(issue)).result).toBe(true);
    miner.now += 1100;
    expect(miner.session.adapt(miner.now)).toBe(true);
    miner.session.sendWork(miner.host.issue(testJob()), false, miner.now);
    expect(miner.session.difficulty! / EASY).toBeCloseTo(64, 0);
  });
});

describe('a miner that is moved', () => {
  it('is told of another extranonce, and its new shares are its own', () => {
    const { host, session } = new TestMiner();
    const miner = new TestMiner(host);
    expect(session.fits(testJob())).toBe(false);
    const issue = host.issue(testJob());
    miner.join(issue);
    expect(miner.session.fits(testJob({ extranonce1: hexToBytes('ffff') }))).toBe(true);
    expect(miner.session.fits(testJob({ extranonce2Size: 5 }))).toBe(false);
    miner.session.moveTo(makeSeat(Uint8Array.of(5), 3, 's2'));
    expect(host.lines.at(-1)).toEqual({ id: null, method: 'mining.set_extranonce', params: ['05', 3] });
    expect(miner.session.fits(testJob({ extranonce2Size: 4 }))).toBe(true);
    const small = host.issue(testJob({ extranonce2Size: 4 }));
    miner.session.sendWork(small, true, miner.now);
    expect(miner.submit(miner.mine(small)).result).toBe(true);
    // What it found in its old seat is not looked for in the new one.
    expect(miner.submit(['w', issue.id, '000001', '69000000', '00000000']).error).toEqual([21, 'Job not found', null]);
    expect(host.acceptedShares[0]!.share.extranonce2[0]).toBe(5);
    miner.session.askToReconnect();
    expect(host.lines.at(-1)).toEqual({ id: null, method: 'client.reconnect', params: [] });
  });
});

describe('lines', () => {
  it('gives ids back as they came', () => {
    const miner = new TestMiner();
    for (const id of ['7', '"seven"', 'null', '1.5', '{"a":[1]}', '[]', 'true', '2199023913727']) {
      expect(JSON.stringify(miner.raw(`{"id":${id},"method":"mining.ping","params":[]}`)), id).toBe(`[{"id":${id},"result":"pong","error":null}]`);
    }
  });

  it('answers every request, known or not, and no notification or answer', () => {
    const miner = new TestMiner();
    expect(miner.ask('mining.get_transactions', ['1']).error?.[0]).toBe(20);
    expect(miner.ask('mining.multi_version', [1]).result).toBe(true);
    expect(miner.ask('mining.extranonce.subscribe', []).result).toBe(true);
    expect(miner.ask('mining.unheard_of', []).error).toEqual([-3, 'Method not found', null]);
    expect(miner.ask('__proto__', []).error?.[0]).toBe(-3);
    expect(miner.raw('{"method":"mining.unheard_of","params":[]}')).toEqual([]);
    expect(miner.raw('{"method":"mining.suggest_difficulty","params":[4]}')).toEqual([]);
    expect(miner.raw('{"id":1,"result":"pong","error":null}')).toEqual([]);
    expect(miner.raw('')).toEqual([]);
    expect(miner.raw('{"id":1,"method":"mining.ping"}')[0]?.result).toBe('pong');
    expect(miner.host.closed).toBe(null);
  });

  it.each(['this is not json', 'null', '[]', '5', '{"id":1}', '{"id":1,"method":5}', '"text"'])('answers %s with an error, and does not for ever', (line) => {
    const miner = new TestMiner();
    expect(miner.raw(line)[0]?.error).toHaveLength(3);
    for (let i = 2; i < SERVER_LIMITS.badLines; i++) miner.raw(line);
    expect(miner.host.closed).toBe(null);
    miner.raw(line);
    expect(miner.host.closed).toMatch(/not Stratum/);
  });

  it('does not listen to browsers', () => {
    const miner = new TestMiner();
    expect(miner.raw('POST / HTTP/1.1')).toEqual([]);
    expect(miner.host.closed).toMatch(/HTTP/);
  });

  it('does not read lines that are too long', () => {
    const miner = new TestMiner();
    expect(miner.raw(JSON.stringify({ id: 1, method: 'mining.ping', params: ['x'.repeat(9000)] }))).toEqual([{ id: null, result: null, error: [20, 'Line too long', null] }]);
  });

  it('keeps control characters out of what is shown', () => {
    const miner = new TestMiner();
    miner.ask('mining.subscribe', ['\u001b[31mred\u0007']);
    expect(miner.session.userAgent).toBe('[31mred');
    expect(miner.session.seat).toBe(SHARED_SEAT);
  });
});

describe('external vectors', () => {
  it('answers the requests of recorded sessions, every one', (context) => {
    const { vectors } = loadVectors<{ vectors: { name: string; lines: { dir: string; line: string | null }[] }[] }>(context, 'stratum/v1_transcripts.json');
    for (const { name, lines } of vectors) {
      const miner = new TestMiner();
      for (const { dir, line } of lines) {
        if (dir !== 'c2s' || line === null) continue;
        const answers = miner.raw(line);
        const own = answers.filter(({ method }) => method === undefined);
        expect(own, `${name}: ${line}`).toHaveLength(1);
        if (line.startsWith('{')) expect(own[0]!.id, line).toEqual((JSON.parse(line) as { id: unknown }).id);
      }
      expect(miner.host.refusals.every(({ refusal }) => refusal.code >= 20), name).toBe(true);
      expect(miner.session.isReady, name).toBe(true);
    }
    expect(vectors.length).toBeGreaterThan(0);
  });

  it('takes any line, meant for it or not', (context) => {
    const { vectors } = loadVectors<{ vectors: { line: string; kind: string; expect: { mask?: string } }[] }>(context, 'stratum/v1_messages.json');
    for (const { line, kind, expect: expected } of vectors) {
      const host = new FakeHost();
      host.mask = 0x1fffffe0;
      const answers = new TestMiner(host).raw(line);
      if (kind === 'server-request') expect(answers[0]!.result, line).toMatchObject({ 'version-rolling': true, 'version-rolling.mask': expected.mask });
      if (kind === 'server-request-invalid') expect(answers[0]!.error?.[0], line).toBeGreaterThanOrEqual(20);
      expect(host.closed, line).toBe(null);
    }
    expect(vectors.length).toBeGreaterThan(0);
  });
});
