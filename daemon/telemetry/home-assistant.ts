/**
 * Home Assistant MQTT discovery, device based (one retained document a device, Home Assistant 2024.12 and later).
 * Full key names, because these documents are read by people in logs. Pure functions.
 */
import { ALARM_KINDS, TITLE } from '../alarms/rule.ts';
import type { Capability } from '../../drivers/contract.ts';
import { addressableDevices } from './payloads.ts';
import type { DeviceTelemetry, RigState } from './state.ts';
import { outbound, topicOf, type OutboundMessage, type TopicScope } from './topics.ts';

type Component = { readonly platform: string } & Readonly<Record<string, unknown>>;

interface HashrateUnit {
  readonly unit: string;
  readonly divisor: string;
}

const STICK_DRIVERS = ['cpu', 'gekko', 'icarus'];

/** Fixed by the kind of device, never by the size of the value: a unit that changes breaks Home Assistant's statistics. */
function hashrateUnit(drivers: readonly string[]): HashrateUnit {
  if (drivers.every((driver) => driver === 'cpu')) return { unit: 'MH/s', divisor: '1e6' };
  // A USB stick would show as 0.00 in terahashes.
  return drivers.every((driver) => STICK_DRIVERS.includes(driver)) ? { unit: 'GH/s', divisor: '1e9' } : { unit: 'TH/s', divisor: '1e12' };
}

const entityId = (...parts: string[]): string => parts.join('_').toLowerCase().replace(/[^a-z0-9_]/g, '_');
const field = (path: string): string => `{{ value_json.${path} }}`;

function hashrateSensor({ unit, divisor }: HashrateUnit, path = 'hashrate_hs'): Component {
  return {
    platform: 'sensor',
    name: 'Hashrate',
    unit_of_measurement: unit,
    state_class: 'measurement',
    suggested_display_precision: 2,
    icon: 'mdi:pickaxe',
    value_template: `{{ value_json.${path} / ${divisor} if value_json.${path} is not none else none }}`,
  };
}

function counter(name: string, path: string, unit: string): Component {
  return { platform: 'sensor', name, unit_of_measurement: unit, state_class: 'total_increasing', entity_category: 'diagnostic', value_template: field(path) };
}

const shareSensors: Readonly<Record<string, Component>> = {
  shares_accepted: counter('Shares accepted', 'accepted', 'shares'),
  shares_rejected: counter('Shares rejected', 'rejected', 'shares'),
  shares_stale: counter('Shares stale', 'stale', 'shares'),
  best_difficulty: { platform: 'sensor', name: 'Best difficulty', state_class: 'measurement', icon: 'mdi:trophy', value_template: field('best_difficulty') },
};

const statusSensor: Component = { platform: 'sensor', name: 'Status', entity_category: 'diagnostic', icon: 'mdi:information-outline', value_template: field('status') };

function miningSwitch(commandTopic: string): Component {
  return {
    platform: 'switch',
    name: 'Mining',
    device_class: 'switch',
    icon: 'mdi:pickaxe',
    command_topic: commandTopic,
    payload_on: '{"paused": false}',
    payload_off: '{"paused": true}',
    value_template: "{{ 'OFF' if value_json.paused else 'ON' }}",
    state_on: 'ON',
    state_off: 'OFF',
  };
}

const rigComponents = (scope: TopicScope, state: RigState): Record<string, Component> => ({
  hashrate: hashrateSensor(hashrateUnit(state.devices.map((device) => device.driver))),
  status: statusSensor,
  pool: { platform: 'sensor', name: 'Pool', icon: 'mdi:server-network', value_template: field('pool') },
  pool_connected: {
    platform: 'binary_sensor',
    name: 'Pool connected',
    device_class: 'connectivity',
    entity_category: 'diagnostic',
    payload_on: 'ON',
    payload_off: 'OFF',
    value_template: "{{ 'ON' if value_json.pool_connected else 'OFF' }}",
  },
  ...shareSensors,
  reject_percent: { platform: 'sensor', name: 'Reject rate', unit_of_measurement: '%', state_class: 'measurement', suggested_display_precision: 2, icon: 'mdi:close-circle-outline', value_template: field('reject_percent') },
  luck: { platform: 'sensor', name: 'Luck', unit_of_measurement: '%', state_class: 'measurement', suggested_display_precision: 0, icon: 'mdi:clover', entity_category: 'diagnostic', value_template: '{{ value_json.luck * 100 if value_json.luck is not none else none }}' },
  pool_hashrate: { ...hashrateSensor(hashrateUnit(state.devices.map((device) => device.driver)), 'pool_hashrate_hs'), name: 'Hashrate at the pool', icon: 'mdi:server-network' },
  ...economyComponents(state.economy),
  ...alarmComponents(scope),
  ...(state.server === null ? {} : serverComponents(scope)),
  ...(state.hunt === null ? {} : huntComponents(scope)),
  blocks: { ...counter('Blocks found', 'blocks', 'blocks'), icon: 'mdi:cube-outline' },
  started: { platform: 'sensor', name: 'Started', device_class: 'timestamp', entity_category: 'diagnostic', value_template: field('started_at') },
  mining: miningSwitch(topicOf(scope, 'set', {})),
});

/** Estimates, where the prices they rest on are configured. */
function economyComponents({ currency, priced }: RigState['economy']): Record<string, Component> {
  const money = (name: string, path: string, icon: string): Component => ({ platform: 'sensor', name, unit_of_measurement: `${currency}/d`, state_class: 'measurement', suggested_display_precision: 2, icon, value_template: field(`economy.${path}`) });
  return {
    ...(priced.btc ? { revenue: money('Estimated earnings', 'revenue_per_day', 'mdi:cash-plus') } : {}),
    ...(priced.electricity ? { cost: money('Power cost', 'cost_per_day', 'mdi:cash-minus') } : {}),
    ...(priced.btc && priced.electricity ? { profit: money('Estimated profit', 'profit_per_day', 'mdi:cash') } : {}),
  };
}

/** The LAN pool. What it serves is far larger than the rig's own devices more often than not. */
function serverComponents(scope: TopicScope): Record<string, Component> {
  const state_topic = topicOf(scope, 'server', {});
  return {
    lan_miners: { platform: 'sensor', name: 'LAN miners', unit_of_measurement: 'miners', state_class: 'measurement', icon: 'mdi:lan', state_topic, value_template: field('miners') },
    lan_hashrate: { ...hashrateSensor({ unit: 'TH/s', divisor: '1e12' }), name: 'LAN hashrate', icon: 'mdi:lan', state_topic },
  };
}

/** The parameter hunt. A score is never a sensor without its p-value beside it: what says nothing must not look like a find. */
function huntComponents(scope: TopicScope): Record<string, Component> {
  const state_topic = topicOf(scope, 'hunt', {});
  const best = topicOf(scope, 'huntBest', {});
  const ofRun = (run: 'best' | 'golden', key: string): string => `{{ value_json.${run}.${key} if value_json.${run} is not none else none }}`;
  const score = (name: string, run: 'best' | 'golden'): Component => ({
    platform: 'sensor',
    name: `${name} SSE`,
    icon: 'mdi:sine-wave',
    state_class: 'measurement',
    suggested_display_precision: 4,
    state_topic: best,
    value_template: ofRun(run, 'log_prime_sse'),
    json_attributes_topic: best,
    json_attributes_template: `{{ (value_json.${run} if value_json.${run} is not none else {}) | tojson }}`,
  });
  const chance = (name: string, run: 'best' | 'golden'): Component => ({ platform: 'sensor', name: `${name} p-value`, icon: 'mdi:dice-multiple', state_class: 'measurement', suggested_display_precision: 3, state_topic: best, value_template: ofRun(run, 'p_value') });
  const press = (name: string, icon: string, command_topic: string): Component => ({ platform: 'button', name, icon, command_topic, payload_press: '{}' });
  return {
    hunt_status: { platform: 'sensor', name: 'Hunt', icon: 'mdi:magnify-scan', state_topic, value_template: field('status'), json_attributes_topic: state_topic, json_attributes_template: "{{ {'reason': value_json.reason, 'hunt_id': value_json.hunt_id, 'last_event': value_json.last_event} | tojson }}" },
    hunt_progress: { platform: 'sensor', name: 'Hunt progress', unit_of_measurement: '%', state_class: 'measurement', icon: 'mdi:progress-check', state_topic, value_template: field('progress_percent') },
    hunt_eta: { platform: 'sensor', name: 'Hunt time left', device_class: 'duration', unit_of_measurement: 's', state_topic, value_template: field('eta_secs') },
    hunt_best_sse: score('Hunt best', 'best'),
    hunt_best_p: chance('Hunt best', 'best'),
    hunt_golden_sse: score('Hunt golden', 'golden'),
    hunt_golden_p: chance('Hunt golden', 'golden'),
    hunt_start: press('Start hunt', 'mdi:play', topicOf(scope, 'requestHuntStart', {})),
    hunt_pause: press('Pause hunt', 'mdi:pause', topicOf(scope, 'requestHuntPause', {})),
    hunt_resume: press('Resume hunt', 'mdi:play-pause', topicOf(scope, 'requestHuntResume', {})),
    hunt_stop: press('Stop hunt', 'mdi:stop', topicOf(scope, 'requestHuntStop', {})),
  };
}

/** A problem sensor for each kind of alarm; its attributes say of which pools, and the words. */
function alarmComponents(scope: TopicScope): Record<string, Component> {
  const topic = topicOf(scope, 'alarms', {});
  return Object.fromEntries(
    ALARM_KINDS.map((kind) => {
      const on = `value_json | selectattr('kind', 'eq', '${kind}') | selectattr('healed_at', 'none')`;
      const sensor: Component = {
        platform: 'binary_sensor',
        name: TITLE[kind],
        device_class: 'problem',
        entity_category: 'diagnostic',
        state_topic: topic,
        payload_on: 'ON',
        payload_off: 'OFF',
        value_template: `{{ 'ON' if ${on} | list | count > 0 else 'OFF' }}`,
        json_attributes_topic: topic,
        json_attributes_template: `{{ {'subjects': ${on} | map(attribute='subject') | list, 'messages': ${on} | map(attribute='message') | list} | tojson }}`,
      };
      return [`alarm_${kind}`, sensor];
    }),
  );
}

/** What only boards with chips of their own have; unknown values show as unknown. */
const boardSensors: Readonly<Record<string, Component>> = {
  frequency: { platform: 'sensor', name: 'Frequency', device_class: 'frequency', unit_of_measurement: 'MHz', state_class: 'measurement', entity_category: 'diagnostic', value_template: field('detail.frequency_mhz') },
  voltage: { platform: 'sensor', name: 'Core voltage', device_class: 'voltage', unit_of_measurement: 'V', state_class: 'measurement', entity_category: 'diagnostic', value_template: field('detail.voltage_v') },
  fan: { platform: 'sensor', name: 'Fan', unit_of_measurement: 'rpm', state_class: 'measurement', icon: 'mdi:fan', entity_category: 'diagnostic', value_template: field('detail.fan_rpm') },
  efficiency: { platform: 'sensor', name: 'Efficiency', unit_of_measurement: 'J/TH', state_class: 'measurement', icon: 'mdi:leaf', suggested_display_precision: 1, value_template: field('efficiency_j_per_th') },
  chips: { platform: 'sensor', name: 'Chips', state_class: 'measurement', icon: 'mdi:chip', entity_category: 'diagnostic', value_template: field('detail.chips') },
};

function button(name: string, device_class: string, verb: 'restart' | 'identify', scope: TopicScope, device: string): Component {
  return { platform: 'button', name, device_class, entity_category: 'config', command_topic: topicOf(scope, verb === 'restart' ? 'requestDeviceRestart' : 'requestDeviceIdentify', {}), payload_press: JSON.stringify({ device }) };
}

function deviceComponents(scope: TopicScope, device: DeviceTelemetry): Record<string, Component> {
  const can = (capability: Capability): boolean => device.capabilities.includes(capability);
  const command_topic = topicOf(scope, 'deviceSet', { device: device.id });
  return {
    hashrate: hashrateSensor(hashrateUnit([device.driver])),
    status: statusSensor,
    temperature: { platform: 'sensor', device_class: 'temperature', unit_of_measurement: '°C', state_class: 'measurement', value_template: field('temp_c') },
    power: { platform: 'sensor', device_class: 'power', unit_of_measurement: 'W', state_class: 'measurement', value_template: field('power_w') },
    ...shareSensors,
    ...(device.driver === 'cpu' ? {} : boardSensors),
    hardware_errors: counter('Hardware errors', 'hardware_errors', 'errors'),
    ...(can('pause') ? { mining: miningSwitch(command_topic) } : {}),
    ...(can('restart') ? { restart: button('Restart', 'restart', 'restart', scope, device.id) } : {}),
    ...(can('identify') ? { identify: button('Identify', 'identify', 'identify', scope, device.id) } : {}),
    ...(can('set_limit_percent')
      ? {
          limit: {
            platform: 'number',
            name: 'Speed limit',
            unit_of_measurement: '%',
            entity_category: 'config',
            icon: 'mdi:speedometer',
            min: 1,
            max: 100,
            step: 1,
            command_topic,
            command_template: '{"limit_percent": {{ value }}}',
            value_template: field('detail.limit_percent'),
          },
        }
      : {}),
  };
}

/** Adds what every component needs. Only measurements expire: a switch has no such option. */
function finish(components: Record<string, Component>, uniquePrefix: string, entityPrefix: string, expireAfter: number): Record<string, Component & { unique_id: string }> {
  return Object.fromEntries(
    Object.entries(components).map(([key, component]) => [
      key,
      {
        ...component,
        unique_id: `${uniquePrefix}_${key}`,
        default_entity_id: `${component.platform}.${entityId(entityPrefix, key)}`,
        // What has a topic of its own is sent when it changes, and stays.
        ...((component.platform === 'sensor' || component.platform === 'binary_sensor') && component.state_topic === undefined ? { expire_after: expireAfter } : {}),
      },
    ]),
  );
}

const rigObjectId = (scope: TopicScope): string => `rigbrain_${scope.node}`;
const deviceObjectId = (scope: TopicScope, device: string): string => `rigbrain_${scope.node}_${device}`;

/** Topic that announces a device; an empty retained message there removes it from Home Assistant. */
export function discoveryTopic(scope: TopicScope, device: string): string {
  return topicOf(scope, 'discovery', { object_id: deviceObjectId(scope, device) });
}

/**
 * The discovery documents: one for the rig, one for each device, which belongs to the rig (`via_device`).
 * @param intervalSeconds longest time between two states; a value older than three of these is shown as unavailable
 */
export function discoveryMessages(scope: TopicScope, state: RigState, intervalSeconds: number): OutboundMessage[] {
  const origin = { name: 'rigbrain', sw_version: state.node.version };
  const status = { topic: topicOf(scope, 'status', {}) };
  const expireAfter = Math.ceil(intervalSeconds * 3);
  const rig = rigObjectId(scope);
  return [
    outbound(scope, 'discovery', { object_id: rig }, {
      device: { identifiers: [rig], name: `Rigbrain ${scope.node}`, manufacturer: 'Rigbrain', model: 'Mining rig', sw_version: state.node.version },
      origin,
      availability: [status],
      availability_mode: 'all',
      state_topic: topicOf(scope, 'state', {}),
      components: finish(rigComponents(scope, state), rig, scope.node, expireAfter),
    }),
    ...addressableDevices(state).map((device) => {
      const object_id = deviceObjectId(scope, device.id);
      return outbound(scope, 'discovery', { object_id }, {
        device: { identifiers: [object_id], name: `${scope.node} ${device.title}`, manufacturer: 'Rigbrain', model: device.driver, serial_number: device.id, sw_version: state.node.version, via_device: rig },
        origin,
        availability: [status, { topic: topicOf(scope, 'deviceAvailability', { device: device.id }) }],
        availability_mode: 'all',
        state_topic: topicOf(scope, 'deviceState', { device: device.id }),
        components: finish(deviceComponents(scope, device), object_id, `${scope.node}_${device.id}`, expireAfter),
      });
    }),
  ];
}
