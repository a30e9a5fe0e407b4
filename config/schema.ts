/**
 * What a person may write in config/rig.yaml. Strict: an unknown key is an error. Every key has a description, because
 * the JSON Schema for editors and the documentation are generated from here. Secrets are never written in the YAML:
 * they come from an environment variable or a file.
 */
import { z } from 'zod';
import { cpuOptions } from '../drivers/cpu/options.ts';

const id = z.string().regex(/^[a-z0-9][a-z0-9-]{0,62}$/, 'use a-z, 0-9 and - only, 63 at most');

/** Where a secret is kept: exactly one of an environment variable or a file (systemd credentials are files). */
export const secretRef = z
  .strictObject({
    env: z.string().min(1).describe('Name of the environment variable that holds the secret.').optional(),
    file: z.string().min(1).describe('File that holds the secret (its last newline is dropped).').optional(),
  })
  .refine((value) => (value.env === undefined) !== (value.file === undefined), 'give exactly one of env or file');

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
  .describe('TLS settings for stratum+ssl:// and mqtts:// addresses.');

export const poolSchema = z.strictObject({
  id: id.describe('Short name of this pool in logs, MQTT and the ledger. Default: made from the host name.').optional(),
  url: z.string().min(1).describe('stratum+tcp://host:port, stratum+ssl://host:port, or http://host:port of your own Bitcoin node (solo).'),
  user: z.string().default('').describe('Worker name the pool expects: account.worker or address.worker. For a node: the RPC user.'),
  password: secretRef.describe('The pool or RPC password, by reference. Default: the usual "x".').optional(),
  payout_address: z.string().describe('Solo mining on your own node: the address the block reward is paid to.').optional(),
  cookie_file: z.string().describe("Your own node's .cookie file, instead of user and password.").optional(),
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
  id: id.refine((name) => name !== 'request' && name !== 'response', 'request and response are MQTT topics of the rig itself').describe('Short, stable name of this device in logs, MQTT and the ledger.'),
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
export type DeviceConfig = z.output<typeof deviceSchema>;
export type SecretRef = z.output<typeof secretRef>;
