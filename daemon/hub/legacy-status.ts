/** `GET /api/get-status`: the keys and spellings of the first hubs. */
import { finalResult } from '../hunt/final-result.ts';
import { provenanceName } from '../hunt/provenance.ts';
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
    last_h_norm: hNorm(state.last_h_norm),
    last_p_value: decimals(state.last_p_value, 4),
    found_files: found.map(provenanceName),
    final_result: state.status === 'completed' ? await finalResultOf(hunts.archive, state) : {},
    current_gen: state.generation,
    total_gens: state.generations,
    last_job_id: found.at(-1) ?? null,
  };
}

/** Six decimals as the score, but never a zero that is none: geometry that keeps up with its field is at 1e-6 and below. */
const hNorm = (value: number | null): string => (value === null || value === 0 || value >= 1e-3 ? decimals(value, 6) : value.toExponential(3));

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

async function finalResultOf(archive: HubArchive, { hunt_id, best, golden, jobs_done }: HuntTelemetry): Promise<HubStatus['final_result']> {
  if (hunt_id === null || best === null) return {};
  const of = `${hunt_id} ${best.job_uuid} ${golden?.source_job_uuid} ${jobs_done}`;
  const before = results.get(archive);
  if (before?.of === of) return before.result;
  const result = (await finalResult(archive, await archive.detail(hunt_id))) ?? {};
  results.set(archive, { of, result });
  return result;
}
