/** One life of a broker connection: opened with a deadline, used, over. Never reconnects; link.ts opens the next. */
import { MqttClient, type IClientOptions } from 'mqtt';
import type { Clock } from '../../../protocol/common/clock.ts';
import { messageOf } from '../../../protocol/common/errors.ts';
import type { BrokerAddress } from './address.ts';
import type { HandshakeFailure, ProtocolLevel } from './protocol-choice.ts';
import type { TlsTrust } from '../../tls-trust.ts';
import { openBrokerSocket } from './socket.ts';

/** A message in the terms of the wire. */
export interface Packet {
  readonly topic: string;
  readonly payload: string;
  readonly qos: 0 | 1;
  readonly retain: boolean;
  /** Seconds after which the broker may forget it (MQTT 5 only). */
  readonly expirySeconds?: number;
  /** MQTT 5 only: echoed from a request. */
  readonly correlationData?: Buffer;
}

export interface InboundPacket {
  readonly topic: string;
  readonly payload: Buffer;
  /** Kept by the broker from earlier, not sent to us now. */
  readonly retain: boolean;
  readonly responseTopic: string | null;
  readonly correlationData: Buffer | null;
}

export interface Subscription {
  readonly topic: string;
  readonly qos: 0 | 1;
  /** Also take what this client published itself (MQTT 5; 3.1.1 always does). */
  readonly own?: boolean;
}

export interface SessionOptions {
  readonly address: BrokerAddress;
  readonly tls: TlsTrust | undefined;
  readonly user: string | undefined;
  readonly password: string | undefined;
  readonly clientId: string;
  readonly keepaliveSeconds: number;
  readonly connectTimeoutMs: number;
  readonly will: Packet;
}

/** `sent`: the broker has it (QoS 1) or the socket took it. `refused`: the broker will never take it. `lost`: try again on the next session. */
export type PublishOutcome = { readonly status: 'sent' } | { readonly status: 'refused' | 'lost'; readonly reason: string };

/** Why a session could not be opened. The message never holds a credential. */
export class HandshakeError extends Error {
  readonly kind: HandshakeFailure;

  constructor(kind: HandshakeFailure, message: string) {
    super(message);
    this.name = 'HandshakeError';
    this.kind = kind;
  }
}

/** Largest packet we take, both directions; larger ones make a broker drop the link without a word. */
export const MAX_PACKET_BYTES = 256 * 1024;
/** Messages handed to the client and not yet settled. A broker that hangs fills this and no more. */
const MAX_OUTSTANDING = 512;
/** Unacknowledged QoS 1 messages; mosquitto takes 20 by default and drops the link at the 21st. */
const MAX_INFLIGHT = 16;
/** Topic, headers and properties of one of our messages, generously. */
const HEADER_BYTES = 512;
const USER_PROPERTIES = { schema: '1', unit: 'si' };

export class BrokerSession {
  readonly protocol: ProtocolLevel;
  /** Resolves with the reason when the session is over, however that came. Never rejects. */
  readonly closed: Promise<string>;
  /** Called for every message that comes in. */
  onPacket: (packet: InboundPacket) => void = () => {};
  #client: MqttClient;
  #clock: Clock;
  #open = true;
  #outstanding = new Set<(outcome: PublishOutcome) => void>();
  #inflight = 0;
  #waiting: (() => void)[] = [];

  constructor(client: MqttClient, protocol: ProtocolLevel, clock: Clock) {
    this.#client = client;
    this.#clock = clock;
    this.protocol = protocol;
    let reason = 'the broker closed the connection';
    client.on('disconnect', (packet) => {
      reason = `the broker ended the session: ${packet.properties?.reasonString ?? `reason code ${packet.reasonCode ?? 0}`}`;
      if (packet.reasonCode === 142) reason += ' (another client uses the same id: is node.id unique on this broker?)';
    });
    client.on('error', (error) => {
      reason = error.message;
      client.end(true);
    });
    client.on('message', (topic, payload, { retain, properties }) => {
      this.onPacket({ topic, payload, retain, responseTopic: properties?.responseTopic ?? null, correlationData: properties?.correlationData ?? null });
    });
    this.closed = new Promise((resolve) => {
      client.once('close', () => {
        this.#open = false;
        client.end(true);
        for (const settle of [...this.#outstanding]) settle({ status: 'lost', reason });
        resolve(reason);
      });
    });
  }

  /** Sends a message. Never rejects; settles at the latest when the session ends. */
  publish(packet: Packet): Promise<PublishOutcome> {
    if (!this.#open) return Promise.resolve({ status: 'lost', reason: 'not connected' });
    const limit = Math.min(MAX_PACKET_BYTES, this.#client.serverProperties?.maximumPacketSize ?? Infinity);
    if (Buffer.byteLength(packet.payload) + HEADER_BYTES > limit) return Promise.resolve({ status: 'refused', reason: `message for ${packet.topic} is larger than the ${limit} bytes a packet may have` });
    if (this.#outstanding.size >= MAX_OUTSTANDING) return Promise.resolve({ status: 'lost', reason: 'the broker does not keep up' });
    return new Promise((resolve) => {
      const settle = (outcome: PublishOutcome): void => {
        if (this.#outstanding.delete(settle)) resolve(outcome);
      };
      this.#outstanding.add(settle);
      if (packet.qos === 0) return this.#write(packet, settle);
      const send = (): void => {
        this.#inflight++;
        this.#write(packet, (outcome) => {
          this.#inflight--;
          settle(outcome);
          if (this.#open) this.#waiting.shift()?.();
        });
      };
      const window = Math.min(MAX_INFLIGHT, this.#client.serverProperties?.receiveMaximum ?? MAX_INFLIGHT);
      if (this.#inflight < window) send();
      else this.#waiting.push(send);
    });
  }

  #write(packet: Packet, settle: (outcome: PublishOutcome) => void): void {
    const server = this.#client.serverProperties;
    const qos = packet.qos === 1 && server?.maximumQoS === 0 ? 0 : packet.qos;
    const retain = packet.retain && server?.retainAvailable !== false;
    const { expirySeconds, correlationData } = packet;
    const properties = {
      userProperties: USER_PROPERTIES,
      ...(expirySeconds === undefined ? {} : { messageExpiryInterval: expirySeconds }),
      ...(correlationData === undefined ? {} : { correlationData }),
    };
    this.#client.publish(packet.topic, packet.payload, { qos, retain, properties }, (error) => {
      if (!error) return settle({ status: 'sent' });
      const refused = 'code' in error && typeof error.code === 'number';
      settle({ status: refused ? 'refused' : 'lost', reason: `${packet.topic}: ${error.message}` });
    });
  }

  /** Subscribes to all of these in one packet. @throws Error when the broker refuses any, with its reason */
  async subscribe(subscriptions: readonly Subscription[]): Promise<void> {
    await this.#client.subscribeAsync(Object.fromEntries(subscriptions.map(({ topic, qos, own }) => [topic, { qos, nl: own !== true }])));
  }

  /** Says farewell and disconnects in order; after `deadlineMs` cuts the connection whatever the broker does. */
  async close(farewell: Packet, deadlineMs: number): Promise<void> {
    const cut = this.#clock.after(deadlineMs, () => this.abort());
    await this.publish(farewell);
    if (this.#open) this.#client.end();
    await this.closed;
    cut.cancel();
  }

  /** Cuts the connection at once; the broker publishes the will. */
  abort(): void {
    this.#client.stream.destroy();
  }
}

function clientOptions(options: SessionOptions, protocol: ProtocolLevel): IClientOptions {
  const { will } = options;
  return {
    protocolVersion: protocol,
    clientId: options.clientId,
    ...(options.user === undefined ? {} : { username: options.user }),
    ...(options.password === undefined ? {} : { password: options.password }),
    keepalive: options.keepaliveSeconds,
    connectTimeout: options.connectTimeoutMs,
    clean: true,
    reconnectPeriod: 0,
    will: { topic: will.topic, payload: Buffer.from(will.payload), qos: will.qos, retain: will.retain },
    // Session expiry 0: nothing is kept for us, and the will goes out as soon as the broker misses us.
    ...(protocol === 5 ? { properties: { sessionExpiryInterval: 0, maximumPacketSize: MAX_PACKET_BYTES } } : {}),
  };
}

/** What a failure after the socket was open says about the protocol version. */
function handshakeFailure(error: Error & { code?: unknown }): HandshakeFailure {
  // 1 is 3.1.1's code, which old brokers also send to an MQTT 5 client; 132 is MQTT 5's.
  if (error.code === 1 || error.code === 132) return 'version_refused';
  return typeof error.code === 'number' ? 'other' : 'dropped';
}

/**
 * Opens the socket, sends CONNECT and waits for a friendly CONNACK.
 * @param signal aborts the attempt
 * @throws HandshakeError with what went wrong and whether the protocol version may be why
 */
export async function openSession(options: SessionOptions, protocol: ProtocolLevel, clock: Clock, signal: AbortSignal): Promise<BrokerSession> {
  const attempt = new AbortController();
  const abort = (): void => attempt.abort(new Error('stopped'));
  signal.addEventListener('abort', abort, { once: true });
  if (signal.aborted) abort();
  const deadline = clock.after(options.connectTimeoutMs, () => attempt.abort(new Error(`no answer within ${options.connectTimeoutMs} ms`)));
  try {
    const socket = await openBrokerSocket(options.address, options.tls, attempt.signal).catch((error: unknown) => {
      throw new HandshakeError('other', messageOf(error));
    });
    return await new Promise<BrokerSession>((resolve, reject) => {
      const client = new MqttClient(() => socket, clientOptions(options, protocol));
      let done = false;
      const fail = (error: HandshakeError): void => {
        if (done) return;
        done = true;
        client.end(true);
        reject(error);
      };
      client.on('error', (error) => fail(new HandshakeError(handshakeFailure(error), error.message)));
      client.once('close', () => fail(new HandshakeError('dropped', 'the broker closed the connection during the handshake')));
      attempt.signal.addEventListener('abort', () => fail(new HandshakeError('dropped', messageOf(attempt.signal.reason))), { once: true });
      client.once('connect', () => {
        if (done) return;
        done = true;
        resolve(new BrokerSession(client, protocol, clock));
      });
    });
  } finally {
    deadline.cancel();
    signal.removeEventListener('abort', abort);
  }
}
