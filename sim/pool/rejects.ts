/** Why the pool refuses something: the Stratum error codes and the plain words that go with them. */

/** Kinds of refused shares, as counted in the statistics. */
export type RejectKind = 'malformed' | 'extranonce2' | 'ntime' | 'version' | 'job_not_found' | 'stale' | 'duplicate' | 'low_difficulty' | 'unauthorized' | 'not_subscribed' | 'on_purpose';

export const STRATUM_CODE = {
  other: 20,
  jobNotFound: 21,
  duplicate: 22,
  lowDifficulty: 23,
  unauthorized: 24,
  notSubscribed: 25,
  methodNotFound: -3,
  notJson: -32700,
  notRequest: -32600,
} as const;

export interface Reject {
  readonly code: number;
  readonly kind: RejectKind;
  readonly text: string;
}

const CODE_OF: Record<Exclude<RejectKind, 'on_purpose'>, number> = {
  malformed: STRATUM_CODE.other,
  extranonce2: STRATUM_CODE.other,
  ntime: STRATUM_CODE.other,
  version: STRATUM_CODE.other,
  job_not_found: STRATUM_CODE.jobNotFound,
  stale: STRATUM_CODE.jobNotFound,
  duplicate: STRATUM_CODE.duplicate,
  low_difficulty: STRATUM_CODE.lowDifficulty,
  unauthorized: STRATUM_CODE.unauthorized,
  not_subscribed: STRATUM_CODE.notSubscribed,
};

export function reject(kind: keyof typeof CODE_OF, text: string): Reject {
  return { code: CODE_OF[kind], kind, text };
}
