/** The fields of each kind of entry that have a column of their own; a dot leads into an object. Their order is part of the format. */
const SHARE = ['block_height', 'block_hash', 'miner_id', 'pool', 'pool_job_id', 'nonce', 'difficulty'];

const FIELDS: Readonly<Record<string, readonly string[]>> = {
  ledger: [
    ...SHARE, 'merkleroot', 'leading_zeros', 'share_difficulty', 'meets_difficulty', 'is_block', 'status', 'hashes_tried', 'submitted_to_network', 'submission_timestamp',
    'verdict', 'verdict_reason', 'references.math_proof', 'references.submission_tracking', 'session', 'plain_reason', 'latency_ms',
  ],
  math_proof: [
    'attempt_id', 'block_height', 'block_hash', 'miner_id', 'nonce', 'difficulty', 'leading_zeros', 'is_block', 'header_hex', 'target', 'share_target', 'network_target',
    'version', 'ntime', 'bits', 'merkle_root', 'coinbase', 'merkle_branch', 'computation_proof.total_hashes_computed', 'verification_status',
  ],
  submission: [
    ...SHARE, 'is_block', 'status', 'network_response.status', 'network_response.rpc_response', 'network_response.rpc_code', 'network_response.response_time_ms',
    'references.ledger_entry', 'references.math_proof', 'session', 'share_difficulty', 'plain_reason',
  ],
  rejection: [
    ...SHARE, 'reason', 'network_response.status', 'network_response.rpc_response', 'network_response.rpc_code', 'network_response.response_time_ms',
    'references.ledger_entry', 'references.submission_tracking', 'session', 'share_difficulty', 'plain_reason', 'advice',
  ],
  look_at: ['severity', 'reason', 'message', 'path', 'references'],
  system_report: [
    'event', 'status', 'miner_id', 'mode', 'round_number', 'attempts_this_round', 'total_attempts', 'best_difficulty', 'best_leading_zeros', 'blocks_found', 'rounds_completed',
    'shares_found', 'shares_accepted', 'shares_rejected', 'duration_seconds',
  ],
  error_report: ['error_type', 'severity', 'message', 'pool', 'miner_id', 'context'],
  start: [],
};

/** Columns of every kind, before its own. */
export const HEAD_COLUMNS: readonly string[] = ['seq', 'time', 'kind', 'component', 'bucket', 'id', 'timestamp'];
/** Last column: what has none of its own, as JSON. */
export const OTHER_COLUMN = 'other';

/** The columns between head and `other`, for some kinds together: those of the first, then what the next ones add. They do not depend on the data. */
export function fieldColumns(kinds: readonly string[]): string[] {
  return [...new Set(Object.keys(FIELDS).filter((kind) => kinds.includes(kind)).flatMap((kind) => FIELDS[kind] ?? []))];
}
