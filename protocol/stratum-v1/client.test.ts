import { describe, expect, it } from 'vitest';
import { bytesToHex } from '../common/bytes.ts';
import { RigError } from '../common/errors.ts';
import { targetFromDifficulty } from '../bitcoin/target.ts';
import { AUTHORIZE_ANSWER, MASK_ANSWER, notifyLine, only, sent, SUBSCRIBE_ANSWER, TestClient } from './client.fixture.ts';

const setDifficulty = (value: number) => ({ id: null, method: 'mining.set_difficulty', params: [value] });
const setMask = (mask: string) => ({ id: null, method: 'mining.set_version_mask', params: [mask] });
const setExtranonce = (extranonce1: string, size: number) => ({ id: null, method: 'mining.set_extranonce', params: [extranonce1, size] });
const jobs = (outputs: Parameters<typeof only>[0]) => only(outputs, 'job').map(({ job }) => job);

describe('handshake', () => {
  it('sends configure, subscribe and authorize at once, as lines below 1000 bytes', () => {
    const t = new TestClient();
    const outputs = t.connect();
    expect(sent(outputs)).toEqual([
      { id: 1, method: 'mining.configure', params: [['version-rolling'], { 'version-rolling.mask': '1fffe000', 'version-rolling.min-bit-count': 2 }] },
      { id: 2, method: 'mining.subscribe', params: ['rigbrain/0.1.0'] },
      { id: 3, method: 'mining.authorize', params: ['account.worker', 'x'] },
    ]);
    for (const { line } of only(outputs, 'send')) expect(line).toMatch(/^[^\n]{1,999}\n$/);
  });

  it('asks for what is wanted, and for nothing else', () => {
    const t = new TestClient({ minimumDifficulty: 64, subscribeExtranonce: true });
    expect(sent(t.connect())[0]).toMatchObject({ params: [['version-rolling', 'minimum-difficulty', 'subscribe-extranonce'], { 'minimum-difficulty.value': 64 }] });
    expect(sent(new TestClient({ versionMask: 0 }).connect()).map(({ method }) => method)).toEqual(['mining.subscribe', 'mining.authorize']);
  });

  it('suggests a difficulty and subscribes to extranonces only after the authorisation, with ids', () => {
    const t = new TestClient({ suggestDifficulty: 0.001, subscribeExtranonce: true });
    t.connect();
    expect(sent(t.feed(MASK_ANSWER, SUBSCRIBE_ANSWER))).toEqual([]);
    expect(sent(t.feed(AUTHORIZE_ANSWER))).toEqual([
      { id: 4, method: 'mining.suggest_difficulty', params: [0.001] },
      { id: 5, method: 'mining.extranonce.subscribe', params: [] },
    ]);
    expect(t.feed({ id: 4, result: null, error: [-3, 'Method not found', null] })).toEqual([]);
  });

  it('does not subscribe to extranonces twice', () => {
    const t = new TestClient({ subscribeExtranonce: true });
    t.connect();
    const agreed = { id: 1, result: { ...MASK_ANSWER.result, 'subscribe-extranonce': true }, error: null };
    expect(sent(t.feed(agreed, SUBSCRIBE_ANSWER, AUTHORIZE_ANSWER))).toEqual([]);
  });

  it('holds a job that comes before the authorisation back, with the difficulty of its time', () => {
    const t = new TestClient();
    t.connect();
    expect(jobs(t.feed(setMask('1fffe000'), setDifficulty(8), notifyLine('a', { clean: true }), notifyLine('b'), setDifficulty(16)))).toEqual([]);
    expect(jobs(t.feed(SUBSCRIBE_ANSWER))).toEqual([]);
    const [job, ...rest] = jobs(t.feed(MASK_ANSWER, AUTHORIZE_ANSWER));
    expect(rest).toEqual([]);
    expect(job).toMatchObject({ sequence: 1, poolJobId: 'b', difficulty: 8, clean: true, versionMask: 0x1fffe000, extranonce2Size: 4, height: 21 });
    expect(job?.shareTarget).toBe(targetFromDifficulty(8));
    expect(bytesToHex(job!.extranonce1)).toBe('08000002');
    expect(t.client.phase).toBe('mining');
  });

  it('works when configure is never answered', () => {
    const t = new TestClient();
    t.connect();
    const [job] = jobs(t.feed(SUBSCRIBE_ANSWER, AUTHORIZE_ANSWER, notifyLine('a')));
    expect(job).toMatchObject({ versionMask: 0, difficulty: 1 });
    expect(sent(t.submit(1))[0]?.params).toHaveLength(5);
  });

  it('issues the job again when the mask is agreed only after it', () => {
    const t = new TestClient();
    t.connect();
    t.feed(SUBSCRIBE_ANSWER, AUTHORIZE_ANSWER, notifyLine('a', { clean: true }));
    const outputs = t.feed(MASK_ANSWER);
    expect(jobs(outputs)).toMatchObject([{ sequence: 2, poolJobId: 'a', versionMask: 0x1fffe000, clean: false }]);
    expect(only(outputs, 'invalidate')).toEqual([]);
  });

  it('ends with E_POOL_AUTH when the worker is refused or the answer is null', () => {
    for (const answer of [{ id: 3, result: false, error: [24, 'Unauthorized worker', null] }, { id: 3, result: null, error: null }, { id: '3', result: false, error: null }]) {
      const t = new TestClient();
      t.connect();
      expect(only(t.feed(SUBSCRIBE_ANSWER, answer), 'close')).toMatchObject([{ code: 'E_POOL_AUTH', reason: expect.stringContaining('account.worker') }]);
      expect(t.feed(notifyLine('a'))).toEqual([]);
    }
  });

  it('never puts the password into a reason', () => {
    const t = new TestClient({ password: 'hunter2' });
    t.connect();
    expect(JSON.stringify(t.feed({ id: 3, result: false, error: null }))).not.toContain('hunter2');
  });

  it('ends with E_POOL_PROTOCOL when the subscribe answer is unusable', () => {
    const t = new TestClient();
    t.connect();
    expect(only(t.feed({ id: 2, result: [[['mining.notify', 'a']], 'abc', 4], error: null }), 'close')).toMatchObject([{ code: 'E_POOL_PROTOCOL' }]);
  });

  it('refuses a worker name no pool would take', () => {
    expect(() => new TestClient({ user: 'x'.repeat(990) })).toThrow(RigError);
    expect(() => new TestClient({ userAgent: 'x'.repeat(990) })).toThrow(RigError);
  });

  it.each([
    [{ id: 1, result: { 'version-rolling': 'unsupported on this port' }, error: null }, /unsupported on this port/],
    [{ id: 1, result: { 'version-rolling': true }, error: null }, /no usable mask/],
    [{ id: 1, result: null, error: [-3, 'Method not found', null] }, /Method not found/],
    [{ id: 1, result: { 'version-rolling': true, 'version-rolling.mask': '00000fff' }, error: null }, /00000fff/],
  ])('tells when version rolling is not agreed: %j', (answer, words) => {
    const t = new TestClient();
    t.connect();
    expect(only(t.feed(answer), 'warning')).toMatchObject([{ text: expect.stringMatching(words) }]);
    expect(jobs(t.feed(SUBSCRIBE_ANSWER, AUTHORIZE_ANSWER, notifyLine('a')))).toMatchObject([{ versionMask: 0 }]);
  });

  it('ignores a mask after version rolling was refused', () => {
    const t = new TestClient();
    t.connect();
    t.feed({ id: 1, result: { 'version-rolling': false }, error: null }, setMask('1fffe000'), SUBSCRIBE_ANSWER, AUTHORIZE_ANSWER, notifyLine('a'));
    expect(t.client.versionMask).toBeNull();
    expect(sent(t.submit(1))[0]?.params).toHaveLength(5);
  });

  it('reports an extranonce2 that is too small in plain words', () => {
    const t = new TestClient();
    t.connect();
    expect(only(t.feed({ id: 2, result: [[], 'aa', 0], error: null }), 'warning')).toMatchObject([{ text: expect.stringContaining('no extranonce2') }]);
    expect(only(t.feed(setExtranonce('aa', 1)), 'warning')).toMatchObject([{ text: expect.stringContaining('256') }]);
  });
});

describe('hints for the next connection', () => {
  it('leaves configure out once after a close upon it, and remembers when that worked', () => {
    const first = new TestClient();
    first.connect();
    first.client.disconnected('closed by the pool');
    expect(first.client.hints()).toEqual({ configure: 'try_without', sessionId: null });

    const second = new TestClient({ hints: first.client.hints() });
    expect(sent(second.connect()).map(({ method }) => method)).toEqual(['mining.subscribe', 'mining.authorize']);
    second.feed({ ...SUBSCRIBE_ANSWER, id: 1 });
    second.client.disconnected('closed by the pool');
    expect(second.client.hints()).toEqual({ configure: 'skip', sessionId: 'ae6812eb' });

    const third = new TestClient({ hints: second.client.hints() });
    expect(sent(third.connect())[0]).toMatchObject({ method: 'mining.subscribe', params: ['rigbrain/0.1.0', 'ae6812eb'] });
    third.client.disconnected('closed by the pool');
    expect(third.client.hints()).toEqual({ configure: 'skip', sessionId: null });
  });

  it('sends configure again when leaving it out did not help', () => {
    const t = new TestClient({ hints: { configure: 'try_without', sessionId: null } });
    t.connect();
    t.client.disconnected('closed by the pool');
    expect(t.client.hints().configure).toBe('send');
  });

  it('keeps sending configure to a pool that answered it', () => {
    const t = new TestClient();
    t.connect();
    t.feed(MASK_ANSWER);
    t.client.disconnected('closed by the pool');
    expect(t.client.hints().configure).toBe('send');
  });

  it('subscribes anew when the old session is not known any more', () => {
    const t = new TestClient({ hints: { configure: 'send', sessionId: 'old' } });
    t.connect();
    expect(sent(t.feed({ id: 2, result: null, error: [20, 'Unknown session', null] }))).toEqual([{ id: 4, method: 'mining.subscribe', params: ['rigbrain/0.1.0'] }]);
    expect(only(t.feed({ ...SUBSCRIBE_ANSWER, id: 4 }, AUTHORIZE_ANSWER), 'close')).toEqual([]);
    expect(t.client.phase).toBe('waiting_for_job');
  });
});

describe('jobs', () => {
  it('stamps each job with the difficulty in force at its arrival', () => {
    const t = new TestClient();
    t.handshake();
    expect(jobs(t.feed(setDifficulty(2), notifyLine('a'), setDifficulty(4), setDifficulty(16383.75), notifyLine('b')))).toMatchObject([
      { poolJobId: 'a', difficulty: 2 },
      { poolJobId: 'b', difficulty: 16383.75 },
    ]);
    t.feed(setDifficulty(0), { method: 'mining.set_difficulty', params: ['x'] });
    expect(t.client.difficulty).toBe(16383.75);
  });

  it('treats a new previous block as clean whatever the flag says', () => {
    const t = new TestClient();
    t.handshake();
    expect(jobs(t.feed(notifyLine('a'), notifyLine('b'), notifyLine('c', { prev: 'b2' }), notifyLine('d', { prev: 'b2', clean: true }))).map((job) => job.clean)).toEqual([true, false, true, true]);
  });

  it('drops an exact repetition, but not after a change of difficulty or extranonce', () => {
    const t = new TestClient();
    t.handshake();
    expect(jobs(t.feed(notifyLine('a'), notifyLine('a'), notifyLine('a')))).toHaveLength(1);
    expect(jobs(t.feed(setDifficulty(5), notifyLine('a')))).toMatchObject([{ difficulty: 5, clean: false }]);
    expect(jobs(t.feed(setExtranonce('bbbb', 8), notifyLine('a')))).toMatchObject([{ extranonce2Size: 8, clean: true }]);
    expect(jobs(t.feed(setExtranonce('bbbb', 8), notifyLine('a')))).toHaveLength(0);
    expect(jobs(t.feed(notifyLine('a', { coinb2: '00' })))).toHaveLength(1);
  });

  it('uses a new extranonce from the next notify on, and withholds shares of the old one then', () => {
    const t = new TestClient();
    t.handshake();
    t.feed(notifyLine('a'), setExtranonce('bbbb', 4));
    expect(sent(t.submit(1))).toHaveLength(1);
    t.feed(notifyLine('a'));
    expect(t.submit(1, 't2', { isBlock: true })).toMatchObject([{ type: 'verdict', token: 't2', verdict: { status: 'withheld', reason: expect.stringContaining('extranonce') } }]);
    expect(sent(t.submit(2))).toHaveLength(1);
  });

  it('keeps the old job when a notify is unreadable, and stops it when that one was clean', () => {
    const t = new TestClient();
    t.handshake();
    t.feed(notifyLine('a'));
    const broken = (clean: boolean) => ({ method: 'mining.notify', params: ['b', 'zz', '', '', [], '1', '207fffff', '1', clean] });
    expect(only(t.feed(broken(false)), 'invalidate')).toEqual([]);
    expect(only(t.feed(broken(true)), 'invalidate')).toHaveLength(1);
    expect(t.client.badLines).toBe(2);
    expect(t.client.phase).toBe('waiting_for_job');
    expect(sent(t.submit(1, 't', { isBlock: true }))).toHaveLength(1);
    expect(jobs(t.feed(notifyLine('a')))).toMatchObject([{ clean: true }]);
    expect(t.client.phase).toBe('mining');
  });

  it('leaves a pool that goes on sending jobs nobody can read', () => {
    const t = new TestClient();
    t.handshake();
    t.feed(notifyLine('a'));
    const broken = { method: 'mining.notify', params: ['b', 'zz', '', '', [], '1', '207fffff', '1', true] };
    const outputs = [1, 2, 3].flatMap(() => [...t.feed(broken), ...t.advance(25_000)]);
    expect(only(outputs, 'close')).toMatchObject([{ code: 'E_POOL_SILENT', reason: expect.stringContaining('no job within 60 s') }]);
  });

  it('applies a version mask at once: the same job with it replaces the old one, which loses the bits taken back', () => {
    const t = new TestClient({ versionMask: 0x1fffffe0 });
    t.handshake();
    t.feed(notifyLine('a'));
    const shrunk = t.feed(setMask('0000e000'));
    expect(shrunk.map(({ type }) => type)).toEqual(['job']);
    expect(jobs(shrunk)).toMatchObject([{ sequence: 2, poolJobId: 'a', versionMask: 0x0000e000 }]);
    expect(t.submit(1, 't', { version: 0x20010000 })).toMatchObject([{ verdict: { status: 'withheld', reason: expect.stringContaining('version bits') } }]);
    const grown = t.feed(setMask('ffffffff'));
    expect(grown.map(({ type }) => type)).toEqual(['job']);
    expect(jobs(grown)).toMatchObject([{ versionMask: 0x1fffffe0 }]);
    expect(t.feed(setMask('ffffffff'))).toEqual([]);
  });
});

describe('submit', () => {
  const mining = (options = {}) => {
    const t = new TestClient(options);
    t.handshake();
    t.feed(notifyLine('job-a'));
    return t;
  };

  it('writes six parameters when version rolling is agreed, with every bit inside the pool mask', () => {
    const t = mining();
    expect(sent(t.submit(1, 't', { version: 0x20b44000 }))).toEqual([{ id: 4, method: 'mining.submit', params: ['account.worker', 'job-a', '00000001', '6b00b4ee', '00092c23', '00b44000'] }]);
    // Our own mask is narrower than the pool's and the job has a bit between the two: the pool replaces that bit.
    const narrow = mining({ versionMask: 0x0000e000 });
    narrow.feed(notifyLine('job-b', { version: '20010000' }));
    expect(sent(narrow.submit(2, 't', { version: 0x20012000 }))[0]?.params[5]).toBe('00012000');
  });

  it('pairs answers by value, once, and gives the latency', () => {
    const t = mining();
    t.submit(1, 'first');
    t.now += 40;
    t.submit(1, 'second');
    t.now += 60;
    expect(only(t.feed({ id: '5', result: true, error: null }, { id: 5, result: false, error: null }), 'verdict')).toEqual([{ type: 'verdict', token: 'second', verdict: { status: 'accepted', latencyMs: 60 } }]);
    expect(only(t.feed({ id: 4, result: false, error: [23, 'Above target', null] }), 'verdict')).toEqual([
      { type: 'verdict', token: 'first', verdict: { status: 'low_difficulty', code: 23, reason: 'Above target', latencyMs: 100 } },
    ]);
    expect(t.client.unmatchedAnswers).toBe(1);
  });

  it.each<[string, Parameters<TestClient['submit']>, RegExp]>([
    ['an unknown job', [99], /one of this session/],
    ['a wrong extranonce2 size', [1, 't', { extranonce2: new Uint8Array(3) }], /3 bytes instead of 4/],
    ['version bits outside the mask', [1, 't', { version: 0x20000001 }], /not agreed/],
  ])('withholds a share with %s', (_, args, reason) => {
    expect(mining().submit(...args)).toMatchObject([{ type: 'verdict', verdict: { status: 'withheld', reason: expect.stringMatching(reason) } }]);
  });

  it('withholds shares of replaced jobs unless they are blocks or the user wants them sent', () => {
    const t = mining();
    t.feed(notifyLine('job-b'));
    expect(sent(t.submit(1))).toHaveLength(1);
    t.feed(notifyLine('job-c', { prev: 'b2' }));
    expect(t.submit(1)).toMatchObject([{ verdict: { status: 'withheld' } }]);
    expect(sent(t.submit(1, 't', { isBlock: true }))).toHaveLength(1);
    expect(sent(t.submit(3))).toHaveLength(1);
    const eager = mining({ submitStale: true });
    eager.feed(notifyLine('job-c', { prev: 'b2' }));
    expect(sent(eager.submit(1))).toHaveLength(1);
  });

  it('withholds everything before the first job and after the end', () => {
    const t = new TestClient();
    t.connect();
    expect(t.submit(1)).toMatchObject([{ verdict: { status: 'withheld' } }]);
    const ended = mining();
    ended.client.disconnected('closed');
    expect(ended.submit(1)).toMatchObject([{ verdict: { status: 'withheld', reason: expect.stringContaining('over') } }]);
  });

  it('holds no more than 64 unanswered shares and no job older than the last 32', () => {
    const t = mining();
    for (let i = 0; i < 64; i++) expect(sent(t.submit(1))).toHaveLength(1);
    expect(t.submit(1)).toMatchObject([{ verdict: { status: 'withheld', reason: expect.stringContaining('64') } }]);
    expect(sent(t.submit(1, 'block', { isBlock: true }))).toHaveLength(1);
    for (let i = 0; i < 32; i++) t.feed(notifyLine(`n${i}`));
    expect(t.submit(1)).toMatchObject([{ verdict: { status: 'withheld' } }]);
  });

  it('withholds a share whose line the pool would cut, instead of throwing', () => {
    const t = mining();
    t.feed(notifyLine('\u0001'.repeat(200)));
    expect(t.submit(2)).toMatchObject([{ verdict: { status: 'withheld', reason: expect.stringContaining('1000 bytes') } }]);
  });

  it('gives every open share the verdict unknown when the connection ends', () => {
    const t = mining();
    t.submit(1, 'a');
    t.submit(1, 'b');
    const outputs = t.client.disconnected('reset by peer');
    expect(only(outputs, 'verdict').map(({ token, verdict }) => [token, verdict.status])).toEqual([
      ['a', 'unknown'],
      ['b', 'unknown'],
    ]);
    expect(only(outputs, 'invalidate')).toEqual([{ type: 'invalidate', reason: 'reset by peer' }]);
    expect(t.client.nextDeadline()).toBeNull();
  });
});

describe('requests and notices of the pool', () => {
  it('answers pings and version requests with their own ids', () => {
    const t = new TestClient();
    t.handshake();
    const outputs = t.feed({ id: 42, method: 'mining.ping', params: [] }, { id: 'v', method: 'client.get_version', params: [] }, { id: null, method: 'mining.ping' }, { id: 'x'.repeat(2000), method: 'mining.ping' });
    expect(only(outputs, 'send').map(({ line }) => JSON.parse(line) as unknown)).toEqual([
      { id: 42, result: 'pong', error: null },
      { id: 'v', result: 'rigbrain/0.1.0', error: null },
    ]);
  });

  it('shows messages and ignores unknown methods', () => {
    const t = new TestClient();
    t.handshake();
    expect(t.feed({ method: 'client.show_message', params: ['\u001b[31mhello'] }, { id: 5, method: 'mining.set_goal', params: {} })).toEqual([{ type: 'message', text: '[31mhello' }]);
  });

  it('follows a reconnect inside the domain and refuses others', () => {
    const t = new TestClient();
    t.handshake();
    expect(t.feed({ method: 'client.reconnect', params: ['evil.example.org', 3333, 0] })).toMatchObject([{ type: 'warning', text: expect.stringContaining('refused') }]);
    expect(t.feed({ method: 'client.reconnect', params: ['eu.pool.example', '3334', 5] })).toMatchObject([{ type: 'reconnect', host: 'eu.pool.example', port: 3334, waitS: 5 }, { type: 'status', phase: 'closed' }]);
    const secure = new TestClient({ tls: true });
    secure.handshake();
    expect(secure.feed({ method: 'client.reconnect', params: ['stratum+tcp://pool.example', 3333, 0] })).toMatchObject([{ type: 'warning', text: expect.stringContaining('TLS') }]);
  });
});

describe('deadlines', () => {
  const closes = (outputs: Parameters<typeof only>[0]) => only(outputs, 'close').map(({ code, reason }) => `${code} ${reason}`);

  it('gives up on a server that does not answer the handshake', () => {
    const silent = new TestClient();
    silent.connect();
    expect(silent.client.nextDeadline()).toBe(15_000);
    expect(closes(silent.advance(14_999))).toEqual([]);
    expect(closes(silent.advance(1))).toEqual(['E_POOL_SILENT no answer to mining.subscribe within 15 s']);

    const unauthorized = new TestClient();
    unauthorized.connect();
    unauthorized.feed(SUBSCRIBE_ANSWER);
    expect(closes(unauthorized.advance(30_000))).toEqual(['E_POOL_SILENT no answer to mining.authorize within 30 s']);

    const jobless = new TestClient();
    jobless.handshake();
    expect(closes(jobless.advance(60_000))).toEqual(['E_POOL_SILENT no job within 60 s']);
  });

  it('warns after 90 s and ends after 180 s without a complete line, whatever bytes trickle in', () => {
    const t = new TestClient();
    t.handshake();
    t.feed(notifyLine('a'));
    expect(t.advance(90_000)).toMatchObject([{ type: 'warning', text: expect.stringContaining('90 s') }]);
    t.client.receive(new TextEncoder().encode('{"id":null'), t.now);
    expect(closes(t.advance(90_000))).toEqual(['E_POOL_SILENT not one line within 180 s']);
    expect(t.client.nextDeadline()).toBeNull();
  });

  it('starts the silence anew with every line', () => {
    const t = new TestClient();
    t.handshake();
    for (let i = 0; i < 10; i++) {
      t.feed(notifyLine(`j${i}`));
      expect(closes(t.advance(170_000))).toEqual([]);
    }
  });

  it('ends when three shares in a row are refused as those of a stranger, and not before', () => {
    const t = new TestClient();
    t.handshake();
    t.feed(notifyLine('a'));
    const answer = (id: number, error: unknown): string[] => {
      t.submit(1, `s${id}`, { extranonce2: Uint8Array.of(id, 0, 0, 0) });
      return closes(t.feed({ id, result: error === null ? true : null, error }));
    };
    const stranger = [24, 'Unauthorized worker', null];
    for (const [id, error] of [stranger, stranger, null, stranger, [21, 'Job not found', null], stranger, stranger].entries()) expect(answer(4 + id, error)).toEqual([]);
    expect(answer(11, stranger)).toEqual(['E_POOL_AUTH the pool refused 3 shares in a row: Unauthorized worker']);
  });

  it('calls a share unknown after 60 s and stays when the pool still talks', () => {
    const t = new TestClient();
    t.handshake();
    t.feed(notifyLine('a'));
    t.submit(1, 'lost');
    t.advance(59_000);
    t.feed(notifyLine('b'));
    const outputs = t.advance(1_000);
    expect(only(outputs, 'verdict')).toMatchObject([{ token: 'lost', verdict: { status: 'unknown' } }]);
    expect(closes(outputs)).toEqual([]);
    t.feed({ id: 4, result: true, error: null });
    expect(t.client.unmatchedAnswers).toBe(1);
  });

  it('ends when nothing at all follows a share for 60 s', () => {
    const t = new TestClient();
    t.handshake();
    t.feed(notifyLine('a'));
    t.now += 1_000;
    t.submit(1);
    expect(closes(t.advance(60_000))).toEqual(['E_POOL_UNANSWERED nothing came from the pool for 60 s after a share']);
  });

  it('ends when ten shares in a row are not answered although the pool talks', () => {
    const t = new TestClient();
    t.handshake();
    t.feed(notifyLine('a'));
    const all: string[] = [];
    for (let i = 0; i < 12 && all.length === 0; i++) {
      t.submit(1, `s${i}`);
      all.push(...closes(t.advance(5_000)));
      t.feed(notifyLine(`j${i}`));
    }
    all.push(...closes(t.advance(5_000)));
    expect(all).toEqual(['E_POOL_UNANSWERED 12 shares without an answer']);
  });
});

describe('bad input', () => {
  it('counts garbage, tells once a minute, and ends at the twentieth line within a minute', () => {
    const t = new TestClient();
    t.handshake();
    t.feed(notifyLine('a'));
    expect(only(t.feed('garbage', 'more'), 'warning')).toHaveLength(1);
    t.advance(61_000);
    for (let i = 0; i < 19; i++) expect(only(t.feed(`x${i}`), 'close')).toEqual([]);
    expect(only(t.feed('x'), 'close')).toMatchObject([{ code: 'E_POOL_PROTOCOL' }]);
    expect(t.client.badLines).toBe(22);
  });

  it.each([
    ['HTTP', new TextEncoder().encode('HTTP/1.1 400 Bad Request\r\n'), /HTTP/],
    ['a web page', new TextEncoder().encode('<!DOCTYPE html>'), /web page/],
    ['a TLS alert', Uint8Array.of(0x15, 0x03, 0x03, 0, 2, 2, 70), /stratum\+ssl/],
    ['SSH', new TextEncoder().encode('SSH-2.0-OpenSSH\r\n'), /SSH/],
  ])('knows %s by its first bytes, in one piece or byte by byte', (_, bytes, words) => {
    for (const step of [bytes.length, 1]) {
      const t = new TestClient();
      t.connect();
      const outputs = [];
      for (let i = 0; i < bytes.length; i += step) outputs.push(...t.client.receive(bytes.subarray(i, i + step), 0));
      expect(only(outputs, 'close')).toMatchObject([{ code: 'E_POOL_PROTOCOL', reason: expect.stringMatching(words) }]);
    }
  });

  it('ends at a line above 1 MiB and warns of one above 256 KiB', () => {
    const t = new TestClient();
    t.handshake();
    expect(only(t.feed({ id: null, method: 'x', params: ['y'.repeat(300_000)] }), 'warning')).toHaveLength(1);
    expect(only(t.feed('z'.repeat(2 ** 20 + 1)), 'close')).toMatchObject([{ code: 'E_POOL_PROTOCOL' }]);
  });

  it('counts answers to nothing and goes on', () => {
    const t = new TestClient();
    t.handshake();
    expect(t.feed({ id: 99, result: true, error: null }, { id: null, result: true, error: null })).toEqual([]);
    expect(t.client.unmatchedAnswers).toBe(2);
  });
});
