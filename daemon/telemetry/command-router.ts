/** From a packet on `set` or `request` to one call of the CommandHandler and one answer. */
import { z } from 'zod';
import type { Clock } from '../../protocol/common/clock.ts';
import { RigError, messageOf } from '../../protocol/common/errors.ts';
import type { Log } from '../../protocol/common/log.ts';
import type { InboundPacket } from './broker/session.ts';
import type { StartHunt } from '../hunt/control.ts';
import { SETTING_CAPABILITIES, type CommandHandler, type HuntCommand } from './commands.ts';
import { addressableDevices, snapshotPayload } from './payloads.ts';
import type { DeviceTelemetry, StateSource } from './state.ts';
import { TOPICS, matchTopic, topicOf, type PayloadOf, type TopicScope } from './topics.ts';

/** An answer, ready to be published. */
export interface CommandReply {
  readonly topic: string;
  readonly payload: PayloadOf<'response'>;
  readonly correlationData: Buffer | null;
}

interface CommandCall {
  readonly device: string | null;
  readonly run: () => Promise<unknown>;
}

const MAX_PAYLOAD_BYTES = 16 * 1024;
const MAX_CONCURRENT = 8;
const DEADLINE_MS = 5000;
/** Who asked, as far as MQTT tells: a broker does not pass on the sender's name. */
const BY = 'mqtt';

const COMMAND_KEYS = ['requestPause', 'requestResume', 'requestDevicePause', 'requestDeviceResume', 'requestDeviceRestart', 'requestDeviceIdentify', 'requestHuntStart', 'requestHuntPause', 'requestHuntResume', 'requestHuntStop', 'requestState', 'set', 'deviceSet'] as const;
type CommandKey = (typeof COMMAND_KEYS)[number];

const invalid = (message: string): RigError => new RigError('E_COMMAND_INVALID', message);

function parseJson(payload: Buffer): unknown {
  if (payload.length > MAX_PAYLOAD_BYTES) throw invalid(`the payload has ${payload.length} bytes; ${MAX_PAYLOAD_BYTES} are allowed`);
  const text = payload.toString('utf8').trim();
  // Clearing a retained command arrives as an empty message: it must not be taken for the command.
  if (text === '') throw invalid('the payload is empty; send {} when there is nothing to say');
  try {
    return JSON.parse(text) as unknown;
  } catch {
    throw invalid('the payload is not JSON');
  }
}

/** The caller's transaction, even of a payload that is wrong otherwise. */
function transactionOf(value: unknown): string | number | undefined {
  const found = typeof value === 'object' && value !== null && 'transaction' in value ? value.transaction : undefined;
  return (typeof found === 'string' && found.length <= 128) || typeof found === 'number' ? found : undefined;
}

function check<S extends z.ZodType>(schema: S, value: unknown): z.output<S> {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  throw invalid(result.error.issues.map((issue) => (issue.path.length > 0 ? `${issue.path.join('.')}: ${issue.message}` : issue.message)).join('; '));
}

export class CommandRouter {
  #scope: TopicScope;
  #handler: CommandHandler;
  #state: StateSource;
  #clock: Clock;
  #log: Log;
  #active = 0;
  #toldRetained = false;

  constructor(scope: TopicScope, deps: { handler: CommandHandler; state: StateSource; clock: Clock; log: Log }) {
    this.#scope = scope;
    this.#handler = deps.handler;
    this.#state = deps.state;
    this.#clock = deps.clock;
    this.#log = deps.log;
  }

  /** Carries out the command in a packet. Never rejects. @returns the answer, or null when the packet is not to be answered */
  async handle(packet: InboundPacket): Promise<CommandReply | null> {
    const match = matchTopic(this.#scope, packet.topic);
    const verb = packet.topic.slice(`${this.#scope.base}/${this.#scope.node}/`.length).replace(/^request\//, '');
    const isRequest = packet.topic.startsWith(`${this.#scope.base}/${this.#scope.node}/request/`);
    const key = COMMAND_KEYS.find((candidate) => candidate === match?.key);
    if (key === undefined && !isRequest) return null;
    if (packet.retain) {
      this.#ignoreRetained(packet.topic);
      return null;
    }
    const started = this.#clock.monotonic();
    let value: unknown;
    let device: string | null = match?.params.device ?? null;
    let payload: PayloadOf<'response'>;
    try {
      value = parseJson(packet.payload);
      if (key === undefined) throw invalid(`there is no request ${JSON.stringify(verb.slice(0, 64))}`);
      const call = this.#prepare(key, value, device);
      device = call.device;
      payload = { status: 'ok', data: await this.#withDeadline(call.run) };
    } catch (error) {
      const code = error instanceof RigError ? error.code : 'E_INTERNAL';
      payload = { status: 'error', error: { code, message: messageOf(error) } };
    }
    const transaction = transactionOf(value);
    if (transaction !== undefined) payload.transaction = transaction;
    const outcome = payload.status === 'ok' ? { outcome: 'ok' } : { outcome: 'error', code: payload.error.code, reason: payload.error.message };
    this.#log.info({ command: key === undefined ? 'unknown' : verb, device, by: BY, transaction, ...outcome, ms: Math.round(this.#clock.monotonic() - started) }, 'command');
    return { topic: this.#replyTopic(packet.responseTopic, key, verb), payload, correlationData: packet.correlationData };
  }

  /** Checks payload, device and capability. @throws RigError when the command cannot be given */
  #prepare(key: CommandKey, value: unknown, device: string | null): CommandCall {
    switch (key) {
      case 'requestPause':
      case 'requestResume':
      case 'requestDevicePause':
      case 'requestDeviceResume': {
        const target = check(TOPICS[key].payload, value).device ?? null;
        if (target !== null) this.#require(this.#device(target), ['paused']);
        return this.#pauseCall(target, key === 'requestPause' || key === 'requestDevicePause');
      }
      case 'requestDeviceRestart':
      case 'requestDeviceIdentify': {
        const target = this.#device(check(TOPICS[key].payload, value).device);
        const verb = key === 'requestDeviceRestart' ? 'restart' : 'identify';
        this.#require(target, [verb]);
        return { device: target.id, run: () => this.#handler[verb](target.id, BY) };
      }
      case 'requestHuntStart': {
        const { transaction: _transaction, ...request } = check(TOPICS[key].payload, value);
        return this.#huntCall({ verb: 'start', request: request as StartHunt });
      }
      case 'requestHuntResume': {
        const { hunt_id, more_generations } = check(TOPICS[key].payload, value);
        return this.#huntCall({ verb: 'resume', ...(hunt_id !== undefined && { hunt_id }), ...(more_generations !== undefined && { more_generations }) });
      }
      case 'requestHuntPause':
      case 'requestHuntStop':
        check(TOPICS[key].payload, value);
        return this.#huntCall({ verb: key === 'requestHuntPause' ? 'pause' : 'stop' });
      case 'requestState':
        check(TOPICS.requestState.payload, value);
        return { device: null, run: () => Promise.resolve(snapshotPayload(this.#state.snapshot(), this.#clock.now())) };
      case 'set':
        return this.#pauseCall(null, check(TOPICS.set.payload, value).paused);
      case 'deviceSet': {
        const { transaction: _transaction, paused, ...rest } = check(TOPICS.deviceSet.payload, value);
        const target = this.#device(device ?? '');
        const values = Object.fromEntries(Object.entries(rest).filter(([, entry]) => entry !== undefined));
        const names = [...Object.keys(values), ...(paused === undefined ? [] : ['paused'])];
        if (names.length === 0) throw invalid(`nothing to set; give any of ${Object.keys(SETTING_CAPABILITIES).join(', ')}`);
        this.#require(target, names);
        return { device: target.id, run: () => this.#applySettings(target.id, values, paused) };
      }
    }
  }

  #huntCall(command: HuntCommand): CommandCall {
    return { device: null, run: () => this.#handler.hunt(command, BY) };
  }

  #pauseCall(device: string | null, pause: boolean): CommandCall {
    return { device, run: () => (pause ? this.#handler.pause(device, BY) : this.#handler.resume(device, BY)) };
  }

  async #applySettings(device: string, values: Record<string, unknown>, paused: boolean | undefined): Promise<unknown> {
    const set = Object.keys(values).length > 0 ? await this.#handler.set(device, values, BY) : undefined;
    return paused === undefined ? set : this.#pauseCall(device, paused).run();
  }

  #device(id: string): DeviceTelemetry {
    const devices = addressableDevices(this.#state.snapshot());
    const found = devices.find((device) => device.id === id);
    if (!found) throw invalid(`there is no device ${JSON.stringify(id)}; there are: ${devices.map((device) => device.id).join(', ') || 'none'}`);
    return found;
  }

  #require(device: DeviceTelemetry, settings: readonly string[]): void {
    const missing = settings.filter((setting) => !device.capabilities.some((capability) => capability === (SETTING_CAPABILITIES[setting] ?? setting)));
    if (missing.length > 0) throw new RigError('E_DEVICE_COMMAND', `${device.id} cannot be told: ${missing.join(', ')}`);
  }

  async #withDeadline(run: () => Promise<unknown>): Promise<unknown> {
    if (this.#active >= MAX_CONCURRENT) throw new RigError('E_COMMAND_BUSY', `${MAX_CONCURRENT} commands are under way already`);
    this.#active++;
    // A command that outlives its deadline keeps its place until it is really over.
    const work = Promise.resolve().then(run).finally(() => this.#active--);
    let cancel = (): void => {};
    const deadline = new Promise<never>((_resolve, reject) => {
      const timer = this.#clock.after(DEADLINE_MS, () => reject(new RigError('E_COMMAND_TIMEOUT', `not done after ${DEADLINE_MS} ms`)));
      cancel = () => timer.cancel();
    });
    try {
      return (await Promise.race([work, deadline])) ?? null;
    } finally {
      cancel();
    }
  }

  /** The fixed topic, or the one the request names when we may be asked to write there: never into our own or Home Assistant's. */
  #replyTopic(asked: string | null, key: CommandKey | undefined, verb: string): string {
    const own = `${this.#scope.base}/${this.#scope.node}/`;
    const allowed = asked !== null && /^[^+#$\0][^+#\0]{0,255}$/.test(asked) && (!asked.startsWith(own) || asked.startsWith(`${own}response/`)) && !asked.startsWith(`${this.#scope.prefix}/`);
    if (allowed) return asked;
    const name = key === undefined ? 'unknown' : key === 'deviceSet' ? 'set' : verb;
    return topicOf(this.#scope, 'response', { verb: name });
  }

  #ignoreRetained(topic: string): void {
    if (this.#toldRetained) return;
    this.#toldRetained = true;
    this.#log.warn({ topic }, 'ignored a retained command: it would fire at every start. Clear it with an empty retained message and send commands without retain');
  }
}
