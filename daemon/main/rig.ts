/** The running rig: its parts, made and joined. Nothing is started here but what the parts need to be made. */
import path from 'node:path';
import type { RigConfig } from '../../config/schema.ts';
import type { Clock } from '../../protocol/common/clock.ts';
import { RigError } from '../../protocol/common/errors.ts';
import { ownPrefix } from '../../protocol/stratum-v1/server/seats.ts';
import { DEADLINES } from '../../protocol/stratum-v1/limits.ts';
import { Alarms } from '../alarms/alarms.ts';
import type { WebhookTarget } from '../alarms/webhook.ts';
import { webhookTargets } from '../alarms/webhook-targets.ts';
import { createBrainstem } from '../brainstem/brainstem.ts';
import { checkedPart } from '../brainstem/blueprint.ts';
import type { BlueprintBrainstem } from '../brainstem/blueprint-brainstem.ts';
import { loadMathParameters } from '../brainstem/iteration3.ts';
import type { RunOptions } from '../cli/run-options.ts';
import { mathematicsOf } from '../dtm/math-proof.ts';
import { TemplateManager } from '../dtm/template-manager.ts';
import type { Hunts } from '../hunt/open-hunts.ts';
import type { Ledger } from '../ledger/contract.ts';
import { threadEngine } from '../ledger/engine/thread.ts';
import { createLedger } from '../ledger/ledger.ts';
import { resolvePreset } from '../ledger/presets.ts';
import { MiningSession } from '../looping/session.ts';
import { MiningEngine } from '../mining/engine.ts';
import type { JobSource } from '../mining/job.ts';
import { PoolAccounts } from '../mining/pool-accounts.ts';
import { InspectedSource } from '../mining/payout/inspected-source.ts';
import { PayoutWatch } from '../mining/payout/payout-watch.ts';
import { MiningRecorder } from '../mining/recorder.ts';
import { withholdReason } from '../mining/submit-policy.ts';
import { UnsentBlocks } from '../mining/unsent-blocks.ts';
import { LanPool } from '../server/lan-pool.ts';
import { MqttPublisher } from '../telemetry/mqtt-publisher.ts';
import { packageRoot, version } from '../version.ts';
import { readAttestation } from './attestation.ts';
import { startDemoWorld } from './demo.ts';
import { createDevice, createDevices } from './devices.ts';
import { Hotplug } from './hotplug.ts';
import { lockFolder } from './folder-lock.ts';
import { checkHunts, openRigHunts } from './hunts.ts';
import { RigCommands } from './rig-commands.ts';
import type { RigContext } from './rig-context.ts';
import { RigEvents } from './rig-events.ts';
import { RigStateSource } from './rig-state.ts';
import { choiceOf, createOwnSource, createSources, payoutRules, type SourceContext } from './sources.ts';

export interface Rig {
  readonly brainstem: BlueprintBrainstem;
  readonly engine: MiningEngine;
  readonly session: MiningSession;
  readonly state: RigStateSource;
  readonly events: RigEvents;
  /** Null when alarms are off. */
  readonly alarms: Alarms | null;
  /** Null when MQTT is off. */
  readonly publisher: MqttPublisher | null;
  /** Null when nothing but what is listed is driven. */
  readonly hotplug: Hotplug | null;
  /** Null when no other miners are served. */
  readonly lanPool: LanPool | null;
  /** Null when hunts are off. */
  readonly hunts: Hunts | null;
  readonly mqttUrl: string | null;
}

/** The ledger closes last and has what the disk needs for: it ends by itself before its step is given up. */
const LEDGER_CLOSE_MS = 1500;
const LEDGER_STEP_MS = 2000;
/** Test mode is for a limited number of attempts: this many hashes, one round, unless the flags say otherwise. */
const TEST_MODE_ATTEMPTS = 100_000_000;

/**
 * Makes and joins the parts. What may be refused comes first, so that a wrong configuration leaves no folders behind.
 * @throws RigError when a pool, a device, the blueprint or the data folder cannot be used
 */
export async function createRig(options: RunOptions, context: RigContext): Promise<Rig> {
  const { config, mode } = options;
  const { clock, log, closer, hardware } = context;
  checkHunts(options);
  const demo = mode === 'demo' ? await startDemoWorld({ clock, log, closer, versionRolling: options.versionRolling }) : null;
  const unsentBlocks = new UnsentBlocks(log.child({ module: 'mining' }));
  const pools = demo ? [demo.pool] : config.pools;
  const sources = openSources(pools, options, { ...context, unsentBlocks });
  // The demo rings nobody.
  const webhooks = demo || !config.alarms.enabled ? [] : webhookTargets(config.alarms.webhooks, options.resolveSecret);
  const deviceParts = { clock, log, cacheDir: options.cacheDir ?? undefined };
  const devices = await createDevices(config.devices, { kernel: options.kernel, threads: options.threads }, { ...deviceParts, hardware, mayBeNone: config.server.enabled });
  const { brainstem, ledger } = await openLedger(options, context);
  unsentBlocks.open(brainstem.base, path.posix.join(lookAtFolder(brainstem, clock), 'Unsent_Blocks'));

  const payouts = new PayoutWatch(payoutRules(pools), { clock, log: log.child({ module: 'payout' }) });
  const engine = new MiningEngine({
    sources,
    inspect: (job) => payouts.inspect(job),
    devices,
    templates: new TemplateManager({ clock, localZeros: config.mining.default_zeros, ...(config.server.enabled ? { prefixFor: (job) => ownPrefix(job.extranonce2Size) } : {}) }),
    withhold: (share) => withholdReason(share, { mode, live: config.mining.live, autoSubmit: config.mining.auto_submit }),
    choice: choiceOf(config.mining, pools),
    clock,
    log: log.child({ module: 'mining' }),
  });
  const lanPool = config.server.enabled ? new LanPool({ config: config.server, password: options.resolveSecret(config.server.password) }, { engine, ledger, ownSource: (id) => inspected(createOwnSource(id, pools, sourceContext(options, context)), payouts), clock, log: log.child({ module: 'server' }) }) : null;
  const session = openSession(engine, ledger, options, context);
  const accounts = new PoolAccounts(engine, clock);
  accounts.start();
  closer.add('pool accounts', () => accounts.stop());
  const state: RigStateSource = new RigStateSource({ nodeId: config.node.id, version: version(), mode, engine, accounts, payouts, ledger, session: () => session.state(), alarms: () => alarms?.list() ?? [], server: () => lanPool?.state() ?? null, hunt: () => hunts?.service.state() ?? null, economy: config.economy, clock });
  const events = new RigEvents(clock);
  events.attach(engine, ledger);
  const hunts: Hunts | null = openRigHunts(options, { brainstem, ledger, events }, context);
  const alarms = config.alarms.enabled ? openAlarms({ state, events, ledger, webhooks, silenceMs: silenceOf(pools, sources) }, options, context) : null;
  new MiningRecorder({
    engine,
    ledger,
    clock,
    attestation: await readAttestation(),
    mathematics: mathematicsOf(loadMathParameters(path.join(packageRoot(), brainstem.blueprint.data.meta.sync.math_file))),
    iso: (at) => brainstem.timeParts(at).iso,
  }).attach();

  const mqttUrl = demo?.mqttUrl ?? (config.mqtt.enabled ? config.mqtt.url : null);
  const publisher = mqttUrl === null ? null : openPublisher(mqttUrl, options, { engine, state, events, hunts }, context);
  // Devices first, so that hardware is safe before anything else is waited for. The session's last report counts the last verdicts.
  closer.add('session', () => session.stop());
  closer.add('mining', () => engine.stop());
  const hotplug = hardware.discovers ? new Hotplug({ hardware, engine, intervalMs: config.discovery.interval_seconds * 1000, create: (entry, found) => createDevice(entry, hardware.portsOfFound(found, entry.driver), deviceParts), clock, log: log.child({ module: 'usb' }) }) : null;
  if (hotplug) closer.add('usb', () => hotplug.stop());
  if (lanPool) closer.add('lan pool', () => lanPool.stop());
  return { brainstem, engine, session, state, events, alarms, publisher, hotplug, lanPool, hunts, mqttUrl };
}

/** Where a person looks first, relative to the base folder. */
function lookAtFolder(brainstem: BlueprintBrainstem, clock: Clock): string {
  const target = brainstem.viewTargets('look_at', 'brain', clock.now()).find(({ role }) => role === 'global');
  return target ? path.posix.dirname(target.path) : '.';
}

/** Jobs that only one miner gets are looked at, too. */
function inspected(source: JobSource | null, payouts: PayoutWatch): JobSource | null {
  return source && new InspectedSource(source, (job) => payouts.inspect(job));
}

function sourceContext({ config, mode, resolveSecret }: RunOptions, { clock, log }: Pick<RigContext, 'clock' | 'log'>): SourceContext {
  return { clock, log: log.child({ module: 'mining' }), live: config.mining.live, resolveSecret, ...(mode === 'demo' ? {} : { proxy: config.mining.proxy, trustedPools: config.mining.trusted_pools }) };
}

function openSources(pools: RigConfig['pools'], options: RunOptions, { clock, log, unsentBlocks }: RigContext & { unsentBlocks: UnsentBlocks }): JobSource[] {
  const { config, mode } = options;
  if (pools.length === 0) {
    throw new RigError('E_CONFIG_INVALID', `no pool is configured${options.configFile ? ` in ${options.configFile}` : ''}`, { hint: 'Add one under pools: in config/rig.yaml, or run the demo with `rigbrain run --demo`.' });
  }
  if (pools.every(({ enabled }) => !enabled)) throw new RigError('E_CONFIG_INVALID', 'every pool has enabled: false', { hint: 'Set enabled: true for the pools to mine for.' });
  const sources = createSources(pools, { ...sourceContext(options, { clock, log }), unsentBlocks });
  if (mode === 'live' && !config.mining.live && sources.some((source) => source.state().kind !== 'gbt')) {
    throw new RigError('E_LIVE_NOT_ENABLED', 'live mode would submit to a pool, but mining.live is not set');
  }
  return sources;
}

async function openLedger(options: RunOptions, { clock, log, closer, say }: RigContext): Promise<{ brainstem: BlueprintBrainstem; ledger: Ledger }> {
  const { config, mode, dataDir } = options;
  const blueprintFile = path.join(packageRoot(), 'Brain.QTL');
  const brainstem = createBrainstem({
    blueprintFile,
    dataDir,
    mode,
    timeZone: config.node.time_zone,
    weekNumbering: config.node.week_numbering,
    clock,
    log: log.child({ module: 'brainstem' }),
  });
  const lock = await lockFolder(dataDir, brainstem.base, clock);
  closer.add('folder lock', () => lock.release());
  const initialized = await brainstem.initialize('Production-Miner');
  for (const message of initialized.messages) say(message);

  const ledgerLog = log.child({ module: 'ledger' });
  const settings = resolvePreset(config.ledger, mode);
  const engine = threadEngine({ setup: { blueprintFile, checked: checkedPart(brainstem.blueprint), dataDir, mode, timeZone: config.node.time_zone, weekNumbering: config.node.week_numbering, settings, backupFolder: settings.backupDir }, clock, log: ledgerLog });
  const ledger = createLedger({ brainstem, clock, log: ledgerLog, queueLimit: config.ledger.queue_limit, engine, closeTimeoutMs: LEDGER_CLOSE_MS });
  ledger.begin(initialized.at, { mode, version: version(), time_zone: brainstem.timeZone, files_refused: initialized.filesRefused, max_view_bytes: settings.maxViewBytes });
  const close = async (): Promise<void> => {
    await ledger.close();
    log.info(ledger.stats(), 'ledger totals');
  };
  closer.add('ledger', close, LEDGER_STEP_MS);
  lock.onFlush(() => ledger.flush());
  ledger.saveSystemReport('brainstem', { event: 'initialized', mode, folders_created: initialized.foldersCreated, files_generated: initialized.filesCreated, examples: initialized.examples.action });
  return { brainstem, ledger };
}

function openSession(engine: MiningEngine, ledger: Ledger, options: RunOptions, { clock, log }: RigContext): MiningSession {
  const { config, mode } = options;
  return new MiningSession({
    engine,
    ledger,
    clock,
    log: log.child({ module: 'looping' }),
    mode,
    minerId: config.node.id,
    targetZeros: config.mining.default_zeros,
    roundDurationMs: config.mining.round_duration_seconds * 1000,
    maxAttempts: options.maxAttempts ?? (mode === 'test' ? TEST_MODE_ATTEMPTS : config.mining.max_attempts_per_round),
    maxRounds: options.rounds ?? (mode === 'test' ? 1 : config.mining.max_rounds),
  });
}

function openAlarms(parts: { state: RigStateSource; events: RigEvents; ledger: Ledger; webhooks: readonly WebhookTarget[]; silenceMs: (poolId: string) => number }, { config, mode }: RunOptions, { clock, log, closer }: RigContext): Alarms {
  const { state, events, ledger, webhooks, silenceMs } = parts;
  const submits = config.mining.auto_submit && (mode === 'live' || mode === 'demo');
  const alarms = new Alarms({ config: config.alarms, nodeId: config.node.id, webhooks, silenceMs, submits }, { state, ledger, clock, log: log.child({ module: 'alarms' }), tell: (...event) => events.tell(...event) });
  closer.add('alarms', () => alarms.stop());
  return alarms;
}

/** How long the client of a pool lets it be silent, by the pool's id. */
function silenceOf(pools: RigConfig['pools'], sources: readonly JobSource[]): (poolId: string) => number {
  const enabled = pools.filter((pool) => pool.enabled);
  const limits = new Map(sources.map((source, index) => [source.id, (enabled[index]?.deadlines?.silence_seconds ?? DEADLINES.silenceMs / 1000) * 1000]));
  return (poolId) => limits.get(poolId) ?? DEADLINES.silenceMs;
}

function openPublisher(url: string, options: RunOptions, parts: Pick<Rig, 'engine' | 'state' | 'events' | 'hunts'>, { clock, log, closer }: RigContext): MqttPublisher {
  const { mqtt, node } = options.config;
  const publisher = new MqttPublisher(
    {
      url,
      user: mqtt.user,
      password: options.resolveSecret(mqtt.password) ?? undefined,
      baseTopic: mqtt.base_topic,
      nodeId: node.id,
      tls: mqtt.tls,
      intervalSeconds: mqtt.interval_seconds,
      homeAssistant: mqtt.home_assistant,
    },
    { state: parts.state, clock, log: log.child({ module: 'mqtt' }), commands: new RigCommands(parts.engine, { clock, log: log.child({ module: 'mqtt' }) }, parts.hunts?.service ?? null) },
  );
  parts.events.events.on('event', (event) => publisher.publishEvent(event));
  closer.add('mqtt', () => publisher.stop());
  return publisher;
}
