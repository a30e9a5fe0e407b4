/** Life of the daemon: opened in one order, closed in the reverse one, and nothing left out whatever happens between. */
import { within } from '../../drivers/transport/deadline.ts';
import { SYSTEM_ROOTS } from '../../drivers/discovery/sysfs.ts';
import { fulfilLastWills } from '../../drivers/safety/last-will.ts';
import { systemClock } from '../../protocol/common/clock.ts';
import type { RunOptions } from '../cli/run-options.ts';
import { version } from '../version.ts';
import { Closer } from './closer.ts';
import { Hardware } from './hardware.ts';
import { makeBoardsSafe } from './safe-boards.ts';
import { openFrontend } from './frontend.ts';
import { createReadiness } from './ready.ts';
import { createRig, type Rig } from './rig.ts';
import { serialPorts } from './serial-ports.ts';
import { StopRequest } from './stop-request.ts';

/** Whole time a stop may take, and the share of it one part may use up when it has no deadline of its own. */
const STOP_MS = 4500;
const STEP_MS = 1500;
const HUB_START_MS = 2000;

/**
 * Runs the daemon until it is told to stop or its rounds are over.
 * @param observe is given the parts when they are joined, before anything mines: for measurements
 * @returns the process exit code
 * @throws RigError when it cannot start (configuration, data folder, no usable device)
 */
export async function runDaemon(options: RunOptions, observe: (rig: Rig) => void = () => {}): Promise<number> {
  const { config, mode } = options;
  const clock = systemClock;
  const closer = new Closer();
  const frontend = openFrontend(options);
  const { log } = frontend;
  const stop = new StopRequest(log, clock);
  // Every other timer is unreferenced; this one keeps the daemon up while all pools are being waited for.
  const keepAlive = setInterval(() => {}, 60_000);
  // Written only when a board was not stopped in the ordinary way; the last thing this process does.
  process.once('exit', () => fulfilLastWills());
  closer.add('signal handlers', () => {
    clearInterval(keepAlive);
    stop.dispose();
  });
  closer.add('frontend', () => frontend.close());
  try {
    const hardware = new Hardware({ config, demo: mode === 'demo', clock, roots: SYSTEM_ROOTS, openSerial: serialPorts(options.captureDir, clock, log) });
    // Before anything else: whatever ran here last may not have stopped its boards.
    for (const { id, safe, found, words } of await makeBoardsSafe(await hardware.boards(), { clock, log })) {
      if (found) log[safe ? 'info' : 'warn']({ device: id, words }, safe ? 'board is safe' : 'board could not be made safe');
    }
    stop.signal.throwIfAborted();
    const rig = await createRig(options, { clock, log, closer, hardware, say: (message) => frontend.say(message) });
    observe(rig);
    const { brainstem, engine, session, state, events, alarms, publisher, hotplug, lanPool, hunts, mqttUrl } = rig;
    events.events.on('event', (event) => frontend.note(event));
    await publisher?.start(stop.signal);
    await engine.start(stop.signal);
    await hotplug?.start(stop.signal);
    await lanPool?.start(stop.signal);
    session.start();
    alarms?.start();
    // Loaded once it mines: a small machine takes a second for it.
    const hub = config.hub.enabled ? (await import('./hub.ts')).openHub(options, rig, { clock, log, closer }) : null;
    if (hub !== null) {
      // A name to listen on may take its time to be looked up: nothing waits for that.
      await within(clock, HUB_START_MS, hub.hub.start(stop.signal));
      frontend.hub(hub.hub, hub.token);
    }

    const readiness = createReadiness({ clock, log, state });
    closer.add('readiness', () => readiness.close());
    readiness.ready();
    events.tell('daemon_started', `rigbrain ${version()} started in ${mode} mode`);
    // Only now: mining comes first. What there is to go on with is found while it runs.
    void hunts?.service.begin();
    frontend.show(state, { dataDir: options.dataDir, base: brainstem.base, mqttUrl, baseTopic: config.mqtt.base_topic, nodeId: config.node.id });

    await Promise.race([stop.requested, session.done]);
    const reason = stop.reason ?? 'all rounds are done';
    log.info({ reason }, 'stopping');
    state.setStopping();
    events.tell('daemon_stopping', `rigbrain is stopping: ${reason}`);
    readiness.stopping();
    // Beside the rest: processes end on their own time, and the hunt goes on at the next start in any case.
    void hunts?.service.close();
    return stop.exitCode;
  } catch (error) {
    if (stop.reason !== null) return stop.exitCode;
    throw error;
  } finally {
    const hardStop = setTimeout(() => {
      log.error({ deadline_ms: STOP_MS }, 'not stopped in time: exiting anyway');
      process.exit(1);
    }, STOP_MS + 300);
    await closer.closeAll({ stepMs: STEP_MS, totalMs: STOP_MS }, clock, log);
    clearTimeout(hardStop);
  }
}
