/** Shows a hunt while it runs: a line that moves at a terminal, and a line a generation. */
import { setTimeout as wait } from 'node:timers/promises';
import type { GenerationSummary, HuntDetail } from '../../hunt/archive-types.ts';
import type { HuntStatus, HuntTelemetry } from '../../telemetry/state.ts';
import type { CliIo } from '../io.ts';
import { generationLine, statusLine } from './words.ts';

export interface Watched {
  /** As it is now; null = whoever runs hunts runs none. */
  state(): Promise<HuntTelemetry | null>;
  detail(huntId: string): Promise<Pick<HuntDetail, 'generations' | 'summary'>>;
}

export interface FollowOptions {
  readonly huntId: string;
  readonly json: boolean;
  /** Generations below it were told before. Default 0. */
  readonly from?: number;
  /** Ends the watching, not the hunt. */
  readonly signal: AbortSignal;
  readonly pollMs?: number;
  readonly sleep?: (ms: number, signal: AbortSignal) => Promise<void>;
}

const POLL_MS = 500;
const ENDED: readonly HuntStatus[] = ['idle', 'stopped', 'completed', 'failed'];

/** @returns the last state of the hunt; null when the watching was ended before it, or another hunt has taken its place @throws what `watched` throws */
export async function follow(io: CliIo, watched: Watched, { huntId, json, from = 0, signal, pollMs = POLL_MS, sleep = pause }: FollowOptions): Promise<HuntTelemetry | null> {
  let told = from;
  const tell = async (): Promise<void> => {
    const { generations, summary } = await watched.detail(huntId);
    for (const generation of generations.slice(told)) {
      if (generation.done < generation.jobs) break;
      told = generation.generation + 1;
      if (json) io.out(JSON.stringify({ type: 'generation', ...(generation satisfies GenerationSummary) }));
      else io.out(generationLine(generation, summary.generations));
    }
  };
  try {
    while (!signal.aborted) {
      const state = await watched.state();
      if (state === null || state.hunt_id !== huntId) {
        await tell();
        return null;
      }
      const ended = ENDED.includes(state.status);
      // The number goes up when the next one begins; then the one before has ended.
      if (ended || (state.generation ?? 0) > told || state.jobs_done === state.jobs_total) await tell();
      if (ended) return state;
      io.status(statusLine(state));
      await sleep(pollMs, signal);
    }
    return null;
  } finally {
    io.status(null);
  }
}

const pause = (ms: number, signal: AbortSignal): Promise<void> => wait(ms, undefined, { signal }).catch(() => {});
