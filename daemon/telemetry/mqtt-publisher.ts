/**
 * Publishes the state tree over MQTT and takes commands. An output, never a dependency: it starts at once without a
 * broker, and nothing here can hold up mining.
 */
import type { Clock, Timer } from '../../protocol/common/clock.ts';
import { messageOf } from '../../protocol/common/errors.ts';
import type { Log } from '../../protocol/common/log.ts';
import type { Service } from '../../protocol/common/service.ts';
import { parseBrokerUrl } from './broker/address.ts';
import { BrokerLink, type LinkTiming } from './broker/link.ts';
import type { BrokerSession, InboundPacket, Packet } from './broker/session.ts';
import type { TlsTrust } from '../tls-trust.ts';
import { ChangeGate } from './change-gate.ts';
import { CommandRouter } from './command-router.ts';
import type { CommandHandler } from './commands.ts';
import { Delivery } from './delivery.ts';
import { discoveryMessages, discoveryTopic } from './home-assistant.ts';
import { readHostHealth } from './host-health.ts';
import { eventMessage, healthMessage, stateMessages } from './payloads.ts';
import type { RigEvent, RigState, StateSource } from './state.ts';
import { TOPICS, encodePayload, isDeviceLevel, topicOf, type Cadence, type OutboundMessage, type PayloadOf, type TopicScope } from './topics.ts';

export interface MqttPublisherOptions {
  /** mqtt:// or mqtts:// address. */
  readonly url: string;
  readonly user?: string | undefined;
  readonly password?: string | undefined;
  readonly baseTopic: string;
  readonly nodeId: string;
  readonly tls?: TlsTrust | undefined;
  /** Longest time between two state messages, seconds. */
  readonly intervalSeconds: number;
  readonly homeAssistant: { readonly enabled: boolean; readonly prefix: string };
}

export interface MqttPublisherDeps {
  readonly state: StateSource;
  readonly clock: Clock;
  readonly log: Log;
  readonly commands: CommandHandler;
  /** Pauses between connection attempts; for tests. */
  readonly timing?: LinkTiming;
  readonly random?: () => number;
}

/** Counters of the connection; also in the `health` topic. */
export type MqttStats = PayloadOf<'health'>['mqtt'];

const TICK_MS = 1000;
const KEEPALIVE_SECONDS = 15;
const CONNECT_TIMEOUT_MS = 10_000;
/** The whole of `stop` fits in a second: first the last events, then `offline`. */
const LAST_EVENTS_MS = 300;
const FAREWELL_MS = 600;
const RESPONSE_EXPIRY_SECONDS = 30;
/** Home Assistant starts many things at once: its greeting is answered after a random part of this. */
const HA_DELAY_MIN_MS = 500;
const HA_DELAY_SPREAD_MS = 4500;

export class MqttPublisher implements Service {
  #options: MqttPublisherOptions;
  #deps: MqttPublisherDeps;
  #scope: TopicScope;
  #log: Log;
  #gate: ChangeGate;
  #delivery: Delivery;
  #router: CommandRouter;
  #link: BrokerLink | null = null;
  #timers: Timer[] = [];
  #greeting: Timer | null = null;
  #known = new Set<string>();
  #discovery: { readonly of: string; readonly messages: readonly OutboundMessage[] } | null = null;
  #stopped: Promise<void> | null = null;

  constructor(options: MqttPublisherOptions, deps: MqttPublisherDeps) {
    this.#options = options;
    this.#deps = deps;
    this.#scope = { base: options.baseTopic, node: options.nodeId, prefix: options.homeAssistant.prefix };
    this.#log = deps.log;
    this.#gate = new ChangeGate(options.intervalSeconds * 1000);
    this.#delivery = new Delivery({ session: () => this.#link?.session ?? null, eventPacket: (event) => this.#packet(eventMessage(this.#scope, event)), clock: deps.clock, log: this.#log });
    this.#router = new CommandRouter(this.#scope, { handler: deps.commands, state: deps.state, clock: deps.clock, log: this.#log });
  }

  /** Begins connecting and returns at once, broker or not. @throws RigError E_CONFIG_INVALID when the URL cannot be used */
  async start(signal: AbortSignal): Promise<void> {
    const { url, user, password, tls, nodeId } = this.#options;
    const address = parseBrokerUrl(url);
    signal.throwIfAborted();
    if (this.#link || this.#stopped) return;
    if (address.secure && tls?.insecure === true) this.#log.warn({ broker: address.label }, 'mqtt.tls.insecure: the certificate of the broker is not checked');
    const { clock, timing, random } = this.#deps;
    this.#link = new BrokerLink(
      {
        address,
        tls,
        user: user ?? address.user,
        password: password ?? address.password,
        clientId: `rigbrain-${nodeId}`,
        keepaliveSeconds: KEEPALIVE_SECONDS,
        connectTimeoutMs: CONNECT_TIMEOUT_MS,
        will: this.#status('offline'),
      },
      { clock, log: this.#log, ...(timing ? { timing } : {}), ...(random ? { random } : {}) },
    );
    this.#link.events.on('up', (session) => this.#up(session));
    this.#link.start();
    this.#timers.push(clock.every(TICK_MS, () => this.#tick()));
  }

  /** Sends the last states and events, says `offline`, disconnects; done within a second even when the broker hangs. */
  stop(): Promise<void> {
    this.#stopped ??= (async () => {
      for (const timer of this.#timers) timer.cancel();
      this.#greeting?.cancel();
      // What stays retained are the counts of the end, however little time has passed since the last ones.
      this.#tick('heartbeat');
      await this.#lastEvents();
      await this.#link?.stop(this.#status('offline'), FAREWELL_MS);
    })();
    return this.#stopped;
  }

  /** Waits until the broker has the events still queued, or for as long as they are worth. */
  #lastEvents(): Promise<void> {
    return new Promise((resolve) => {
      const timer = this.#deps.clock.after(LAST_EVENTS_MS, resolve);
      void this.#delivery.drainEvents().then(() => {
        timer.cancel();
        resolve();
      });
    });
  }

  /** Tells an event. While there is no broker it is kept, up to a bound. */
  publishEvent(event: RigEvent): void {
    this.#delivery.event(event);
  }

  stats(): MqttStats {
    const session = this.#link?.session ?? null;
    const delivery = this.#delivery.stats();
    return {
      connected: session !== null,
      protocol: session === null ? null : session.protocol === 5 ? '5.0' : '3.1.1',
      ...delivery,
      reconnects: Math.max(0, (this.#link?.sessions ?? 0) - 1),
      last_error: delivery.last_error ?? this.#link?.lastError ?? null,
    };
  }

  #status(payload: 'online' | 'offline'): Packet {
    return { topic: topicOf(this.#scope, 'status', {}), payload, qos: TOPICS.status.qos, retain: TOPICS.status.retain };
  }

  #up(session: BrokerSession): void {
    session.onPacket = (packet) => this.#receive(session, packet);
    const { enabled } = this.#options.homeAssistant;
    const own = `${this.#scope.base}/${this.#scope.node}`;
    const filters = [
      { topic: `${own}/request/#`, qos: TOPICS.requestState.qos },
      { topic: topicOf(this.#scope, 'set', {}), qos: TOPICS.set.qos },
      { topic: `${own}/+/set`, qos: TOPICS.deviceSet.qos },
      // What an earlier life of this daemon left behind, to clear devices that are gone.
      { topic: topicOf(this.#scope, 'devices', {}), qos: TOPICS.devices.qos, own: true },
      ...(enabled ? [{ topic: topicOf(this.#scope, 'homeAssistantStatus', {}), qos: TOPICS.homeAssistantStatus.qos }] : []),
    ];
    session.subscribe(filters).catch((error: unknown) => {
      if (this.#link?.session === session) this.#delivery.complain('subscribe', messageOf(error), 'the broker refused a subscription: commands may not arrive');
    });
    void this.#delivery.send(session, this.#status('online'));
    this.#gate.reset();
    this.#tick();
  }

  /**
   * Publishes whatever is due. Never throws: it runs on a timer.
   * @param always topics of this cadence go out even when they are not due
   */
  #tick(always: Cadence | null = null): void {
    const session = this.#link?.session;
    if (!session || this.#stopped) return;
    void this.#delivery.drainEvents();
    try {
      const now = this.#deps.clock.monotonic();
      const at = this.#deps.clock.now();
      const state = this.#deps.state.snapshot();
      const messages = stateMessages(this.#scope, state, at);
      this.#noteDevices(session, state.devices.map((device) => device.id));
      if (this.#options.homeAssistant.enabled) messages.push(...this.#discoveryOf(state));
      messages.push(healthMessage(this.#scope, state, readHostHealth(), this.stats(), at));
      for (const message of messages) {
        const { cadence } = TOPICS[message.key];
        if (cadence !== always && !this.#gate.due(message.topic, cadence, message.payload, now)) continue;
        this.#gate.sent(message.topic, message.payload, now);
        void this.#deliver(session, this.#packet(message));
      }
    } catch (error) {
      this.#delivery.complain('tick', messageOf(error), 'telemetry could not be made');
    }
  }

  /** The discovery documents, made anew only when what they are made from has changed. */
  #discoveryOf(state: RigState): readonly OutboundMessage[] {
    const of = JSON.stringify([state.node.version, state.economy.currency, state.economy.priced, state.hunt !== null, state.devices.map(({ id, title, driver, capabilities }) => [id, title, driver, capabilities])]);
    if (this.#discovery?.of !== of) this.#discovery = { of, messages: discoveryMessages(this.#scope, state, this.#options.intervalSeconds) };
    return this.#discovery.messages;
  }

  #packet(message: OutboundMessage): Packet {
    const { qos, retain, cadence } = TOPICS[message.key];
    // A measurement nobody renews is worse than none, so the broker forgets it.
    const expiry = cadence === 'heartbeat' ? { expirySeconds: Math.ceil(this.#options.intervalSeconds * 3) } : {};
    return { topic: message.topic, payload: encodePayload(message.payload), qos, retain, ...expiry };
  }

  /** Sends a state; what was lost is due again at the next tick. */
  async #deliver(session: BrokerSession, packet: Packet): Promise<void> {
    const outcome = await this.#delivery.send(session, packet);
    if (outcome.status === 'lost') this.#gate.forget(packet.topic);
  }

  #receive(session: BrokerSession, packet: InboundPacket): void {
    if (this.#stopped) return;
    if (packet.topic === topicOf(this.#scope, 'devices', {})) return this.#clearGone(session, packet);
    if (this.#options.homeAssistant.enabled && packet.topic === topicOf(this.#scope, 'homeAssistantStatus', {})) return this.#greet(packet);
    void this.#command(session, packet);
  }

  async #command(session: BrokerSession, packet: InboundPacket): Promise<void> {
    const reply = await this.#router.handle(packet);
    if (!reply) return;
    const { qos, retain } = TOPICS.response;
    const correlation = reply.correlationData ? { correlationData: reply.correlationData } : {};
    void this.#delivery.send(session, { topic: reply.topic, payload: encodePayload(reply.payload), qos, retain, expirySeconds: RESPONSE_EXPIRY_SECONDS, ...correlation });
    this.#tick();
  }

  /** Home Assistant came up: send it everything again, a little later. */
  #greet(packet: InboundPacket): void {
    if (packet.retain || packet.payload.toString() !== 'online') return;
    this.#greeting?.cancel();
    this.#greeting = this.#deps.clock.after(HA_DELAY_MIN_MS + (this.#deps.random ?? Math.random)() * HA_DELAY_SPREAD_MS, () => {
      this.#gate.reset();
      this.#tick();
    });
  }

  /** Keeps the set of devices, clears the topics of those that went away, and names those that cannot have topics. */
  #noteDevices(session: BrokerSession, ids: readonly string[]): void {
    for (const id of ids) {
      if (!isDeviceLevel(id)) this.#delivery.complain(`device ${id}`, `${JSON.stringify(id)} cannot be a topic level`, 'a device is left out of MQTT: give it another id');
    }
    for (const id of this.#known) if (!ids.includes(id)) this.#clearDevice(session, id);
    this.#known = new Set(ids.filter(isDeviceLevel));
  }

  #clearGone(session: BrokerSession, packet: InboundPacket): void {
    if (!packet.retain) return;
    try {
      const before = TOPICS.devices.payload.parse(JSON.parse(packet.payload.toString('utf8')));
      const present = new Set(this.#deps.state.snapshot().devices.map((device) => device.id));
      for (const { id } of before) if (isDeviceLevel(id) && !present.has(id)) this.#clearDevice(session, id);
    } catch (error) {
      this.#delivery.complain('devices', messageOf(error), 'the retained list of devices cannot be read: topics of removed devices stay');
    }
  }

  #clearDevice(session: BrokerSession, device: string): void {
    const topics = [topicOf(this.#scope, 'deviceState', { device }), topicOf(this.#scope, 'deviceAvailability', { device })];
    if (this.#options.homeAssistant.enabled) topics.push(discoveryTopic(this.#scope, device));
    for (const topic of topics) {
      this.#gate.forget(topic);
      void this.#delivery.send(session, { topic, payload: '', qos: 1, retain: true });
    }
  }
}
