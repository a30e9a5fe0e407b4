import { describe, expect, test } from 'vitest';
import { RigError } from '../../protocol/common/errors.ts';
import type { Log } from '../../protocol/common/log.ts';
import { ManualClock } from '../../protocol/common/manual-clock.ts';
import type { InboundPacket } from './broker/session.ts';
import { CommandRouter } from './command-router.ts';
import type { CommandHandler } from './commands.ts';
import { FakeStateSource, fakeDevice, fakeRigState } from './rig-state.fixture.ts';

function setup(handler: Partial<CommandHandler> = {}): { router: CommandRouter; clock: ManualClock; calls: unknown[][]; lines: [object, string | undefined][] } {
  const calls: unknown[][] = [];
  const lines: [object, string | undefined][] = [];
  const note = (fields: object, message?: string): void => void lines.push([fields, message]);
  const log: Log = { trace: note, debug: note, info: note, warn: note, error: note, child: () => log };
  const clock = new ManualClock();
  const state = new FakeStateSource(fakeRigState({ devices: [fakeDevice(), fakeDevice({ id: 'plain', capabilities: [] })] }));
  const record =
    (name: string) =>
    async (...args: unknown[]): Promise<unknown> => {
      calls.push([name, ...args]);
      return undefined;
    };
  const full: CommandHandler = { pause: record('pause'), resume: record('resume'), set: record('set'), restart: record('restart'), identify: record('identify'), hunt: record('hunt'), ...handler };
  return { router: new CommandRouter({ base: 'rigbrain', node: 'rig1', prefix: 'homeassistant' }, { handler: full, state, clock, log }), clock, calls, lines };
}

const packet = (name: string, payload: unknown, extra: Partial<InboundPacket> = {}): InboundPacket => ({
  topic: `rigbrain/rig1/${name}`,
  payload: Buffer.from(typeof payload === 'string' ? payload : JSON.stringify(payload)),
  retain: false,
  responseTopic: null,
  correlationData: null,
  ...extra,
});

describe('commands that are carried out', () => {
  test.each([
    ['request/pause', {}, ['pause', null, 'mqtt'], 'response/pause'],
    ['request/resume', {}, ['resume', null, 'mqtt'], 'response/resume'],
    ['request/hunt/start', { generations: 2, simulation: { N_grid: 32 }, transaction: 1 }, ['hunt', { verb: 'start', request: { generations: 2, simulation: { N_grid: 32 } } }, 'mqtt'], 'response/hunt/start'],
    ['request/hunt/resume', { more_generations: 5 }, ['hunt', { verb: 'resume', more_generations: 5 }, 'mqtt'], 'response/hunt/resume'],
    ['request/hunt/pause', {}, ['hunt', { verb: 'pause' }, 'mqtt'], 'response/hunt/pause'],
    ['request/hunt/stop', {}, ['hunt', { verb: 'stop' }, 'mqtt'], 'response/hunt/stop'],
    ['request/pause', { device: 'cpu' }, ['pause', 'cpu', 'mqtt'], 'response/pause'],
    ['request/device/resume', { device: 'cpu' }, ['resume', 'cpu', 'mqtt'], 'response/device/resume'],
    ['set', { paused: true }, ['pause', null, 'mqtt'], 'response/set'],
    ['cpu/set', { paused: false }, ['resume', 'cpu', 'mqtt'], 'response/set'],
    ['request/device/restart', { device: 'cpu' }, ['restart', 'cpu', 'mqtt'], 'response/device/restart'],
    ['cpu/set', { threads: 1, limit_percent: 50 }, ['set', 'cpu', { threads: 1, limit_percent: 50 }, 'mqtt'], 'response/set'],
  ])('%s %j', async (name, payload, call, answer) => {
    const { router, calls } = setup();
    const reply = await router.handle(packet(name, payload));
    expect(calls).toEqual([call]);
    expect(reply).toMatchObject({ topic: `rigbrain/rig1/${answer}`, payload: { status: 'ok', data: null } });
  });

  test('the state request answers with the whole state', async () => {
    const reply = await setup().router.handle(packet('request/state', {}));
    expect(reply?.payload).toMatchObject({ status: 'ok', data: { info: { node: 'rig1' }, state: { accepted: 3 }, pools: [{ id: 'demo' }], devices: { cpu: { availability: 'online' }, plain: {} } } });
  });

  test('each leaves one audit line with who, what and how it went', async () => {
    const { router, clock, lines } = setup({ pause: async () => clock.advance(7) });
    await router.handle(packet('request/device/pause', { device: 'cpu', transaction: 't1' }));
    expect(lines).toEqual([[{ command: 'device/pause', device: 'cpu', by: 'mqtt', transaction: 't1', outcome: 'ok', ms: 7 }, 'command']]);
  });
});

describe('commands that are refused', () => {
  test.each([
    ['not JSON', 'request/pause', '{pause', 'E_COMMAND_INVALID', /not JSON/],
    ['an empty message, as clearing a retained one sends', 'request/pause', '', 'E_COMMAND_INVALID', /empty/],
    ['an unknown field', 'request/pause', { devise: 'cpu' }, 'E_COMMAND_INVALID', /devise/],
    ['a wrong type', 'cpu/set', { threads: 'two' }, 'E_COMMAND_INVALID', /threads/],
    ['a value out of range', 'cpu/set', { limit_percent: 0 }, 'E_COMMAND_INVALID', /limit_percent/],
    ['voltage', 'cpu/set', { voltage_v: 1.2 }, 'E_DEVICE_COMMAND', /voltage_v/],
    ['nothing to set', 'cpu/set', {}, 'E_COMMAND_INVALID', /nothing to set/],
    ['an unknown verb', 'request/explode', {}, 'E_COMMAND_INVALID', /explode/],
    ['a missing device', 'request/device/pause', {}, 'E_COMMAND_INVALID', /device/],
    ['an unknown device', 'nope/set', { paused: true }, 'E_COMMAND_INVALID', /there are: cpu, plain/],
    ['a setting beyond the capabilities', 'cpu/set', { fan_percent: 50 }, 'E_DEVICE_COMMAND', /fan_percent/],
    ['pausing what cannot pause', 'request/pause', { device: 'plain' }, 'E_DEVICE_COMMAND', /paused/],
    ['a payload beyond the limit', 'request/pause', `{"transaction":"${'x'.repeat(17_000)}"}`, 'E_COMMAND_INVALID', /bytes/],
  ])('%s', async (_what, name, payload, code, message) => {
    const { router, calls } = setup();
    const reply = await router.handle(packet(name, payload));
    expect(reply?.payload).toMatchObject({ status: 'error', error: { code, message: expect.stringMatching(message) } });
    expect(calls).toEqual([]);
  });

  test('the transaction is echoed even when the rest is wrong', async () => {
    const reply = await setup().router.handle(packet('request/pause', { transaction: 'abc', nonsense: 1 }));
    expect(reply?.payload).toMatchObject({ status: 'error', transaction: 'abc' });
  });

  test("the handler's own error code is passed on; anything else is E_INTERNAL", async () => {
    const busy = setup({ pause: () => Promise.reject(new RigError('E_DEVICE_COMMAND', 'not now')) });
    expect((await busy.router.handle(packet('request/pause', {})))?.payload).toMatchObject({ error: { code: 'E_DEVICE_COMMAND', message: 'not now' } });
    const broken = setup({
      pause: () => {
        throw new TypeError('oops');
      },
    });
    expect((await broken.router.handle(packet('request/pause', {})))?.payload).toMatchObject({ error: { code: 'E_INTERNAL' } });
  });

  test('topics that are no commands are not answered', async () => {
    const { router, lines } = setup();
    expect(await router.handle(packet('state', {}))).toBeNull();
    expect(lines).toEqual([]);
  });
});

describe('deadline and concurrency', () => {
  test('after five seconds the caller gets an error, and the late result hurts nobody', async () => {
    let finish = (_error: Error): void => {};
    const { router, clock } = setup({ pause: () => new Promise((_resolve, reject) => (finish = reject)) });
    const reply = router.handle(packet('request/pause', {}));
    await Promise.resolve();
    clock.advance(5000);
    expect((await reply)?.payload).toMatchObject({ error: { code: 'E_COMMAND_TIMEOUT' } });
    finish(new Error('late'));
    expect(clock.pendingTimers).toBe(0);
  });

  test('the ninth command under way is refused; when one is done there is room again', async () => {
    const open: (() => void)[] = [];
    const { router } = setup({ pause: () => new Promise<void>((resolve) => open.push(resolve)) });
    const replies = Array.from({ length: 8 }, () => router.handle(packet('request/pause', {})));
    expect((await router.handle(packet('request/resume', {})))?.payload).toMatchObject({ error: { code: 'E_COMMAND_BUSY' } });
    for (const finish of open) finish();
    await Promise.all(replies);
    expect((await router.handle(packet('request/resume', {})))?.payload).toMatchObject({ status: 'ok' });
  });
});

describe('where the answer goes', () => {
  test('to the response topic of MQTT 5, with the correlation data', async () => {
    const correlationData = Buffer.from('c');
    const reply = await setup().router.handle(packet('request/state', {}, { responseTopic: 'my/answers', correlationData }));
    expect(reply).toMatchObject({ topic: 'my/answers', correlationData });
  });

  test.each(['rigbrain/rig1/status', 'rigbrain/rig1/request/pause', 'homeassistant/device/x/config', '$SYS/x', 'a/#', 'a/+/b', ''])('never to %j, which we must not be made to write', async (responseTopic) => {
    const reply = await setup().router.handle(packet('request/state', {}, { responseTopic }));
    expect(reply?.topic).toBe('rigbrain/rig1/response/state');
  });
});
