import type { JsonObject } from '../../brainstem/contract.ts';
import type { BreakdownName, Tally } from './tally.ts';
import { isObject } from '../../../protocol/common/json.ts';

/*
 * The numbers a template can ask for. A template names them bare (`accepted`), with `total_` in front or with
 * `_this_<level>` behind (`total_hashes_this_hour`): all mean the entries of that document.
 */

/** How many there are of something: 0 when there is none. */
const COUNTS: Readonly<Record<string, (tally: Tally) => number>> = {
  entries: (tally) => tally.total,
  attempts: (tally) => tally.count('ledger'),
  blocks: (tally) => tally.blocks,
  blocks_found: (tally) => tally.blocks,
  blocks_mined: (tally) => tally.blocks,
  blocks_proven: (tally) => tally.blocksOf('math_proof'),
  proofs: (tally) => tally.count('math_proof'),
  submissions: (tally) => tally.count('submission'),
  submitted: (tally) => tally.count('submission'),
  accepted: (tally) => tally.breakdown('submissions_by_status').get('accepted') ?? 0,
  rejected: (tally) => tally.breakdown('submissions_by_status').get('rejected') ?? 0,
  orphaned: (tally) => tally.breakdown('submissions_by_status').get('orphaned') ?? 0,
  pending: (tally) => tally.breakdown('submissions_by_status').get('pending') ?? 0,
  rejections: (tally) => tally.count('rejection'),
  reports: (tally) => tally.count('system_report'),
  errors: (tally) => tally.count('error_report'),
  look_at: (tally) => tally.count('look_at'),
  mining_sessions: (tally) => tally.events('mining_session_start'),
  mining_rounds: (tally) => tally.events('mining_round_complete'),
};

/** What entries tell: null when none does. */
const MEASURES: Readonly<Record<string, (tally: Tally) => number | bigint | null>> = {
  hashes: (tally) => tally.hashes,
  hashes_computed: (tally) => tally.hashes,
  average_difficulty: (tally) => tally.averageDifficulty,
  best_difficulty: (tally) => tally.bestDifficulty,
  best_leading_zeros: (tally) => tally.bestLeadingZeros,
  acceptance_rate: acceptanceRate,
  average_submission_latency_ms: (tally) => tally.averageLatencyMs,
};

/** Accepted among the submissions that were answered, 0 to 1. */
function acceptanceRate(tally: Tally): number | null {
  const statuses = tally.breakdown('submissions_by_status');
  const accepted = statuses.get('accepted') ?? 0;
  const answered = accepted + (statuses.get('rejected') ?? 0);
  return answered === 0 ? null : accepted / answered;
}

const BREAKDOWNS: ReadonlySet<string> = new Set<BreakdownName>([
  'submissions_by_status',
  'rejections_by_reason',
  'errors_by_severity',
  'errors_by_type',
  'errors_by_component',
  'reports_by_component',
  'by_type',
  'by_reason',
]);

/** Where in a document totals stand, besides the top. */
const CONTAINERS = ['summary', 'global_data', 'system_status'];

/** Sets every total the document names and the tally knows; the rest stays as the template gave it. */
export function fillTotals(document: JsonObject, tally: Tally): void {
  fill(document, tally);
  for (const name of CONTAINERS) {
    const container = document[name];
    if (isObject(container)) fill(container, tally);
  }
}

function fill(container: JsonObject, tally: Tally): void {
  for (const [key, value] of Object.entries(container)) {
    const name = key.replace(/_this_(hour|day|week|month|year)$/, '').replace(/^total_/, '');
    if (typeof value === 'number' || value === null) {
      const count = Object.hasOwn(COUNTS, name) ? COUNTS[name]?.(tally) : undefined;
      const total = count ?? (Object.hasOwn(MEASURES, name) ? MEASURES[name]?.(tally) : undefined) ?? null;
      // A count that the template starts at null is unknown until there is something to count.
      if (total !== null && !(value === null && count === 0)) container[key] = total;
    } else if (isObject(value) && BREAKDOWNS.has(name)) {
      const zeros = Object.keys(value).map((part) => [part, 0] as const);
      // In a fixed order, so that the same entries give the same text whatever order they were counted in.
      const counts = [...tally.breakdown(name as BreakdownName)].sort(([a], [b]) => (a < b ? -1 : 1));
      container[key] = Object.fromEntries([...zeros, ...counts]);
    }
  }
}
