/** A second MQTT client for tests, and a real mosquitto on a free port. Every wait has a deadline. */
import { spawn, type ChildProcess } from 'node:child_process';
import { accessSync, constants, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';
import mqtt, { type IClientOptions, type IClientPublishOptions, type IPublishPacket, type MqttClient } from 'mqtt';

export interface Seen {
  readonly topic: string;
  readonly text: string;
  readonly packet: IPublishPacket;
}

const DEADLINE_MS = 8000;

/** Resolves as soon as `read` gives something; rejects at the deadline with what it waited for. */
export async function eventually<T>(what: string, read: () => T | undefined | null | false, ms = DEADLINE_MS): Promise<T> {
  const end = performance.now() + ms;
  for (;;) {
    const value = read();
    if (value !== undefined && value !== null && value !== false) return value;
    if (performance.now() > end) throw new Error(`waited ${ms} ms for ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

export class MqttProbe {
  readonly client: MqttClient;
  readonly seen: Seen[] = [];

  private constructor(client: MqttClient) {
    this.client = client;
    client.on('message', (topic, payload, packet) => this.seen.push({ topic, text: payload.toString(), packet }));
  }

  /** Connects and subscribes to everything. */
  static async open(url: string, options: IClientOptions = {}): Promise<MqttProbe> {
    const client = await mqtt.connectAsync(url, { reconnectPeriod: 0, connectTimeout: 5000, ...options });
    client.on('error', () => {});
    const probe = new MqttProbe(client);
    await client.subscribeAsync('#', { qos: 1 });
    return probe;
  }

  /** The next message from position `from` on that `match` accepts. */
  wait(what: string, match: (seen: Seen) => boolean, from = 0): Promise<Seen> {
    return eventually(what, () => this.seen.slice(from).find(match));
  }

  topic(topic: string, from = 0): Promise<Seen> {
    return this.wait(topic, (seen) => seen.topic === topic, from);
  }

  async publish(topic: string, payload: unknown, options: IClientPublishOptions = {}): Promise<void> {
    await this.client.publishAsync(topic, typeof payload === 'string' ? payload : JSON.stringify(payload), { qos: 1, ...options });
  }

  async close(): Promise<void> {
    await this.client.endAsync(true);
  }
}

/** A port nobody listens on right now. */
export async function freePort(): Promise<number> {
  const server = net.createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as net.AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** Path of the mosquitto broker, or null when it is not installed. */
export function findMosquitto(): string | null {
  for (const dir of [...(process.env.PATH ?? '').split(path.delimiter), '/usr/sbin', '/usr/local/sbin']) {
    const file = path.join(dir, 'mosquitto');
    try {
      accessSync(file, constants.X_OK);
      return file;
    } catch {
      // not in this folder
    }
  }
  return null;
}

export interface TestBroker {
  readonly url: string;
  readonly port: number;
  /** Ends it without a goodbye. Twice is the same as once. */
  close(): Promise<void>;
  /** Stops answering without closing anything, and undoes that. Null when the broker cannot be frozen. */
  readonly freeze: (() => void) | null;
}

/** Starts mosquitto without persistence and waits until it accepts connections. */
export async function startMosquitto(binary: string, port: number, extra: readonly string[] = []): Promise<TestBroker> {
  const dir = mkdtempSync(path.join(os.tmpdir(), 'rigbrain-mosquitto-'));
  const file = path.join(dir, 'mosquitto.conf');
  writeFileSync(file, [`listener ${port} 127.0.0.1`, ...(extra.some((line) => line.startsWith('allow_anonymous')) ? [] : ['allow_anonymous true']), 'persistence false', `user ${os.userInfo().username}`, ...extra, ''].join('\n'));
  const child: ChildProcess = spawn(binary, ['-c', file], { stdio: 'ignore' });
  const exited = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  const close = async (): Promise<void> => {
    child.kill('SIGKILL');
    await exited;
    rmSync(dir, { recursive: true, force: true });
  };
  let up = false;
  const knock = (): void => {
    const socket = net.connect(port, '127.0.0.1');
    socket.once('connect', () => {
      up = true;
      socket.destroy();
    });
    socket.once('error', () => setTimeout(knock, 20));
  };
  knock();
  try {
    await eventually('mosquitto to listen', () => up);
  } catch (error) {
    await close();
    throw error;
  }
  return { url: `mqtt://127.0.0.1:${port}`, port, close, freeze: () => child.kill('SIGSTOP') };
}
