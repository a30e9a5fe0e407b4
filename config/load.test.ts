import { describe, expect, it } from 'vitest';
import { RigError } from '../protocol/common/errors.ts';
import { loadConfig, type ConfigReader, type FlagOverride } from './load.ts';
import { describeOrigin, originOf } from './origin.ts';

/** Files by absolute path. */
function memory(files: Record<string, string>): ConfigReader {
  return {
    text: (file) => files[file] ?? null,
    list: (folder) => Object.keys(files).flatMap((file) => (file.startsWith(`${folder}/`) ? [file.slice(folder.length + 1)] : [])),
  };
}

function load(yaml: string, extra: { env?: Record<string, string>; flags?: FlagOverride[]; files?: Record<string, string> } = {}) {
  return loadConfig({ file: '/etc/rig.yaml', env: extra.env ?? {}, flags: extra.flags ?? [], read: memory({ '/etc/rig.yaml': yaml, ...extra.files }) });
}

function problemsOf(action: () => unknown): string {
  try {
    action();
  } catch (error) {
    if (error instanceof RigError && error.code === 'E_CONFIG_INVALID') return error.message;
    throw error;
  }
  throw new Error('expected the configuration to be refused');
}

describe('loading', () => {
  it('uses the defaults when no default file exists', () => {
    const loaded = loadConfig({ file: null, defaultFiles: ['/nowhere/rig.yaml'], env: {}, read: memory({}) });
    expect(loaded.file).toBeNull();
    expect(loaded.config.mining.default_zeros).toBe(6);
    expect(loaded.config.mining.live).toBe(false);
  });

  it('refuses a missing file that was named', () => {
    expect(() => loadConfig({ file: '/nowhere/rig.yaml', env: {}, read: memory({}) })).toThrow(expect.objectContaining({ code: 'E_CONFIG_NOT_FOUND' }));
  });

  it('takes an empty file and groups with everything commented out as defaults', () => {
    expect(load('').config.mqtt.enabled).toBe(true);
    expect(load('pools:\n#  - url: x\nmqtt:\nmining:\n  default_zeros:\n').config.pools).toEqual([]);
  });

  it('lays file, conf.d, environment and flags over each other, the last one winning', () => {
    const base = 'mining:\n  default_zeros: 1\n  max_rounds: 1\n  max_attempts_per_round: 1\n  round_duration_seconds: 1\n';
    const loaded = load(base, {
      files: { '/etc/conf.d/20.yaml': 'mining: {max_rounds: 3, max_attempts_per_round: 3, round_duration_seconds: 3}', '/etc/conf.d/10.yaml': 'mining: {max_rounds: 2}', '/etc/conf.d/note.txt': '!!' },
      env: { RIGBRAIN_MINING__MAX_ATTEMPTS_PER_ROUND: '4', RIGBRAIN_MINING__ROUND_DURATION_SECONDS: '4' },
      flags: [{ flag: '--round-duration', path: ['mining', 'round_duration_seconds'], value: 5 }],
    });
    expect(loaded.config.mining).toMatchObject({ default_zeros: 1, max_rounds: 3, max_attempts_per_round: 4, round_duration_seconds: 5 });
    const origin = (key: string) => describeOrigin(originOf(loaded.origins, ['mining', key]));
    expect(origin('default_zeros')).toBe('/etc/rig.yaml:2:3');
    expect(origin('max_rounds')).toBe('/etc/conf.d/20.yaml:1:10');
    expect(origin('max_attempts_per_round')).toBe('environment RIGBRAIN_MINING__MAX_ATTEMPTS_PER_ROUND');
    expect(origin('round_duration_seconds')).toBe('flag --round-duration');
    expect(origin('auto_submit')).toBe('default');
    expect(loaded.files).toEqual(['/etc/rig.yaml', '/etc/conf.d/10.yaml', '/etc/conf.d/20.yaml']);
  });

  it('replaces a list as a whole when a later file gives it again', () => {
    const loaded = load('pools:\n  - {id: a, url: "stratum+tcp://a:1"}\n  - {id: b, url: "stratum+tcp://b:1"}\n', { files: { '/etc/conf.d/1.yaml': 'pools: [{id: c, url: "stratum+tcp://c:1"}]' } });
    expect(loaded.config.pools.map((pool) => pool.id)).toEqual(['c']);
    expect(loaded.origins.has('pools.1')).toBe(false);
  });
});

describe('problems', () => {
  it('reports every problem at once, each with file, line and column', () => {
    const text = problemsOf(() => load('mining:\n  defualt_zeros: 8\n  max_rounds: many\npool: []\nlog:\n  level: infos\nmqtt:\n  interval_seconds: 0\n'));
    expect(text).toContain('5 problems');
    expect(text).toContain('/etc/rig.yaml:2:3: mining.defualt_zeros: unknown key (did you mean "default_zeros"?)');
    expect(text).toContain('/etc/rig.yaml:3:3: mining.max_rounds: must be a whole number, not text');
    expect(text).toContain('/etc/rig.yaml:4:1: pool: unknown key (did you mean "pools"?)');
    expect(text).toContain('/etc/rig.yaml:6:3: log.level: must be one of trace, debug, info, warn, error (did you mean "info"?)');
    expect(text).toContain('/etc/rig.yaml:8:3: mqtt.interval_seconds: must be at least 1');
  });

  it('points a key in the wrong group to its place', () => {
    expect(problemsOf(() => load('default_zeros: 8\n'))).toContain('default_zeros: unknown key in this group (did you mean "mining.default_zeros"?)');
  });

  it('points a missing key to the entry that lacks it', () => {
    expect(problemsOf(() => load('pools:\n  - id: a\n    user: x\n'))).toContain('/etc/rig.yaml:2:5: pools.0.url: is missing');
  });

  it('finds duplicate keys, tabs and broken syntax', () => {
    expect(problemsOf(() => load('mqtt:\n  user: a\n  user: b\n'))).toContain('/etc/rig.yaml:3:3: this key stands twice');
    expect(problemsOf(() => load('mqtt:\n\tuser: a\n'))).toContain('/etc/rig.yaml:2:1: a tab is used for indentation');
    expect(problemsOf(() => load('mqtt: {a: "b\n'))).toMatch(/rig\.yaml:\d+:\d+: not valid YAML/);
    expect(problemsOf(() => load('- a\n'))).toContain('must be a group');
  });

  it('keeps the names of miners in the house for them', () => {
    expect(problemsOf(() => load('devices:\n  - {id: lan-kitchen, driver: cpu}\n'))).toContain('devices.0.id: names that begin with lan- are those of miners in the house');
  });

  it('finds two pools or devices with the same id', () => {
    expect(problemsOf(() => load('devices:\n  - {id: cpu, driver: cpu}\n  - {id: cpu, driver: cpu}\n'))).toContain('/etc/rig.yaml:3:6: devices.1.id: the same id as devices.0');
  });

  it('never repeats a secret that was written in the wrong place', () => {
    const text = problemsOf(() => load('mqtt:\n  password: hunter2\n  url: mqtt://joe:hunter2@broker:1883\n'));
    expect(text).toContain('/etc/rig.yaml:2:3: mqtt.password: secrets are given by reference');
    expect(text).toContain('mqtt.url: must not hold credentials');
    expect(text).not.toContain('hunter2');
  });

  it('asks for quotes where a number was meant as text', () => {
    expect(problemsOf(() => load('pools:\n  - {url: "stratum+tcp://a:1", user: 42}\n'))).toContain('must be text, not a whole number; put it in quotes');
  });

  it('survives an alias that contains itself', () => {
    expect(problemsOf(() => load('devices: &x\n  - id: a\n    driver: cpu\n    options: {loop: *x}\n  - *x\n'))).toContain('devices.1');
  });
});

describe('cpu', () => {
  it('is for the CPU nobody listed, with the place of every option', () => {
    const { config, origins } = load('cpu:\n  kernel: avx2\n', { env: { RIGBRAIN_CPU__THREADS: '2' } });
    expect(config.devices).toEqual([{ id: 'cpu', driver: 'cpu', enabled: true, options: { kernel: 'avx2', threads: 2 } }]);
    expect(describeOrigin(originOf(origins, ['devices', 0, 'options', 'kernel']))).toBe('/etc/rig.yaml:2:3');
    expect(describeOrigin(originOf(origins, ['devices', 0, 'options', 'threads']))).toBe('environment RIGBRAIN_CPU__THREADS');
    expect(load('').config.devices).toEqual([]);
  });

  it('lies under what listed CPUs say themselves, and touches nothing else', () => {
    const { config } = load('cpu: {kernel: js, nice: 5}\ndevices:\n  - {id: a, driver: cpu, options: {nice: 7}}\n  - {id: b, driver: other}\n');
    expect(config.devices.map((device) => device.options)).toEqual([{ kernel: 'js', nice: 7 }, {}]);
  });

  it('is checked where it stands', () => {
    expect(problemsOf(() => load('cpu: {kernel: avx3}\n'))).toMatch(/rig\.yaml:1:\d+: cpu\.kernel: /);
    expect(problemsOf(() => load('cpu: {kernle: avx2}\n'))).toContain('cpu.kernle: unknown key');
  });
});

describe('environment', () => {
  it('sets values by the type of the schema', () => {
    const { config } = load('', { env: { RIGBRAIN_MQTT__ENABLED: 'off', RIGBRAIN_MINING__DEFAULT_ZEROS: '8', RIGBRAIN_NODE__ID: 'rig-7', RIGBRAIN_LOG__LEVEL: 'warn' } });
    expect([config.mqtt.enabled, config.mining.default_zeros, config.node.id, config.log.level]).toEqual([false, 8, 'rig-7', 'warn']);
  });

  it('changes an item of a list, and adds the next one', () => {
    const { config, origins } = load('pools:\n  - {id: a, url: "stratum+tcp://a:1", user: me}\n', { env: { RIGBRAIN_POOLS__0__URL: 'stratum+tcp://z:9', RIGBRAIN_POOLS__1__URL: 'stratum+tcp://b:1', RIGBRAIN_DEVICES__0__ID: 'cpu', RIGBRAIN_DEVICES__0__DRIVER: 'cpu', RIGBRAIN_DEVICES__0__OPTIONS__THREADS: '2' } });
    expect(config.pools.map((pool) => [pool.id, pool.url, pool.user])).toEqual([['a', 'stratum+tcp://z:9', 'me'], [undefined, 'stratum+tcp://b:1', '']]);
    expect(config.devices[0]!.options).toEqual({ threads: 2 });
    expect(describeOrigin(originOf(origins, ['pools', 0, 'url']))).toBe('environment RIGBRAIN_POOLS__0__URL');
  });

  it('refuses gaps in a list and values of the wrong type, naming the variable', () => {
    const text = problemsOf(() => load('', { env: { RIGBRAIN_POOLS__3__URL: 'stratum+tcp://a:1', RIGBRAIN_MINING__DEFAULT_ZEROS: 'six', RIGBRAIN_MINING__LIVE: 'maybe' } }));
    expect(text).toContain('environment RIGBRAIN_POOLS__3__URL: pools.3.url: does not fit');
    expect(text).toContain('environment RIGBRAIN_MINING__DEFAULT_ZEROS: mining.default_zeros: must be a number');
    expect(text).toContain('environment RIGBRAIN_MINING__LIVE: mining.live: must be true or false');
  });

  it('warns about unknown variables, but not about reserved ones, secrets or empty ones', () => {
    const { warnings } = load('mqtt: {password: {env: RIGBRAIN_BROKER_PASSWORD}}\n', {
      env: { RIGBRAIN_MQTT__ULR: 'x', RIGBRAIN_LOG: 'debug', RIGBRAIN_VECTORS: '/v', RIGBRAIN_BROKER_PASSWORD: 'pw', RIGBRAIN_NOTHING_AT_ALL: '', PATH: '/bin' },
    });
    expect(warnings).toEqual(['environment variable RIGBRAIN_MQTT__ULR is not a known setting and is ignored (did you mean RIGBRAIN_MQTT__URL?)']);
  });
});
