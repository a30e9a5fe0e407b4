/** `GET /api/get-status`: the keys and spellings of the first hubs. */
import { provenanceName, type Provenance } from '../hunt/provenance.ts';
import type { Golden } from '../hunt/golden.ts';
import { verdictOf } from '../hunt/verdict.ts';
import type { HuntTelemetry } from '../telemetry/state.ts';
import type { HubStatus } from './api-types.ts';
import type { HubArchive, HubParts } from './ports.ts';

/** Files named in an answer; of more, the newest. */
const MOST_FILES = 1000;

const WORDS: Readonly<Record<Exclude<HuntTelemetry['status'], 'failed'>, string>> = {
  idle: 'Idle',
  running: 'Running',
  pausing: 'Running',
  paused: 'Paused',
  stopping: 'Running',
  stopped: 'Stopped',
  completed: 'Completed',
};

/** The state comes from memory, so it moves while a hunt runs; only what is on the disk is asked of the archive. */
export async function hubStatus(hunts: HubParts['hunts']): Promise<HubStatus> {
  const state = hunts?.control.state() ?? null;
  if (hunts === null || state === null) return { hunt_status: 'Idle', last_event: 'hunts are off', last_sse: '-', last_h_norm: '-', last_p_value: '-', found_files: [], final_result: {}, current_gen: null, total_gens: null, last_job_id: null };
  const found = state.hunt_id === null ? [] : await foundJobs(hunts.archive, state.hunt_id);
  return {
    hunt_status: state.status === 'failed' ? `Error: ${state.reason ?? 'unknown'}` : WORDS[state.status],
    last_event: state.last_event ?? '-',
    last_sse: decimals(state.last_sse, 6),
    last_h_norm: decimals(state.last_h_norm, 6),
    last_p_value: decimals(state.last_p_value, 4),
    found_files: found.map(provenanceName),
    final_result: state.status === 'completed' ? await finalResult(hunts.archive, state) : {},
    current_gen: state.generation,
    total_gens: state.generations,
    last_job_id: found.at(-1) ?? null,
  };
}

const decimals = (value: number | null, digits: number): string => (value === null ? '-' : value.toFixed(digits));

async function foundJobs(archive: HubArchive, huntId: string): Promise<string[]> {
  const { rows } = await archive.rows(huntId, { offset: 0, limit: MOST_FILES, order: 'newest' });
  return rows
    .filter(({ status }) => status !== 'pending')
    .map(({ job_uuid }) => job_uuid)
    .reverse();
}

/** Once per champion: it does not change any more. */
const results = new WeakMap<HubArchive, { readonly of: string; readonly result: HubStatus['final_result'] }>();

async function finalResult(archive: HubArchive, { hunt_id, best, golden, jobs_done, jobs_failed }: HuntTelemetry): Promise<HubStatus['final_result']> {
  if (hunt_id === null || best === null) return {};
  const of = `${hunt_id} ${best.job_uuid} ${golden?.source_job_uuid} ${jobs_done}`;
  const before = results.get(archive);
  if (before?.of === of) return before.result;
  const provenance = await archive.provenance(hunt_id, best.job_uuid);
  const found = await archive.golden(hunt_id);
  const result = flatResult(provenance, best.fitness, found?.source_job_uuid === best.job_uuid ? found.reevaluation : null, jobs_done - jobs_failed);
  results.set(archive, { of, result });
  return result;
}

/** Every parameter beside the scores, and the same once more in groups: readers of either form find theirs. Never without what the score amounts to. */
function flatResult({ job_uuid, hunt_id, config_hash, generation, global_seed, sentinel_code, metrics, simulation, sncgl_params, sdg_params }: Provenance, fitness: number, reevaluation: Golden['reevaluation'] | null, runs: number): HubStatus['final_result'] {
  const { log_prime_sse, sdg_h_norm_l2, p_value, sse_null_phase_scramble, sse_null_target_shuffle } = metrics;
  const scores = { job_uuid, hunt_id, config_hash, generation, global_seed, sentinel_code, fitness, log_prime_sse, sdg_h_norm_l2, p_value, sse_null_phase_scramble, sse_null_target_shuffle };
  return { ...scores, ...sncgl_params, ...sdg_params, simulation, sncgl_params, sdg_params, reevaluation, verdict: verdictOf({ p_value, runs, reevaluation }) };
}
