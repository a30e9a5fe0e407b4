import net from 'node:net';
import mqtt from 'mqtt';
import { afterEach, describe, expect, test } from 'vitest';
import { startEmbeddedBroker, type EmbeddedBroker } from './embedded-broker.ts';
import { MqttProbe } from './mqtt-probe.fixture.ts';

const brokers: EmbeddedBroker[] = [];
afterEach(async () => {
  for (const broker of brokers.splice(0)) await broker.close();
});

async function start(options: Parameters<typeof startEmbeddedBroker>[0]): Promise<EmbeddedBroker> {
  const broker = await startEmbeddedBroker(options);
  brokers.push(broker);
  return broker;
}

describe('embedded broker', () => {
  test('listens on loopback only and passes messages on', async () => {
    const broker = await start({ port: 0 });
    expect(broker).toMatchObject({ host: '127.0.0.1', url: `mqtt://127.0.0.1:${broker.port}` });
    const probe = await MqttProbe.open(broker.url);
    await probe.publish('a/b', 'hello', { retain: true });
    expect((await probe.topic('a/b')).text).toBe('hello');
    await probe.close();
  });

  test('a taken port is an error that names it', async () => {
    const first = await start({ port: 0 });
    await expect(startEmbeddedBroker({ port: first.port })).rejects.toMatchObject({ code: 'E_PORT_IN_USE', context: { host: '127.0.0.1', port: first.port } });
  });

  test('takes another port when it may', async () => {
    const first = await start({ port: 0 });
    const second = await start({ port: first.port, fallbackToFreePort: true });
    expect(second.port).not.toBe(first.port);
    const probe = await MqttProbe.open(second.url);
    await probe.close();
  });

  test('close disconnects everybody, frees the port and may be called twice', async () => {
    const broker = await start({ port: 0 });
    const client = await mqtt.connectAsync(broker.url, { reconnectPeriod: 0 });
    const half = net.connect(broker.port, broker.host);
    await new Promise((resolve) => half.once('connect', resolve));
    const gone = Promise.all([new Promise<void>((resolve) => client.once('close', () => resolve())), new Promise<void>((resolve) => half.once('close', () => resolve()))]);
    await Promise.all([broker.close(), broker.close()]);
    await gone;
    const again = await start({ port: broker.port });
    expect(again.port).toBe(broker.port);
  });
});
