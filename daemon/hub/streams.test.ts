import http from 'node:http';
import { expect, test, vi } from 'vitest';
import { ManualClock } from '../../protocol/common/manual-clock.ts';
import { fakeRigState } from '../telemetry/rig-state.fixture.ts';
import { afterTest, hubForTest as hub, TOKEN, type TestHub } from './hub.fixture.ts';
import { STREAM_LIMITS } from './streams.ts';

interface Stream {
  readonly status: number;
  text: string;
  ended: boolean;
  readonly response: http.IncomingMessage;
  /** Data of the events of a name so far. */
  events(name: string): unknown[];
}

function listen(url: string, headers: Record<string, string> = { authorization: `Bearer ${TOKEN}` }): Promise<Stream> {
  return new Promise((resolve, reject) => {
    const request = http.get(`${url}/api/events`, { headers, agent: false }, (response) => {
      const stream: Stream = {
        status: response.statusCode!,
        text: '',
        ended: false,
        response,
        events: (name) => [...stream.text.matchAll(/event: (\w+)\ndata: (.*)\n\n/g)].filter(([, found]) => found === name).map(([, , data]) => JSON.parse(data!) as unknown),
      };
      response.on('data', (chunk) => (stream.text += String(chunk)));
      response.on('error', () => (stream.ended = true));
      response.on('close', () => (stream.ended = true));
      resolve(stream);
    });
    request.on('error', reject);
    afterTest(() => request.destroy());
  });
}

/** Counts how often the state is made. */
function counted(test: TestHub): () => number {
  let count = 0;
  const snapshot = test.state.snapshot.bind(test.state);
  test.state.snapshot = () => {
    count += 1;
    return snapshot();
  };
  return () => count;
}

test('two pages hear the same state once a second, made once, and only when it changed', async () => {
  const clock = new ManualClock();
  const rig = await hub({ clock });
  const made = counted(rig);
  clock.advance(5000);
  expect(made()).toBe(0);
  const [a, b] = [await listen(rig.url), await listen(rig.url)];
  await vi.waitFor(() => expect([a.events('state').length, b.events('state').length]).toEqual([1, 1]));
  const before = made();
  rig.state.state = fakeRigState({ node: { ...rig.state.state.node, uptime_secs: 11 } });
  clock.advance(3000);
  expect(made()).toBe(before + 3);
  rig.state.state = fakeRigState({ node: { ...rig.state.state.node, uptime_secs: 12 }, hunt: null, alarms: [{ kind: 'no_share', subject: 'rig', raised_at: 1, healed_at: null, message: 'none' }] });
  clock.advance(1000);
  clock.advance(1000);
  expect(made()).toBe(before + 5);
  await vi.waitFor(() => expect([a.events('state').length, b.events('state').length]).toEqual([2, 2]));
  expect(a.events('state')[1]).toEqual(JSON.parse(JSON.stringify(rig.state.state)));
  clock.advance(15_000);
  await vi.waitFor(() => expect(a.text).toContain(': still here'));
  a.response.destroy();
  b.response.destroy();
  // Nobody listens any more: nothing is made.
  await vi.waitFor(() => {
    const now = made();
    clock.advance(1000);
    expect(made()).toBe(now);
  });
});

test('events of the rig come at once, and of a flood only so many a second', async () => {
  const clock = new ManualClock();
  const rig = await hub({ clock, streamLimits: { ...STREAM_LIMITS, eventsPerSecond: 3 } });
  const stream = await listen(rig.url);
  for (let n = 0; n < 10; n++) rig.tell({ type: 'share_accepted', at: n, device: 'cpu', message: `share ${n}`, data: {} });
  clock.advance(1000);
  rig.tell({ type: 'block_found', at: 11, device: 'cpu', message: 'block', data: {} });
  await vi.waitFor(() => expect(stream.events('rig').at(-1)).toMatchObject({ type: 'block_found' }));
  expect(stream.events('rig')).toHaveLength(4);
});

test('who does not read is sent away, and takes no memory meanwhile; others go on', async () => {
  const clock = new ManualClock();
  const rig = await hub({ clock });
  const slow = await listen(rig.url);
  const quick = await listen(rig.url);
  slow.response.pause();
  // About half a megabyte each time it changes.
  const state = (n: number) => fakeRigState({ mining: { ...fakeRigState().mining, last_reject: `${n} ${'x'.repeat(500_000)}` } });
  for (let n = 0; n < 20; n++) {
    rig.state.state = state(n);
    clock.advance(1000);
    await vi.waitFor(() => expect(quick.text.includes(`"last_reject":"${n} x`)).toBe(true));
    quick.text = '';
  }
  for (let n = 0; n < 31; n++) clock.advance(1000);
  await vi.waitFor(() => expect(rig.hub.streams).toBe(1));
  slow.response.resume();
  await vi.waitFor(() => expect(slow.ended).toBe(true));
  // What the system had taken for it, and not what came since.
  expect(slow.text.length).toBeLessThan(15_000_000);
});

test('so many pages are served and no more; one that leaves makes room', async () => {
  const rig = await hub({ streamLimits: { ...STREAM_LIMITS, mostClients: 2 } });
  const first = await listen(rig.url);
  await listen(rig.url);
  const third = await listen(rig.url);
  expect([third.status, third.response.headers['retry-after']]).toEqual([503, '30']);
  first.response.destroy();
  await vi.waitFor(() => expect(rig.hub.streams).toBe(1));
  expect((await listen(rig.url)).status).toBe(200);
});

test('a stop does not wait for open streams', async () => {
  const rig = await hub();
  const streams = await Promise.all([listen(rig.url), listen(rig.url), listen(rig.url)]);
  await rig.hub.stop();
  await vi.waitFor(() => expect(streams.every(({ ended }) => ended)).toBe(true));
  await expect(fetch(`${rig.url}/api/session`)).rejects.toThrow();
});

test('a stream ends with the login it was opened with', async () => {
  const clock = new ManualClock();
  const rig = await hub({ clock });
  const login = await fetch(`${rig.url}/api/login`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ token: TOKEN }) });
  const cookie = login.headers.get('set-cookie')!.split(';')[0]!;
  const [byCookie, byToken] = [await listen(rig.url, { cookie }), await listen(rig.url)];
  clock.advance(1000);
  expect(rig.hub.streams).toBe(2);
  await fetch(`${rig.url}/api/logout`, { method: 'POST', headers: { cookie, origin: rig.url } });
  clock.advance(1000);
  await vi.waitFor(() => expect([byCookie.ended, byToken.ended]).toEqual([true, false]));
});

test('a state that cannot be told ends nothing but itself', async () => {
  const clock = new ManualClock();
  const rig = await hub({ clock });
  const stream = await listen(rig.url);
  const good = rig.state.state;
  rig.state.state = { ...good, economy: 1n } as never;
  clock.advance(1000);
  rig.tell({ type: 'block_found', at: 1, device: null, message: 'x', data: { height: 1n } });
  expect((await fetch(`${rig.url}/api/state`, { headers: { authorization: `Bearer ${TOKEN}` } })).status).toBe(500);
  rig.state.state = { ...good, alarms: [{ kind: 'no_share', subject: 'rig', raised_at: 1, healed_at: null, message: 'none' }] };
  clock.advance(1000);
  await vi.waitFor(() => expect(stream.events('state').at(-1)).toMatchObject({ alarms: [{ message: 'none' }] }));
});

test('another site cannot listen, not even from another port of this machine', async () => {
  const rig = await hub();
  const foreign: Record<string, string>[] = [{ 'sec-fetch-site': 'cross-site' }, { 'sec-fetch-site': 'same-site' }, { origin: 'http://localhost:3000' }];
  for (const headers of foreign) {
    expect((await listen(rig.url, { authorization: `Bearer ${TOKEN}`, ...headers })).status).toBe(403);
  }
});
