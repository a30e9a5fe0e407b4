/**
 * Every topic this daemon publishes or listens to: one map from which the publisher, the tests and docs/mqtt.md
 * are made. A topic that is not here does not exist.
 */
import type { z } from 'zod';
import { RigError } from '../../protocol/common/errors.ts';
import { requestAnyDevice, requestHuntResume, requestHuntStart, requestNothing, requestOneDevice, setDevice, setRig } from './commands.ts';
import * as schemas from './payload-schemas.ts';

/**
 * When a topic is sent. `change`: when its payload changes. `heartbeat`: on a change that matters, and at the latest
 * after the configured interval. `minute`: once a minute. `asked`: as an event or an answer.
 */
export type Cadence = 'change' | 'heartbeat' | 'minute' | 'asked';

export interface TopicSpec {
  /** `{name}` stands for one level; `{verb}` may be several. */
  readonly pattern: string;
  readonly direction: 'publish' | 'subscribe';
  readonly qos: 0 | 1;
  readonly retain: boolean;
  readonly cadence: Cadence;
  readonly payload: z.ZodType;
  readonly description: string;
}

export const TOPICS = {
  status: { pattern: '{base}/{node}/status', direction: 'publish', qos: 1, retain: true, cadence: 'asked', payload: schemas.onlineOffline, description: 'Whether the daemon is there. `offline` is also its last will.' },
  info: { pattern: '{base}/{node}/info', direction: 'publish', qos: 1, retain: true, cadence: 'change', payload: schemas.infoPayload, description: 'What runs here.' },
  health: { pattern: '{base}/{node}/health', direction: 'publish', qos: 1, retain: true, cadence: 'minute', payload: schemas.healthPayload, description: 'Process, machine and MQTT counters, once a minute.' },
  devices: { pattern: '{base}/{node}/devices', direction: 'publish', qos: 1, retain: true, cadence: 'change', payload: schemas.devicesPayload, description: 'Devices of this rig and what they can be told.' },
  pools: { pattern: '{base}/{node}/pools', direction: 'publish', qos: 0, retain: true, cadence: 'heartbeat', payload: schemas.poolsPayload, description: 'State of every pool or node work comes from.' },
  state: { pattern: '{base}/{node}/state', direction: 'publish', qos: 0, retain: true, cadence: 'heartbeat', payload: schemas.rigStatePayload, description: 'The rig as a whole: hash rate, shares, pool, ledger.' },
  alarms: { pattern: '{base}/{node}/alarms', direction: 'publish', qos: 1, retain: true, cadence: 'change', payload: schemas.alarmsPayload, description: 'Alarms that are on, oldest first, then the last ones that ended.' },
  server: { pattern: '{base}/{node}/server', direction: 'publish', qos: 0, retain: true, cadence: 'heartbeat', payload: schemas.serverPayload, description: 'The pool for other miners in the house, when it is on.' },
  serverWorkers: { pattern: '{base}/{node}/server/workers', direction: 'publish', qos: 0, retain: true, cadence: 'heartbeat', payload: schemas.serverWorkersPayload, description: 'The miners it serves, by worker name: those with the most work, 32 at most.' },
  hunt: { pattern: '{base}/{node}/hunt', direction: 'publish', qos: 0, retain: true, cadence: 'heartbeat', payload: schemas.huntPayload, description: 'The parameter hunt that runs, or the last one, when hunts are on.' },
  huntBest: { pattern: '{base}/{node}/hunt/best', direction: 'publish', qos: 1, retain: true, cadence: 'change', payload: schemas.huntBestPayload, description: 'The best run of that hunt, and what became of it on fresh seeds. No score without its p-value.' },
  event: { pattern: '{base}/{node}/event', direction: 'publish', qos: 1, retain: false, cadence: 'asked', payload: schemas.eventPayload, description: 'Something happened: alarm raised or healed, block found, pool lost, device fault ...' },
  deviceState: { pattern: '{base}/{node}/{device}/state', direction: 'publish', qos: 0, retain: true, cadence: 'heartbeat', payload: schemas.deviceStatePayload, description: 'One device: status, measurements, shares.' },
  deviceAvailability: { pattern: '{base}/{node}/{device}/availability', direction: 'publish', qos: 1, retain: true, cadence: 'change', payload: schemas.onlineOffline, description: 'Whether the device answers. It is online only when the status topic says so too.' },
  response: { pattern: '{base}/{node}/response/{verb}', direction: 'publish', qos: 1, retain: false, cadence: 'asked', payload: schemas.responsePayload, description: 'Answer to a request or a set. With MQTT 5 it goes to the response topic of the request instead.' },
  discovery: { pattern: '{prefix}/device/{object_id}/config', direction: 'publish', qos: 1, retain: true, cadence: 'change', payload: schemas.discoveryPayload, description: 'Home Assistant device discovery: one for the rig, one for each device.' },

  requestPause: { pattern: '{base}/{node}/request/pause', direction: 'subscribe', qos: 1, retain: false, cadence: 'asked', payload: requestAnyDevice, description: 'Pause all mining, or one device.' },
  requestResume: { pattern: '{base}/{node}/request/resume', direction: 'subscribe', qos: 1, retain: false, cadence: 'asked', payload: requestAnyDevice, description: 'Resume all mining, or one device.' },
  requestDevicePause: { pattern: '{base}/{node}/request/device/pause', direction: 'subscribe', qos: 1, retain: false, cadence: 'asked', payload: requestOneDevice, description: 'Pause one device.' },
  requestDeviceResume: { pattern: '{base}/{node}/request/device/resume', direction: 'subscribe', qos: 1, retain: false, cadence: 'asked', payload: requestOneDevice, description: 'Resume one device.' },
  requestDeviceRestart: { pattern: '{base}/{node}/request/device/restart', direction: 'subscribe', qos: 1, retain: false, cadence: 'asked', payload: requestOneDevice, description: 'Start one device anew. Answered with `pending: true` when it takes longer than an answer may.' },
  requestDeviceIdentify: { pattern: '{base}/{node}/request/device/identify', direction: 'subscribe', qos: 1, retain: false, cadence: 'asked', payload: requestOneDevice, description: 'Let one device show which one it is (lamp).' },
  requestHuntStart: { pattern: '{base}/{node}/request/hunt/start', direction: 'subscribe', qos: 1, retain: false, cadence: 'asked', payload: requestHuntStart, description: 'Start a hunt; `{}` = as configured. E_HUNT_BUSY while one runs.' },
  requestHuntPause: { pattern: '{base}/{node}/request/hunt/pause', direction: 'subscribe', qos: 1, retain: false, cadence: 'asked', payload: requestNothing, description: 'Begin no more jobs; those under way end.' },
  requestHuntResume: { pattern: '{base}/{node}/request/hunt/resume', direction: 'subscribe', qos: 1, retain: false, cadence: 'asked', payload: requestHuntResume, description: 'Go on with a paused hunt, or with one that was stopped.' },
  requestHuntStop: { pattern: '{base}/{node}/request/hunt/stop', direction: 'subscribe', qos: 1, retain: false, cadence: 'asked', payload: requestNothing, description: 'End the hunt; jobs under way are begun again when it is resumed.' },
  requestState: { pattern: '{base}/{node}/request/state', direction: 'subscribe', qos: 1, retain: false, cadence: 'asked', payload: requestNothing, description: 'Ask for the whole state in one answer.' },
  set: { pattern: '{base}/{node}/set', direction: 'subscribe', qos: 1, retain: false, cadence: 'asked', payload: setRig, description: 'Pause or resume all mining. Answered on `response/set`.' },
  deviceSet: { pattern: '{base}/{node}/{device}/set', direction: 'subscribe', qos: 1, retain: false, cadence: 'asked', payload: setDevice, description: 'Change settings of one device; any part of the fields. Answered on `response/set`.' },
  homeAssistantStatus: { pattern: '{prefix}/status', direction: 'subscribe', qos: 0, retain: false, cadence: 'asked', payload: schemas.onlineOffline, description: 'Birth of Home Assistant: on `online` discovery and states are sent again.' },
} as const satisfies Record<string, TopicSpec>;

export type TopicKey = keyof typeof TOPICS;
type Names<P extends string> = P extends `${string}{${infer N}}${infer Rest}` ? N | Names<Rest> : never;
/** Levels of a topic that the caller must fill in. */
export type TopicParams<K extends TopicKey> = Record<Exclude<Names<(typeof TOPICS)[K]['pattern']>, 'base' | 'node' | 'prefix'>, string>;
export type PayloadOf<K extends TopicKey> = z.input<(typeof TOPICS)[K]['payload']>;

/** The levels that are the same for every topic of one daemon. */
export interface TopicScope {
  readonly base: string;
  readonly node: string;
  /** Home Assistant's discovery prefix. */
  readonly prefix: string;
}

/** A message to publish. An empty string removes a retained message. */
export interface OutboundMessage {
  readonly key: TopicKey;
  readonly topic: string;
  readonly payload: unknown;
}

/** Topic levels that cannot be device ids, because commands and answers live under them. */
const RESERVED_LEVELS: readonly string[] = ['request', 'response'];

/** True when `id` can be a topic level of its own: a-z, 0-9 and -, and not one of ours. */
export function isDeviceLevel(id: string): boolean {
  return /^[a-z0-9][a-z0-9-]{0,62}$/.test(id) && !RESERVED_LEVELS.includes(id);
}

/** The topic with its levels filled in. @throws RigError E_INTERNAL when a level is empty or has a wildcard */
export function topicOf<K extends TopicKey>(scope: TopicScope, key: K, params: TopicParams<K>): string {
  const values: Record<string, string> = { ...params, ...scope };
  return TOPICS[key].pattern.replace(/\{(\w+)\}/g, (_whole, name: string) => {
    const value = values[name];
    if (value === undefined || value === '' || /[+#\0]/.test(value)) throw new RigError('E_INTERNAL', `topic level {${name}} of ${TOPICS[key].pattern} cannot be ${JSON.stringify(value)}`);
    return value;
  });
}

/** A message whose payload is of the topic's own shape. */
export function outbound<K extends TopicKey>(scope: TopicScope, key: K, params: TopicParams<K>, payload: PayloadOf<K>): OutboundMessage {
  return { key, topic: topicOf(scope, key, params), payload };
}

/** Which topic of the map a concrete topic is, and its levels; null when it is none of ours. */
export function matchTopic(scope: TopicScope, topic: string): { key: TopicKey; params: Record<string, string> } | null {
  for (const [key, spec] of Object.entries(TOPICS) as [TopicKey, TopicSpec][]) {
    const fixed = spec.pattern.replace('{base}', scope.base).replace('{node}', scope.node).replace('{prefix}', scope.prefix);
    const source = fixed.replace(/[.*+?^$()|[\]\\]/g, '\\$&').replace(/\{(\w+)\}/g, (_whole, name: string) => (name === 'verb' ? `(?<${name}>.+)` : `(?<${name}>[^/]+)`));
    const match = new RegExp(`^${source}$`).exec(topic);
    if (match && (match.groups?.device === undefined || isDeviceLevel(match.groups.device))) return { key, params: { ...match.groups } };
  }
  return null;
}

/** Bytes of a payload on the wire: words as they are, everything else as JSON. */
export function encodePayload(payload: unknown): string {
  return typeof payload === 'string' ? payload : JSON.stringify(payload);
}
