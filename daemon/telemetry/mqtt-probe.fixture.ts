/** A second MQTT client for tests. Every wait has a deadline. */
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
