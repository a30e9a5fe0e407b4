import type { PoolAccountState } from '../telemetry/state.ts';

/** The account of a pool before anything was sent to it. */
export function noPoolAccount(): PoolAccountState {
  return {
    sent: 0,
    accepted: 0,
    rejected: 0,
    stale: 0,
    unknown: 0,
    withheld: 0,
    accepted_difficulty: 0,
    rejected_difficulty: 0,
    best_difficulty: null,
    last_accepted_at: null,
    reject_reasons: {},
    latency_ms: null,
    hashes: null,
    expected_shares: null,
    luck: null,
    pool_hashrate_hs: null,
    explanation: null,
  };
}
