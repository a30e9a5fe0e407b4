import { describe, expect, test } from 'vitest';
import { discoveryMessages } from './home-assistant.ts';
import { fakeDevice, fakeHunt, fakeRigState, fakeServer } from './rig-state.fixture.ts';

const scope = { base: 'rigbrain', node: 'rig-1', prefix: 'homeassistant' };

interface Doc {
  device: { identifiers: string[]; via_device?: string; sw_version: string };
  origin: { name: string };
  availability: { topic: string }[];
  availability_mode: string;
  state_topic: string;
  components: Record<string, Record<string, unknown>>;
}

function documents(devices = [fakeDevice(), fakeDevice({ id: 'bitaxe-1', driver: 'bitaxe', capabilities: [] })]): Record<string, Doc> {
  const messages = discoveryMessages(scope, fakeRigState({ devices }), 10);
  return Object.fromEntries(messages.map(({ topic, payload }) => [topic, payload as Doc]));
}

describe('discovery', () => {
  test('tells of other miners while they are served', () => {
    const rig = (state = fakeRigState()) => (discoveryMessages(scope, state, 10)[0]!.payload as Doc).components;
    expect(Object.keys(rig())).not.toContain('lan_miners');
    expect(rig(fakeRigState({ server: fakeServer() }))).toMatchObject({ lan_miners: { state_topic: 'rigbrain/rig-1/server' }, lan_hashrate: { unit_of_measurement: 'TH/s', state_topic: 'rigbrain/rig-1/server' } });
  });

  test('shows a hunt while hunts are on: never a score without a p-value, and a button for each command', () => {
    const rig = (state = fakeRigState()) => (discoveryMessages(scope, state, 10)[0]!.payload as Doc).components;
    expect(Object.keys(rig()).filter((key) => key.startsWith('hunt'))).toEqual([]);
    const components = rig(fakeRigState({ hunt: fakeHunt() }));
    for (const [key, component] of Object.entries(components)) if (key.endsWith('_sse')) expect(components).toHaveProperty(key.replace(/_sse$/, '_p'), expect.objectContaining({ state_topic: component.state_topic, value_template: expect.stringContaining('p_value') }));
    expect(components).toMatchObject({
      hunt_status: { state_topic: 'rigbrain/rig-1/hunt' },
      hunt_progress: { unit_of_measurement: '%' },
      hunt_best_sse: { state_topic: 'rigbrain/rig-1/hunt/best', json_attributes_topic: 'rigbrain/rig-1/hunt/best' },
      hunt_start: { platform: 'button', command_topic: 'rigbrain/rig-1/request/hunt/start', payload_press: '{}' },
      hunt_stop: { platform: 'button', command_topic: 'rigbrain/rig-1/request/hunt/stop' },
    });
  });

  test('one document for the rig and one for each device, joined by via_device', () => {
    const docs = documents();
    expect(Object.keys(docs)).toEqual(['homeassistant/device/rigbrain_rig-1/config', 'homeassistant/device/rigbrain_rig-1_cpu/config', 'homeassistant/device/rigbrain_rig-1_bitaxe-1/config']);
    const rig = docs['homeassistant/device/rigbrain_rig-1/config']!;
    expect(rig.device.identifiers).toEqual(['rigbrain_rig-1']);
    expect(rig.state_topic).toBe('rigbrain/rig-1/state');
    const cpu = docs['homeassistant/device/rigbrain_rig-1_cpu/config']!;
    expect(cpu.device.via_device).toBe('rigbrain_rig-1');
    expect(cpu.availability).toEqual([{ topic: 'rigbrain/rig-1/status' }, { topic: 'rigbrain/rig-1/cpu/availability' }]);
    expect(cpu.availability_mode).toBe('all');
    expect(cpu.state_topic).toBe('rigbrain/rig-1/cpu/state');
  });

  test('every component has platform, unique id, a valid entity id, and no deprecated key', () => {
    const seen = new Set<string>();
    for (const doc of Object.values(documents())) {
      expect(doc.origin.name).toBe('rigbrain');
      for (const [key, component] of Object.entries(doc.components)) {
        expect(component.default_entity_id, key).toMatch(/^(sensor|binary_sensor|switch|number|button)\.[a-z0-9_]+$/);
        expect(component.default_entity_id).toSatisfy((entity: string) => entity.startsWith(`${String(component.platform)}.`));
        expect(component).not.toHaveProperty('object_id');
        expect(component.name ?? component.device_class, key).toBeTypeOf('string');
        expect(seen.has(component.unique_id as string), key).toBe(false);
        seen.add(component.unique_id as string);
        if (component.platform === 'switch' || component.platform === 'number') expect(component.command_topic, key).toBeTypeOf('string');
        if (component.platform === 'sensor') expect(component.expire_after, key).toBe(30);
        if (component.platform === 'switch') expect(component).not.toHaveProperty('expire_after');
      }
    }
  });

  test('a board with chips has its own quantities and buttons, and its unit fits its kind', () => {
    const docs = documents([fakeDevice({ id: 'axe', driver: 'bitaxe-raw', capabilities: ['pause', 'restart', 'identify'] }), fakeDevice({ id: 'pac', driver: 'gekko', capabilities: ['pause', 'restart'] })]);
    const axe = docs['homeassistant/device/rigbrain_rig-1_axe/config']!.components;
    expect(axe.restart).toMatchObject({ platform: 'button', command_topic: 'rigbrain/rig-1/request/device/restart', payload_press: '{"device":"axe"}' });
    expect(axe.identify).toMatchObject({ platform: 'button', device_class: 'identify' });
    expect(axe.efficiency).toMatchObject({ unit_of_measurement: 'J/TH', value_template: '{{ value_json.efficiency_j_per_th }}' });
    expect(axe.frequency).toMatchObject({ unit_of_measurement: 'MHz', value_template: '{{ value_json.detail.frequency_mhz }}' });
    expect(axe.hashrate).toMatchObject({ unit_of_measurement: 'TH/s' });
    const pac = docs['homeassistant/device/rigbrain_rig-1_pac/config']!.components;
    expect(pac).not.toHaveProperty('identify');
    expect(pac.hashrate).toMatchObject({ unit_of_measurement: 'GH/s' });
  });

  test('the rig has the quantities a person looks for', () => {
    const { components } = documents()['homeassistant/device/rigbrain_rig-1/config']!;
    expect(Object.keys(components)).toEqual(expect.arrayContaining(['hashrate', 'pool', 'shares_accepted', 'shares_rejected', 'shares_stale', 'best_difficulty', 'blocks', 'started', 'pool_connected', 'mining']));
    expect(components.started).toMatchObject({ device_class: 'timestamp', value_template: '{{ value_json.started_at }}' });
    expect(components.pool_connected).toMatchObject({ platform: 'binary_sensor', device_class: 'connectivity' });
    expect(components.shares_accepted).toMatchObject({ state_class: 'total_increasing', unit_of_measurement: 'shares' });
    expect(components.hashrate).not.toHaveProperty('device_class');
  });

  test('hash rate is in MH/s for a CPU and in TH/s for anything else', () => {
    const unit = (id: string): unknown => documents()[`homeassistant/device/rigbrain_rig-1_${id}/config`]!.components.hashrate!.unit_of_measurement;
    expect([unit('cpu'), unit('bitaxe-1')]).toEqual(['MH/s', 'TH/s']);
  });

  test('the mining switch sends what the set topic takes', () => {
    const docs = documents();
    const rig = docs['homeassistant/device/rigbrain_rig-1/config']!.components.mining!;
    expect(rig.command_topic).toBe('rigbrain/rig-1/set');
    expect([rig.payload_on, rig.payload_off].map((payload) => JSON.parse(payload as string) as unknown)).toEqual([{ paused: false }, { paused: true }]);
    expect(docs['homeassistant/device/rigbrain_rig-1_cpu/config']!.components.mining!.command_topic).toBe('rigbrain/rig-1/cpu/set');
  });

  test('controls appear only for what the device can do', () => {
    const plain = documents()['homeassistant/device/rigbrain_rig-1_bitaxe-1/config']!.components;
    expect(plain).not.toHaveProperty('mining');
    expect(plain).not.toHaveProperty('limit');
    expect(documents()['homeassistant/device/rigbrain_rig-1_cpu/config']!.components.limit).toMatchObject({ platform: 'number', min: 1, max: 100, entity_category: 'config' });
  });
});

test('every kind of alarm is a problem sensor on the list of alarms, which does not expire', () => {
  const rig = documents()['homeassistant/device/rigbrain_rig-1/config']!;
  for (const kind of ['pool_silent', 'pool_auth', 'reject_rate', 'no_share', 'payee_changed', 'all_pools_dead']) {
    const sensor = rig.components[`alarm_${kind}`]!;
    expect(sensor, kind).toMatchObject({ platform: 'binary_sensor', device_class: 'problem', state_topic: 'rigbrain/rig-1/alarms', json_attributes_topic: 'rigbrain/rig-1/alarms', value_template: expect.stringContaining(`'eq', '${kind}'`) });
    expect(sensor).not.toHaveProperty('expire_after');
  }
});

test('earnings and cost are announced only where the prices they rest on are configured', () => {
  const names = (btc: boolean, electricity: boolean): string[] => {
    const [rig] = discoveryMessages(scope, fakeRigState({ economy: { ...fakeRigState().economy, currency: 'CHF', priced: { btc, electricity } } }), 10);
    const { components } = rig!.payload as Doc;
    for (const component of Object.values(components)) if (String(component.value_template).includes('economy.')) expect(component.unit_of_measurement).toBe('CHF/d');
    return Object.keys(components).filter((key) => ['revenue', 'cost', 'profit'].includes(key));
  };
  expect(names(false, false)).toEqual([]);
  expect(names(true, false)).toEqual(['revenue']);
  expect(names(false, true)).toEqual(['cost']);
  expect(names(true, true)).toEqual(['revenue', 'cost', 'profit']);
});
