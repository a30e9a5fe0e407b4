/**
 * What a person may write in config/rig.yaml. Strict: an unknown key is an error. Every key has a description, because
 * the JSON Schema for editors and the documentation are generated from here. Secrets are never written in the YAML:
 * they come from an environment variable or a file.
 */
import { z } from 'zod';
import { cpuOptions } from '../drivers/cpu/options.ts';
import { hubSchema } from './hub-schema.ts';
import { huntSchema } from './hunt-schema.ts';
import { secretRef } from './secret-ref.ts';
import { simulationSchema } from './simulation-schema.ts';

const id = z.string().regex(/^[a-z0-9][a-z0-9-]{0,62}$/, 'use a-z, 0-9 and - only, 63 at most');

/** What the ledger's times can be taken from. */
export const LEDGER_PRESETS = ['sd-card', 'ssd', 'paranoid'] as const;

const timeZone = z.string().refine(isTimeZone, 'not a time zone this system knows; write it like America/Chicago');

/** The broker's address. Credentials do not belong in it: they would end up in logs. */
const mqttUrl = z
  .string()
  .regex(/^mqtts?:\/\/[^/\s]+$/, 'must look like mqtt://host:1883 or mqtts://host:8883')
  .refine((url) => !url.includes('@'), 'must not hold credentials; use user and password');

const tls = z
  .strictObject({
    ca: z.string().describe('PEM file with the CA to trust instead of the system ones.').optional(),
    fingerprint_sha256: z
      .string()
      .regex(/^([0-9a-fA-F]{2}:?){32}$/, 'use 64 hex digits, colons allowed')
      .describe('Accept exactly the certificate with this SHA-256 fingerprint, whoever signed it.')
      .optional(),
    insecure: z.boolean().default(false).describe('Accept any certificate. Warns at every start.'),
  })
  .describe('TLS settings for stratum+ssl://, https:// and mqtts:// addresses. Default: the authorities of the system, and the name must fit.');

const seconds = (least: number, most: number) => z.number().min(least).max(most);
const deadlines = z
  .strictObject({
    connect_seconds: seconds(0.1, 300).describe('To connect, and again for TLS. Default: 10, through a proxy 30.').optional(),
    handshake_seconds: seconds(0.1, 300).describe('For the answers to mining.subscribe and mining.authorize. Default: 15 and 30.').optional(),
    first_job_seconds: seconds(0.1, 3600).describe('From the authorisation to the first job. Default: 60.').optional(),
    silence_seconds: seconds(0.1, 3600).describe('Longest time without a line from the pool. Default: 180.').optional(),
    submit_seconds: seconds(0.1, 3600).describe('Longest time a share may stay unanswered. Default: 60.').optional(),
  })
  .describe('How long the pool may take before the next one is mined for.');

export const poolSchema = z.strictObject({
  id: id.describe('Short name of this pool in logs, MQTT and the ledger. Default: made from the host name.').optional(),
  url: z.string().min(1).describe('stratum+tcp://host:port, stratum+ssl://host:port, or http://host:port of your own Bitcoin node (solo).'),
  user: z.string().default('').describe('Worker name the pool expects: account.worker or address.worker. For a node: the RPC user.'),
  password: secretRef.describe('The pool or RPC password, by reference. Default: the usual "x".').optional(),
  enabled: z.boolean().default(true).describe('False keeps the entry but never connects.'),
  quota: z.int().min(0).max(1000).default(1).describe('Weight of this pool with `mining.pool_strategy: quota`; 0 = only while no pool with a weight has work.'),
  payout_address: z.string().describe("Your own node: the address the block reward is paid to. A pool: the address its jobs must pay; looked for in every job's coinbase. Default for a pool: the address that `user` begins with, if it does.").optional(),
  payout_min_percent: z.number().min(0).max(100).describe('A pool: least part of the block reward that payout_address must get, percent. Default: anything above nothing.').optional(),
  payout_action: z.enum(['alarm', 'leave']).default('alarm').describe('What is done about a job that does not pay payout_address: an alarm, or an alarm and the job is not mined. With leave the address of `user` counts like payout_address.'),
  cookie_file: z.string().describe("Your own node's .cookie file, instead of user and password.").optional(),
  zmq: z.string().regex(/^tcp:\/\/[^/\s]+:\d+$/, 'must look like tcp://127.0.0.1:28332').describe("Your own node's zmqpubhashblock address: news of a block without polling.").optional(),
  long_poll: z.boolean().default(true).describe('Your own node: let getblocktemplate wait for news (BIP22), beside polling.'),
  coinbase_tag: z.string().max(40).regex(/^[\x20-\x7e]*$/, 'use printable ASCII characters only').describe('Your own node: text in the coinbase. Default: /rigbrain/.').optional(),
  proxy: z.string().describe('socks5h://host:port of a SOCKS5 proxy (Tor: socks5h://127.0.0.1:9050); the proxy resolves the name. Default: mining.proxy.').optional(),
  proxy_isolation: z.boolean().default(true).describe('Give the proxy credentials of this pool alone, so that Tor uses a circuit of its own.'),
  deadlines: deadlines.optional(),
  tls: tls.optional(),
  version_rolling: z.boolean().default(true).describe('Ask the pool for version rolling (BIP310).'),
  version_mask: z
    .string()
    .regex(/^[0-9a-fA-F]{1,8}$/, 'use up to 8 hex digits')
    .default('1fffe000')
    .describe('Version bits we are willing to roll, hex.'),
  suggest_difficulty: z.number().positive().describe('Difficulty to ask the pool for. Default: none, the pool decides.').optional(),
  subscribe_extranonce: z.boolean().default(false).describe('Send mining.extranonce.subscribe (NiceHash and proxies use it).'),
});

export const deviceSchema = z.strictObject({
  id: id
    .refine((name) => name !== 'request' && name !== 'response', 'request and response are MQTT topics of the rig itself')
    .refine((name) => !name.startsWith('lan-'), 'names that begin with lan- are those of miners in the house')
    .describe('Short, stable name of this device in logs, MQTT and the ledger.'),
  driver: z.string().describe('Driver id, see `rigbrain devices --drivers`.'),
  enabled: z.boolean().default(true).describe('False keeps the entry but leaves the device alone.'),
  options: z.record(z.string(), z.unknown()).default({}).describe("The driver's own options, see `rigbrain devices --drivers`."),
});

export const configSchema = z.strictObject({
  version: z.literal(1).default(1).describe('Version of this file format.'),
  node: z
    .strictObject({
      id: id.default('rig1').describe('Name of this rig in MQTT topics and Home Assistant.'),
      time_zone: timeZone.describe('IANA time zone for the ledger folders. Default: the blueprint (America/Chicago).').optional(),
      week_numbering: z.enum(['monday', 'iso']).describe('Week rule of the ledger folders. Default: the blueprint (monday).').optional(),
    })
    .prefault({})
    .describe('Who and where this rig is.'),
  mining: z
    .strictObject({
      mode: z.enum(['demo', 'test', 'staging', 'live']).default('live').describe('Mode when no mode flag is given.'),
      live: z.boolean().default(false).describe('The explicit opt-in: shares and blocks may be submitted to real pools and nodes (anything but regtest).'),
      default_zeros: z.int().min(0).max(64).default(6).describe('Local target in leading zero hex digits: hashes at or below it are noted in the session reports.'),
      round_duration_seconds: z.number().min(1).max(86_400).default(3600).describe('Length of a round; each ends with a mining_round_complete report.'),
      max_attempts_per_round: z.int().min(0).default(0).describe('End a round after this many hashes; 0 = only by time.'),
      max_rounds: z.int().min(0).default(0).describe('Stop after this many rounds; 0 = never.'),
      pool_strategy: z
        .enum(['failover', 'quota', 'round-robin'])
        .default('failover')
        .describe('failover: the first pool that works. quota: work is split by the weights of the pools. round-robin: each pool in turn.'),
      rotate_seconds: z.number().min(0.5).max(86_400).default(60).describe('quota and round-robin: how long work stays with one pool before the next one may have it.'),
      return_seconds: z.number().min(0).max(86_400).default(60).describe('How long a better pool that failed must work again before it is mined for again.'),
      trusted_pools: z.array(z.string().min(1)).max(256).default([]).describe('Hosts (example.com covers what is below it, host:port only that port) that may be mined for; a pool or redirect elsewhere is refused. Empty: every pool under pools.'),
      proxy: z.string().describe('socks5h://host:port for all pools that name no proxy of their own; never used for your own node.').optional(),
      auto_submit: z.boolean().default(true).describe('False: shares are checked and written to the ledger but never sent.'),
    })
    .prefault({})
    .describe('What is mined, how long, and what may be submitted.'),
  pools: z.array(poolSchema).max(32).default([]).describe('Pools in order of preference.'),
  devices: z.array(deviceSchema).max(256).default([]).describe('Devices. Empty: the CPU fallback hasher, and what is found on USB.'),
  discovery: z
    .strictObject({
      enabled: z.boolean().default(true).describe('Drive miners that say on USB what they are, without an entry under devices. Never in demo mode.'),
      interval_seconds: z.number().min(1).max(60).default(2).describe('How often USB is looked at for new ones.'),
    })
    .prefault({})
    .describe('Miners that are plugged in.'),
  cpu: cpuOptions.describe('Options of the CPU hasher, for every device with `driver: cpu` that does not set them itself.').optional(),
  mqtt: z
    .strictObject({
      enabled: z.boolean().default(true).describe('False: no MQTT at all.'),
      url: mqttUrl.default('mqtt://127.0.0.1:1883').describe('mqtt:// or mqtts:// address of the broker, without credentials.'),
      user: z.string().describe('User name at the broker.').optional(),
      password: secretRef.describe('Password at the broker, by reference.').optional(),
      base_topic: z
        .string()
        .regex(/^[^+#\s/][^+#\s]*[^+#\s/]$|^[^+#\s/]$/, 'no +, #, spaces, or / at the ends')
        .default('rigbrain')
        .describe('First part of every topic.'),
      tls: tls.optional(),
      home_assistant: z
        .strictObject({
          enabled: z.boolean().default(true).describe('Announce devices for Home Assistant discovery.'),
          prefix: z.string().default('homeassistant').describe("Home Assistant's discovery prefix."),
        })
        .prefault({})
        .describe('Home Assistant discovery.'),
      interval_seconds: z.number().min(1).max(3600).default(10).describe('Longest time between two state messages of a device.'),
    })
    .prefault({})
    .describe('The MQTT broker that state goes to and commands come from.'),
  ledger: z
    .strictObject({
      preset: z
        .enum(LEDGER_PRESETS)
        .describe('How soon entries are on the disk and in the files: sd-card writes least, ssd within a second, paranoid syncs every entry. Default: sd-card, in demo mode ssd.')
        .optional(),
      sync_ms: z.int().min(0).max(60_000).describe('Longest time an entry waits for the journal to be synced, milliseconds; 0 = no wait. Blocks never wait. Default: the preset.').optional(),
      leaf_flush_ms: z.int().min(100).max(3_600_000).describe("Time between two writes of an hour's files, milliseconds. Default: the preset.").optional(),
      coarse_flush_ms: z.int().min(100).max(21_600_000).describe('The same for the files of days and everything above; never less than leaf_flush_ms. Default: the preset.').optional(),
      max_view_mb: z.int().min(1).max(400).default(64).describe('Size at which a file with entries is closed and its next part begun, MiB.'),
      backup_dir: z.string().regex(/^\//, 'must be an absolute path').describe('Folder, best on another disk, for entries that the data folder refuses. Default: the data folder.').optional(),
      queue_limit: z.int().min(100).max(1_000_000).default(10_000).describe('Entries that may wait for the disk before they are counted as lost.'),
    })
    .prefault({})
    .describe('The records on disk.'),
  server: z
    .strictObject({
      enabled: z.boolean().default(false).describe('True: other miners in the house can mine through this rig, by Stratum V1.'),
      host: z.string().min(1).default('127.0.0.1').describe('Address to listen on. 0.0.0.0 = every interface; the default is reachable from this machine only.'),
      port: z.int().min(0).max(65_535).default(3333).describe('TCP port.'),
      allow: z.array(z.string().min(1)).max(64).default([]).describe('Addresses or networks (192.168.1.0/24) that may connect. Empty: private and loopback addresses.'),
      password: secretRef.describe('Password miners must give, by reference. Default: any.').optional(),
      max_miners: z.int().min(1).max(20_000).default(1024).describe('Connections at the same time.'),
      max_per_address: z.int().min(1).max(20_000).default(128).describe('The same from one address.'),
      share_seconds: z.number().min(0.5).max(600).default(10).describe('Wanted time between two shares of a miner; its difficulty follows.'),
      start_difficulty: z.number().positive().default(1024).describe('Difficulty of a miner that is not known yet.'),
      min_difficulty: z.number().positive().default(0.001).describe('Least difficulty given to a miner.'),
      max_difficulty: z.number().positive().describe('Highest difficulty given to a miner. Default: none but that of the pool.').optional(),
      version_rolling: z.boolean().default(true).describe('Let miners roll version bits, where the pool does.'),
    })
    .prefault({})
    .describe('A pool for other miners in the house: their work comes from, and their shares go to, the pool this rig mines for.'),
  alarms: z
    .strictObject({
      enabled: z.boolean().default(true).describe('False: no alarms at all.'),
      pool_silent_seconds: z.number().min(1).max(3600).default(90).describe('A connected pool that said nothing for so long.'),
      reject_percent: z.number().gt(0).max(100).default(5).describe('More rejected shares than this, in percent of those sent, and not by chance.'),
      no_share_factor: z.number().min(2).max(1000).default(10).describe('No accepted share for so many times the expected time between two.'),
      all_pools_dead_seconds: z.number().min(0).max(3600).default(15).describe('No pool has work for so long.'),
      webhooks: z
        .array(
          z
            .strictObject({
              url: z.string().regex(/^https?:\/\//, 'must begin with http:// or https://').refine((url) => !/^https?:\/\/[^/]*@/.test(url), 'must not hold credentials; use token, or url_from').describe('Address that gets a POST with JSON.').optional(),
              url_from: secretRef.describe('The address, by reference, when it holds a secret.').optional(),
              token: secretRef.describe('Sent as Authorization: Bearer, by reference.').optional(),
              format: z.enum(['json', 'ntfy']).default('json').describe('json, or the headers and text of an ntfy topic.'),
            })
            .refine((hook) => (hook.url === undefined) !== (hook.url_from === undefined), 'give exactly one of url or url_from'),
        )
        .max(8)
        .default([])
        .describe('Where alarms go beside MQTT.'),
    })
    .prefault({})
    .describe('What a person is told about, once when it begins and once when it ends.'),
  economy: z
    .strictObject({
      currency: z.string().regex(/^[A-Z]{3}$/, 'use three letters, e.g. EUR').default('EUR').describe('Currency of the figures below.'),
      btc_price: z.number().positive().describe('Price of one bitcoin.').optional(),
      electricity_price_per_kwh: z.number().min(0).describe('Price of a kilowatt hour.').optional(),
      pool_fee_percent: z.number().min(0).max(100).describe('What the pool keeps.').optional(),
      block_reward_btc: z.number().positive().describe("Reward of a block. Default: what the present job's coinbase pays.").optional(),
      extra_power_w: z.number().min(0).default(0).describe('Power of what no device measures: host, fans, power supply.'),
    })
    .prefault({})
    .describe('Figures for estimated earnings and cost. Without them there is no estimate.'),
  simulation: simulationSchema,
  hunt: huntSchema,
  hub: hubSchema,
  log: z
    .strictObject({
      level: z.enum(['trace', 'debug', 'info', 'warn', 'error']).default('info').describe('Least severe level written.'),
      verbose_logging: z.boolean().default(false).describe('Short for level: debug.'),
    })
    .prefault({})
    .describe('Logging.'),
});

function isTimeZone(name: string): boolean {
  try {
    new Intl.DateTimeFormat('en', { timeZone: name });
    return true;
  } catch {
    return false;
  }
}

/** A whole, checked configuration with every default filled in. */
export type RigConfig = z.output<typeof configSchema>;
/** What a person may write: every key with a default may be left out. */
export type RigConfigInput = z.input<typeof configSchema>;
export type PoolConfig = z.output<typeof poolSchema>;
export type ServerConfig = RigConfig['server'];
export type AlarmsConfig = RigConfig['alarms'];
export type EconomyConfig = RigConfig['economy'];
export type DeviceConfig = z.output<typeof deviceSchema>;
export type HuntConfig = RigConfig['hunt'];
export type HubConfig = RigConfig['hub'];
