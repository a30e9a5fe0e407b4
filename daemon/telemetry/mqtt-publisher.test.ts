import { afterEach, describe, expect, test } from 'vitest';
import net from 'node:net';
import path from 'node:path';
import { systemClock } from '../../protocol/common/clock.ts';
import type { Log } from '../../protocol/common/log.ts';
import type { CommandHandler, HuntCommand } from './commands.ts';
import { packageRoot } from '../version.ts';
import { startEmbeddedBroker } from './embedded-broker.ts';
import { MqttPublisher, type MqttPublisherDeps, type MqttPublisherOptions } from './mqtt-publisher.ts';
import { findMosquitto, freePort, startMosquitto, type TestBroker } from './mosquitto.fixture.ts';
import { MqttProbe, eventually } from './mqtt-probe.fixture.ts';
import { FakeStateSource, fakeDevice, fakeRigState } from './rig-state.fixture.ts';
import type { RigEvent } from './state.ts';
import { TOPICS, matchTopic } from './topics.ts';

const PASSWORD = 'correct-horse-battery';
const cleanup: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const step of cleanup.splice(0).reverse()) await step();
});

function recordingLog(): { log: Log; lines: string[] } {
  const lines: string[] = [];
  const write = (level: string) => (fields: object, message?: string) => void lines.push(`${level} ${JSON.stringify(fields)} ${message ?? ''}`);
  const log: Log = { trace: write('trace'), debug: write('debug'), info: write('info'), warn: write('warn'), error: write('error'), child: () => log };
  return { log, lines };
}

class RecordingHandler implements CommandHandler {
  readonly calls: unknown[][] = [];
  async pause(device: string | null, by: string): Promise<unknown> {
    this.calls.push(['pause', device, by]);
    return { paused: true };
  }
  async resume(device: string | null, by: string): Promise<unknown> {
    this.calls.push(['resume', device, by]);
    return { paused: false };
  }
  async set(device: string, values: Record<string, unknown>, by: string): Promise<unknown> {
    this.calls.push(['set', device, values, by]);
    return values;
  }
  async restart(device: string, by: string): Promise<unknown> {
    this.calls.push(['restart', device, by]);
    return {};
  }
  async hunt(command: HuntCommand, by: string): Promise<unknown> {
    this.calls.push(['hunt', command, by]);
    return {};
  }
  async identify(device: string, by: string): Promise<unknown> {
    this.calls.push(['identify', device, by]);
    return {};
  }
}

interface Rig {
  readonly publisher: MqttPublisher;
  readonly source: FakeStateSource;
  readonly handler: RecordingHandler;
  readonly lines: string[];
}

async function startRig(url: string, options: Partial<MqttPublisherOptions> = {}, deps: Partial<MqttPublisherDeps> = {}): Promise<Rig> {
  const source = new FakeStateSource();
  const handler = new RecordingHandler();
  const { log, lines } = recordingLog();
  const publisher = new MqttPublisher(
    { url, baseTopic: 'rigbrain', nodeId: 'rig1', intervalSeconds: 10, homeAssistant: { enabled: true, prefix: 'homeassistant' }, ...options },
    { state: source, clock: systemClock, log, commands: handler, timing: { minDelayMs: 50, maxDelayMs: 200 }, random: () => 0, ...deps },
  );
  cleanup.push(() => publisher.stop());
  await publisher.start(new AbortController().signal);
  return { publisher, source, handler, lines };
}

const event = (type: RigEvent['type'], n = 0): RigEvent => ({ type, at: Date.UTC(2025, 11, 18), device: null, message: `${type} ${n}`, data: { n } });

const kinds = [
  {
    name: 'embedded broker, MQTT 3.1.1',
    protocol: '3.1.1',
    probeVersion: 4 as const,
    missing: null as string | null,
    start: async (port: number): Promise<TestBroker> => ({ ...(await startEmbeddedBroker({ port })), freeze: null }),
  },
  {
    name: 'mosquitto, MQTT 5',
    protocol: '5.0',
    probeVersion: 5 as const,
    missing: findMosquitto() === null ? 'mosquitto is not installed (sudo apt-get install mosquitto)' : null,
    start: (port: number): Promise<TestBroker> => startMosquitto(findMosquitto() as string, port),
  },
];

describe.each(kinds)('with $name', ({ protocol, probeVersion, missing, start }) => {
  async function startBroker(port = 0): Promise<TestBroker> {
    const broker = await start(port === 0 ? await freePort() : port);
    cleanup.push(() => broker.close());
    return broker;
  }
  async function openProbe(url: string): Promise<MqttProbe> {
    const probe = await MqttProbe.open(url, { protocolVersion: probeVersion });
    cleanup.push(() => probe.close());
    return probe;
  }

  test('publishes birth, info, devices, states and discovery, each as the topic map says', async (context) => {
    if (missing) return context.skip(missing);
    const broker = await startBroker();
    const { publisher } = await startRig(broker.url);
    publisher.publishEvent(event('daemon_started'));
    await eventually('a connection', () => publisher.stats().connected);
    expect(publisher.stats().protocol).toBe(protocol);
    const probe = await openProbe(broker.url);
    const expected = ['status', 'info', 'health', 'devices', 'pools', 'state', 'cpu/state', 'cpu/availability'].map((name) => `rigbrain/rig1/${name}`);
    for (const topic of [...expected, 'homeassistant/device/rigbrain_rig1/config', 'homeassistant/device/rigbrain_rig1_cpu/config']) {
      const { packet } = await probe.topic(topic);
      expect(packet.retain, topic).toBe(true);
    }
    expect((await probe.topic('rigbrain/rig1/status')).text).toBe('online');
    const scope = { base: 'rigbrain', node: 'rig1', prefix: 'homeassistant' };
    for (const { topic, text } of probe.seen) {
      const match = matchTopic(scope, topic);
      expect(match, topic).not.toBeNull();
      const schema = TOPICS[match!.key].payload;
      const value: unknown = text.startsWith('{') || text.startsWith('[') ? JSON.parse(text) : text;
      expect(schema.safeParse(value).error, topic).toBeUndefined();
    }
  });

  test('sends a change within two seconds and nothing when nothing changed', async (context) => {
    if (missing) return context.skip(missing);
    const broker = await startBroker();
    const { source } = await startRig(broker.url, { intervalSeconds: 60 });
    const probe = await openProbe(broker.url);
    await probe.topic('rigbrain/rig1/state');
    const from = probe.seen.length;
    const before = source.state;
    source.state = { ...before, mining: { ...before.mining, shares: { ...before.mining.shares, accepted: 4 } } };
    const { text } = await probe.topic('rigbrain/rig1/state', from);
    expect(JSON.parse(text)).toMatchObject({ accepted: 4, hashrate_hs: 12_500_000 });
    expect(probe.seen.slice(from).map((seen) => seen.topic)).toEqual(['rigbrain/rig1/state']);
  });

  test('the broker says offline when the connection dies without a goodbye', async (context) => {
    if (missing) return context.skip(missing);
    const broker = await startBroker();
    const gate = await startRelay(broker.port);
    await startRig(gate.url);
    const probe = await openProbe(broker.url);
    await probe.wait('birth', ({ topic, text }) => topic === 'rigbrain/rig1/status' && text === 'online');
    gate.refuse = true;
    gate.cut();
    await probe.wait('the will', ({ topic, text }) => topic === 'rigbrain/rig1/status' && text === 'offline');
  });

  test('stops in order: offline is published and retained', async (context) => {
    if (missing) return context.skip(missing);
    const broker = await startBroker();
    const { publisher } = await startRig(broker.url);
    const probe = await openProbe(broker.url);
    await probe.wait('birth', ({ topic, text }) => topic === 'rigbrain/rig1/status' && text === 'online');
    await publisher.stop();
    await probe.wait('the farewell', ({ topic, text }) => topic === 'rigbrain/rig1/status' && text === 'offline');
    expect(publisher.stats().connected).toBe(false);
    const late = await openProbe(broker.url);
    expect((await late.topic('rigbrain/rig1/status')).text).toBe('offline');
  });

  test('the events told just before the stop still arrive, before offline', async (context) => {
    if (missing) return context.skip(missing);
    const broker = await startBroker();
    const { publisher, lines } = await startRig(broker.url);
    const probe = await openProbe(broker.url);
    await probe.wait('birth', ({ topic, text }) => topic === 'rigbrain/rig1/status' && text === 'online');
    for (const type of ['block_found', 'pool_lost', 'daemon_stopping'] as const) publisher.publishEvent(event(type));
    await publisher.stop();
    await probe.wait('the farewell', ({ topic, text }) => topic === 'rigbrain/rig1/status' && text === 'offline');
    const told = probe.seen.filter(({ topic }) => topic === 'rigbrain/rig1/event').map(({ text }) => (JSON.parse(text) as { type: string }).type);
    expect(told).toEqual(['block_found', 'pool_lost', 'daemon_stopping']);
    expect(lines.filter((line) => line.startsWith('warn'))).toEqual([]);
  });

  test('what stays retained after the stop are the counts of the end', async (context) => {
    if (missing) return context.skip(missing);
    const broker = await startBroker();
    const { publisher, source } = await startRig(broker.url);
    const probe = await openProbe(broker.url);
    await probe.topic('rigbrain/rig1/state');
    const { mining } = source.state;
    source.state = { ...source.state, mining: { ...mining, status: 'stopping', shares: { ...mining.shares, accepted: 4711 } } };
    await publisher.stop();
    await probe.wait('the farewell', ({ topic, text }) => topic === 'rigbrain/rig1/status' && text === 'offline');
    const last = probe.seen.findLast(({ topic }) => topic === 'rigbrain/rig1/state');
    expect(JSON.parse(last!.text)).toMatchObject({ status: 'stopping', accepted: 4711 });
  });

  test('starts without a broker and publishes when one appears', async (context) => {
    if (missing) return context.skip(missing);
    const port = await freePort();
    const before = performance.now();
    const { publisher, lines } = await startRig(`mqtt://127.0.0.1:${port}`);
    expect(performance.now() - before).toBeLessThan(500);
    publisher.publishEvent(event('block_found'));
    await eventually('a failed attempt', () => publisher.stats().last_error);
    expect(publisher.stats()).toMatchObject({ connected: false, published: 0, queued_events: 1 });
    await startBroker(port);
    await eventually('the event to be delivered', () => publisher.stats().queued_events === 0);
    expect(lines.filter((line) => line.includes('no MQTT broker'))).toHaveLength(1);
  });

  test('lives through a broker that is killed: queues events, then publishes everything retained again', async (context) => {
    if (missing) return context.skip(missing);
    const broker = await startBroker();
    const relay = await startRelay(broker.port);
    const { publisher, source } = await startRig(relay.url);
    await eventually('a connection', () => publisher.stats().connected);
    relay.refuse = true;
    await broker.close();
    await eventually('the loss to be noticed', () => !publisher.stats().connected);
    for (let n = 0; n < 250; n++) publisher.publishEvent(event('device_fault', n));
    expect(publisher.stats()).toMatchObject({ queued_events: 200 });
    expect(publisher.stats().dropped).toBeGreaterThanOrEqual(50);
    source.state = fakeRigState({ devices: [fakeDevice({ status: 'paused', hashrate_hs: 0 })] });

    const again = await start(broker.port);
    cleanup.push(() => again.close());
    const probe = await openProbe(again.url);
    relay.refuse = false;
    const last = await probe.wait('the last event', ({ topic, text }) => topic.endsWith('/event') && text.includes('"n":249'));
    expect(JSON.parse(last.text)).toMatchObject({ type: 'device_fault', message: 'device_fault 249' });
    expect(probe.seen.filter(({ topic }) => topic.endsWith('/event')).length).toBe(200);
    expect((await probe.topic('rigbrain/rig1/status')).text).toBe('online');
    expect(JSON.parse((await probe.topic('rigbrain/rig1/cpu/state')).text)).toMatchObject({ status: 'paused', paused: true, hashrate_hs: 0 });
    await probe.topic('homeassistant/device/rigbrain_rig1_cpu/config');
    expect(publisher.stats()).toMatchObject({ connected: true, protocol, reconnects: 1, queued_events: 0 });
  });

  test('carries out a request and answers with its transaction', async (context) => {
    if (missing) return context.skip(missing);
    const broker = await startBroker();
    const { publisher, handler } = await startRig(broker.url);
    const probe = await openProbe(broker.url);
    await eventually('a connection', () => publisher.stats().connected);
    await probe.topic('rigbrain/rig1/cpu/state');
    await probe.publish('rigbrain/rig1/request/pause', { transaction: '7f3a' });
    const { text } = await probe.topic('rigbrain/rig1/response/pause');
    expect(JSON.parse(text)).toEqual({ status: 'ok', data: { paused: true }, transaction: '7f3a' });
    await probe.publish('rigbrain/rig1/cpu/set', { threads: 1, paused: false, transaction: 2 });
    expect(JSON.parse((await probe.topic('rigbrain/rig1/response/set')).text)).toMatchObject({ status: 'ok', transaction: 2 });
    await probe.publish('rigbrain/rig1/set', '{"paused": true}');
    await eventually('the switch to be carried out', () => handler.calls.length === 4);
    expect(handler.calls).toEqual([
      ['pause', null, 'mqtt'],
      ['set', 'cpu', { threads: 1 }, 'mqtt'],
      ['resume', 'cpu', 'mqtt'],
      ['pause', null, 'mqtt'],
    ]);
  });

  test('ignores a retained command and says so once', async (context) => {
    if (missing) return context.skip(missing);
    const broker = await startBroker();
    const first = await openProbe(broker.url);
    await first.publish('rigbrain/rig1/request/pause', {}, { retain: true });
    await first.publish('rigbrain/rig1/cpu/set', { paused: true }, { retain: true });
    const { handler, lines } = await startRig(broker.url);
    await first.topic('rigbrain/rig1/status');
    await eventually('the warning', () => lines.some((line) => line.includes('ignored a retained command')));
    await first.publish('rigbrain/rig1/request/resume', {});
    await first.topic('rigbrain/rig1/response/resume');
    expect(handler.calls).toEqual([['resume', null, 'mqtt']]);
    expect(lines.filter((line) => line.includes('ignored a retained command'))).toHaveLength(1);
  });

  test('clears the topics of a device that an earlier life of the daemon had', async (context) => {
    if (missing) return context.skip(missing);
    const broker = await startBroker();
    const first = await startRig(broker.url);
    first.source.state = fakeRigState({ devices: [fakeDevice(), fakeDevice({ id: 'bitaxe-1', driver: 'bitaxe' })] });
    const probe = await openProbe(broker.url);
    await probe.topic('homeassistant/device/rigbrain_rig1_bitaxe-1/config');
    await eventually('everything to be delivered', () => probe.seen.some(({ topic }) => topic === 'rigbrain/rig1/bitaxe-1/state'));
    await first.publisher.stop();
    await probe.wait('the farewell', ({ topic, text }) => topic === 'rigbrain/rig1/status' && text === 'offline');
    const from = probe.seen.length;
    await startRig(broker.url);
    for (const topic of ['homeassistant/device/rigbrain_rig1_bitaxe-1/config', 'rigbrain/rig1/bitaxe-1/state', 'rigbrain/rig1/bitaxe-1/availability']) {
      expect((await probe.topic(topic, from)).text, topic).toBe('');
    }
  });

  test('sends discovery again when Home Assistant comes up', async (context) => {
    if (missing) return context.skip(missing);
    const broker = await startBroker();
    await startRig(broker.url);
    const probe = await openProbe(broker.url);
    await probe.topic('homeassistant/device/rigbrain_rig1_cpu/config');
    await probe.topic('rigbrain/rig1/health');
    const from = probe.seen.length;
    await probe.publish('homeassistant/status', 'online');
    await probe.topic('homeassistant/device/rigbrain_rig1_cpu/config', from);
    await probe.topic('rigbrain/rig1/cpu/state', from);
  });
});

describe('with mosquitto', () => {
  const binary = findMosquitto();
  const missing = 'mosquitto is not installed (sudo apt-get install mosquitto)';
  const startReal = async (extra: string[] = []): Promise<TestBroker> => {
    const broker = await startMosquitto(binary as string, await freePort(), extra);
    cleanup.push(() => broker.close());
    return broker;
  };

  test('answers on the response topic with the correlation data, and sets expiry and user properties', async (context) => {
    if (!binary) return context.skip(missing);
    const broker = await startReal();
    await startRig(broker.url);
    const probe = await MqttProbe.open(broker.url, { protocolVersion: 5 });
    cleanup.push(() => probe.close());
    const state = await probe.topic('rigbrain/rig1/state');
    expect(state.packet.properties?.messageExpiryInterval).toBeGreaterThan(20);
    expect(state.packet.properties?.userProperties).toMatchObject({ schema: '1', unit: 'si' });
    await probe.publish('rigbrain/rig1/request/state', { transaction: 'x' }, { properties: { responseTopic: 'my/answers', correlationData: Buffer.from('c1') } });
    const { text, packet } = await probe.topic('my/answers');
    expect(JSON.parse(text)).toMatchObject({ status: 'ok', transaction: 'x', data: { state: { status: 'mining' }, devices: { cpu: { status: 'hashing' } } } });
    expect(packet.properties?.correlationData?.toString()).toBe('c1');
  });

  test('many devices do not overrun the window of unacknowledged messages', async (context) => {
    if (!binary) return context.skip(missing);
    const broker = await startReal(['max_inflight_messages 3']);
    const { publisher, source } = await startRig(broker.url);
    source.state = fakeRigState({ devices: Array.from({ length: 60 }, (_, n) => fakeDevice({ id: `cpu-${n}` })) });
    const probe = await MqttProbe.open(broker.url, { protocolVersion: 5 });
    cleanup.push(() => probe.close());
    await probe.topic('homeassistant/device/rigbrain_rig1_cpu-59/config');
    expect(publisher.stats()).toMatchObject({ connected: true, reconnects: 0, dropped: 0 });
  });

  test('stops within a second when the broker hangs', async (context) => {
    if (!binary) return context.skip(missing);
    const broker = await startReal();
    const { publisher } = await startRig(broker.url);
    await eventually('a connection', () => publisher.stats().connected);
    broker.freeze?.();
    const before = performance.now();
    await publisher.stop();
    expect(performance.now() - before).toBeLessThan(1000);
  });

  test('the example access list lets the rig and Home Assistant do their work, and no more', async (context) => {
    if (!binary) return context.skip(missing);
    const broker = await startReal([`acl_file ${path.join(packageRoot(), 'deploy', 'mosquitto.acl')}`]);
    const { publisher, handler, lines } = await startRig(broker.url, { user: 'rigbrain-rig1' });
    const probe = await MqttProbe.open(broker.url, { protocolVersion: 5, username: 'homeassistant' });
    cleanup.push(() => probe.close());
    for (const topic of ['rigbrain/rig1/state', 'rigbrain/rig1/cpu/state', 'homeassistant/device/rigbrain_rig1/config']) await probe.topic(topic);
    await probe.publish('rigbrain/rig1/set', { paused: true });
    await probe.topic('rigbrain/rig1/response/set');
    await probe.publish('rigbrain/rig1/cpu/set', { paused: false });
    await eventually('both commands', () => handler.calls.length === 2);
    await expect(probe.publish('rigbrain/rig1/status', 'offline')).rejects.toThrow(/not authorized/i);
    await probe.publish('rigbrain/rig1/request/state', {}, { properties: { responseTopic: 'elsewhere/answers' } });
    await eventually('the refusal to be told', () => lines.some((line) => line.includes('elsewhere/answers')));
    expect(publisher.stats()).toMatchObject({ connected: true, reconnects: 0, dropped: 1 });
  });

  test('a wrong password is told with the reason, retried, and never written to the log', async (context) => {
    if (!binary) return context.skip(missing);
    const broker = await startReal(['allow_anonymous false']);
    const { publisher, lines } = await startRig(broker.url.replace('//', `//rig:${PASSWORD}@`));
    await eventually('the refusal', () => /not authori[sz]ed/i.test(publisher.stats().last_error ?? ''));
    expect(publisher.stats().connected).toBe(false);
    expect(lines.join('\n')).toContain(`127.0.0.1:${broker.port}`);
    expect(lines.join('\n')).not.toContain(PASSWORD);
    expect(JSON.stringify(publisher.stats())).not.toContain(PASSWORD);
  });
});

/** A TCP relay that a test can cut, to kill a connection without the client's knowledge. */
async function startRelay(target: number): Promise<{ url: string; refuse: boolean; cut(): void }> {
  const sockets = new Set<net.Socket>();
  const relay = { url: '', refuse: false, cut: () => sockets.forEach((socket) => socket.destroy()) };
  const server = net.createServer((socket) => {
    if (relay.refuse) {
      socket.destroy();
      return;
    }
    const upstream = net.connect(target, '127.0.0.1');
    for (const side of [socket, upstream]) {
      sockets.add(side);
      side.on('error', () => {});
      side.on('close', () => {
        sockets.delete(side);
        socket.destroy();
        upstream.destroy();
      });
    }
    socket.pipe(upstream).pipe(socket);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  relay.url = `mqtt://127.0.0.1:${(server.address() as net.AddressInfo).port}`;
  cleanup.push(async () => {
    relay.cut();
    await new Promise((resolve) => server.close(resolve));
  });
  return relay;
}
