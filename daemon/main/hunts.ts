/** Joins hunts to the rig: they run beside mining, and what becomes of them is told and recorded like everything else. */
import type { RunOptions } from '../cli/run-options.ts';
import type { BlueprintBrainstem } from '../brainstem/blueprint-brainstem.ts';
import { huntPlaces } from '../brainstem/hunts.ts';
import { assertHunts } from '../hunt/config-problems.ts';
import { openHunts, type Hunts } from '../hunt/open-hunts.ts';
import type { HuntEvent } from '../hunt/hunt.ts';
import { huntOutcome } from '../hunt/words.ts';
import type { Ledger } from '../ledger/contract.ts';
import type { HuntTelemetry, RigEvent } from '../telemetry/state.ts';
import type { RigEvents } from './rig-events.ts';
import type { RigContext } from './rig-context.ts';

/** @throws RigError that names file, line and key when no hunt could run with this configuration */
export function checkHunts({ config, configOrigins }: Pick<RunOptions, 'config' | 'configOrigins'>): void {
  assertHunts(config, configOrigins);
}

/** Null when hunts are off. Nothing runs until `begin` of its service. */
export function openRigHunts({ config, resolveSecret }: RunOptions, { brainstem, ledger, events }: { readonly brainstem: BlueprintBrainstem; readonly ledger: Ledger; readonly events: RigEvents }, { clock, log, closer }: Pick<RigContext, 'clock' | 'log' | 'closer'>): Hunts | null {
  if (!config.hunt.enabled) return null;
  const hunts = openHunts({ places: huntPlaces(brainstem), config, owner: 'daemon', clock, log: log.child({ module: 'hunt' }), resolveSecret });
  hunts.service.subscribe((event) => tellHunt(event, hunts.service.state(), events, ledger));
  closer.add('hunts', () => hunts.service.close());
  return hunts;
}

/** What a person or a home automation wants to hear of at once, and what the ledger keeps: how hunts begin and end. */
export function tellHunt(event: HuntEvent, state: HuntTelemetry, events: Pick<RigEvents, 'tell'>, ledger: Pick<Ledger, 'saveSystemReport'>): void {
  if (event.kind !== 'state') return;
  const type = typeOf(event.state, state);
  if (type === null) return;
  const { hunt_id, engine, generations, population, jobs_total, jobs_done, jobs_failed, best, golden, reason } = state;
  const name = `hunt ${hunt_id?.slice(0, 8) ?? ''}`;
  const words: Record<typeof type, string> = {
    hunt_started: `${name} started: ${generations} generations of ${population} jobs`,
    hunt_resumed: `${name} goes on: ${jobs_done} of ${jobs_total} jobs are done`,
    hunt_paused: `${name} paused after ${jobs_done} of ${jobs_total} jobs`,
    hunt_stopped: `${name} stopped after ${jobs_done} of ${jobs_total} jobs: ${reason ?? 'no reason is known'}`,
    hunt_completed: `${name} completed: ${jobs_done} jobs, ${jobs_failed} failed; ${huntOutcome(state)}`,
    hunt_failed: `${name} failed after ${jobs_done} of ${jobs_total} jobs: ${reason ?? 'no reason is known'}`,
  };
  const data = { hunt_id, engine, generations, population, jobs_total, jobs_done, jobs_failed, best, golden, reason };
  events.tell(type, words[type], null, data);
  ledger.saveSystemReport('looping', { event: type, message: words[type], ...data });
}

type HuntEventType = Extract<RigEvent['type'], `hunt_${string}`>;

function typeOf(entered: HuntTelemetry['status'], { jobs_done }: HuntTelemetry): HuntEventType | null {
  switch (entered) {
    case 'running':
      return jobs_done === 0 ? 'hunt_started' : 'hunt_resumed';
    case 'paused':
      return 'hunt_paused';
    case 'stopped':
      return 'hunt_stopped';
    case 'completed':
      return 'hunt_completed';
    case 'failed':
      return 'hunt_failed';
    default:
      return null;
  }
}
