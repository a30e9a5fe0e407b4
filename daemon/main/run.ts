/**
 * Composition root: makes the parts, joins them, and closes them in reverse order. No logic of its own beyond the order
 * in which things start and stop.
 */
import path from 'node:path';
import { systemClock } from '../../protocol/common/clock.ts';
import { RigError } from '../../protocol/common/errors.ts';
import { createBrainstem } from '../brainstem/brainstem.ts';
import { loadMathParameters } from '../brainstem/iteration3.ts';
import type { RunOptions } from '../cli/run-options.ts';
import { mathematicsOf } from '../dtm/math-proof.ts';
import { TemplateManager } from '../dtm/template-manager.ts';
import { createLedger } from '../ledger/ledger.ts';
import { MiningSession } from '../looping/session.ts';
import { MiningEngine } from '../mining/engine.ts';
import { MiningRecorder } from '../mining/recorder.ts';
import { withholdReason } from '../mining/submit-policy.ts';
import { MqttPublisher } from '../telemetry/mqtt-publisher.ts';
import { packageRoot, version } from '../version.ts';
import { readAttestation } from './attestation.ts';
import { Closer } from './closer.ts';
import { startDemoWorld } from './demo.ts';
import { createDevices } from './devices.ts';
import { lockFolder } from './folder-lock.ts';
import { openFrontend } from './frontend.ts';
import { createReadiness } from './ready.ts';
import { RigCommands } from './rig-commands.ts';
import { RigEvents } from './rig-events.ts';
import { RigStateSource } from './rig-state.ts';
import { createSources } from './sources.ts';
import { StopRequest } from './stop-request.ts';

/** Whole time a stop may take, and the share of it one part may use up. */
const STOP_DEADLINE_MS = 4500;
const STEP_DEADLINE_MS = 1500;
/** The ledger closes last and has what the disk needs for: it ends by itself before its step is given up. */
const LEDGER_CLOSE_MS = 1500;
const LEDGER_STEP_MS = 2000;
/** Test mode is for a limited number of attempts: this many hashes, one round, unless the flags say otherwise. */
const TEST_MODE_ATTEMPTS = 100_000_000;

/**
 * Runs the daemon until it is told to stop or its rounds are over.
 * @returns the process exit code
 * @throws RigError when it cannot start (configuration, data folder, no usable device)
 */
export async function runDaemon(options: RunOptions): Promise<number> {
  const { config, mode } = options;
  const clock = systemClock;
  const closer = new Closer();
  const frontend = openFrontend(options);
  const { log } = frontend;
  const stop = new StopRequest(log, clock);
  // Every other timer is unreferenced; this one keeps the daemon up while all pools are being waited for.
  const keepAlive = setInterval(() => {}, 60_000);
  closer.add('signal handlers', () => {
    clearInterval(keepAlive);
    stop.dispose();
  });
  closer.add('frontend', () => frontend.close());
  try {
    // First what may be refused, so that a wrong configuration leaves no folders behind.
    const demo = mode === 'demo' ? await startDemoWorld({ clock, log, closer, versionRolling: options.versionRolling }) : null;
    const pools = demo ? [demo.pool] : config.pools;
    if (pools.length === 0) {
      throw new RigError('E_CONFIG_INVALID', `no pool is configured${options.configFile ? ` in ${options.configFile}` : ''}`, { hint: 'Add one under pools: in config/rig.yaml, or run the demo with `rigbrain run --demo`.' });
    }
    const sources = createSources(pools, {
      clock,
      log: log.child({ module: 'mining' }),
      live: config.mining.live,
      resolveSecret: options.resolveSecret,
    });
    if (mode === 'live' && !config.mining.live && sources.some((source) => source.state().kind !== 'gbt')) {
      throw new RigError('E_LIVE_NOT_ENABLED', 'live mode would submit to a pool, but mining.live is not set');
    }
    const devices = await createDevices(config.devices, { kernel: options.kernel, threads: options.threads }, clock, log);

    const brainstem = createBrainstem({
      blueprintFile: path.join(packageRoot(), 'Brain.QTL'),
      dataDir: options.dataDir,
      mode,
      timeZone: config.node.time_zone,
      weekNumbering: config.node.week_numbering,
      clock,
      log: log.child({ module: 'brainstem' }),
    });
    closer.add('folder lock', await lockFolder(options.dataDir, brainstem.base));
    const initialized = await brainstem.initialize('Production-Miner');
    for (const message of initialized.messages) frontend.say(message);

    const ledger = createLedger({ brainstem, clock, log: log.child({ module: 'ledger' }), queueLimit: config.ledger.queue_limit, closeTimeoutMs: LEDGER_CLOSE_MS });
    closer.add('ledger', async () => {
      await ledger.close();
      log.info(ledger.stats(), 'ledger totals');
    }, LEDGER_STEP_MS);

    ledger.saveSystemReport('brainstem', { event: 'initialized', mode, folders_created: initialized.foldersCreated, files_generated: initialized.filesCreated, examples: initialized.examples.action });

    const localZeros = options.zeros ?? config.mining.default_zeros;
    const engine = new MiningEngine({
      sources,
      devices,
      templates: new TemplateManager({ clock, localZeros }),
      withhold: (share) => withholdReason(share, { mode, live: config.mining.live, autoSubmit: config.mining.auto_submit }),
      clock,
      log: log.child({ module: 'mining' }),
    });
    const session = new MiningSession({
      engine,
      ledger,
      clock,
      log: log.child({ module: 'looping' }),
      mode,
      minerId: config.node.id,
      targetZeros: localZeros,
      roundDurationMs: config.mining.round_duration_seconds * 1000,
      maxAttempts: options.maxAttempts ?? (mode === 'test' ? TEST_MODE_ATTEMPTS : config.mining.max_attempts_per_round),
      maxRounds: options.rounds ?? (mode === 'test' ? 1 : config.mining.max_rounds),
    });
    const state = new RigStateSource({ nodeId: config.node.id, version: version(), mode, engine, ledger, session: () => session.state(), clock });
    const rigEvents = new RigEvents(clock);
    rigEvents.attach(engine, ledger);
    rigEvents.events.on('event', (event) => frontend.note(event));
    new MiningRecorder({
      engine,
      ledger,
      clock,
      attestation: await readAttestation(),
      mathematics: mathematicsOf(loadMathParameters(path.join(packageRoot(), brainstem.blueprint.data.meta.sync.math_file))),
      iso: (at) => brainstem.timeParts(at).iso,
    }).attach();

    const mqttUrl = demo?.mqttUrl ?? (config.mqtt.enabled ? config.mqtt.url : null);
    if (mqttUrl !== null) {
      const publisher = new MqttPublisher(
        {
          url: mqttUrl,
          user: config.mqtt.user,
          password: options.resolveSecret(config.mqtt.password) ?? undefined,
          baseTopic: config.mqtt.base_topic,
          nodeId: config.node.id,
          tls: config.mqtt.tls,
          intervalSeconds: config.mqtt.interval_seconds,
          homeAssistant: config.mqtt.home_assistant,
        },
        { state, clock, log: log.child({ module: 'mqtt' }), commands: new RigCommands(engine) },
      );
      rigEvents.events.on('event', (event) => publisher.publishEvent(event));
      closer.add('mqtt', () => publisher.stop());
      await publisher.start(stop.signal);
    }
    // Closed after mining: its last report counts the last verdicts.
    closer.add('session', () => session.stop());
    closer.add('mining', () => engine.stop());
    await engine.start(stop.signal);
    session.start();

    const readiness = createReadiness({ clock, log, state });
    closer.add('readiness', () => readiness.close());
    readiness.ready();
    rigEvents.tell('daemon_started', `rigbrain ${version()} started in ${mode} mode`);
    frontend.show(state, { dataDir: options.dataDir, base: brainstem.base, mqttUrl, baseTopic: config.mqtt.base_topic, nodeId: config.node.id });

    await Promise.race([stop.requested, session.done]);
    log.info({ reason: stop.reason ?? 'all rounds are done' }, 'stopping');
    state.setStopping();
    rigEvents.tell('daemon_stopping', `rigbrain is stopping: ${stop.reason ?? 'all rounds are done'}`);
    readiness.stopping();
    return stop.exitCode;
  } catch (error) {
    if (stop.reason !== null) return stop.exitCode;
    throw error;
  } finally {
    const hardStop = setTimeout(() => {
      log.error({ deadline_ms: STOP_DEADLINE_MS }, 'not stopped in time: exiting anyway');
      process.exit(1);
    }, STOP_DEADLINE_MS);
    await closer.closeAll(STEP_DEADLINE_MS, log);
    clearTimeout(hardStop);
  }
}
