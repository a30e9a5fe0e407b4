/** Why a pool refused a share, in the words of the verdicts. */
export type RejectStatus = 'rejected' | 'stale' | 'duplicate' | 'low_difficulty' | 'unauthorized';

/** Error codes that all pools agree on. 20 is "other": there the words decide (DATUM's "unknown-work" is 20 and stale). */
const BY_CODE: ReadonlyMap<number, RejectStatus> = new Map([
  [21, 'stale'],
  [22, 'duplicate'],
  [23, 'low_difficulty'],
  [24, 'unauthorized'],
  [25, 'unauthorized'],
]);

const BY_WORDS: readonly (readonly [RegExp, RejectStatus])[] = [
  [/stale|job.?not.?found|unknown.?(work|job)|invalid.?job/i, 'stale'],
  [/dup/i, 'duplicate'],
  [/target|diff|high-hash|h-not-zero/i, 'low_difficulty'],
  [/unauthori[sz]ed|not.?authori[sz]ed|not.?subscribed/i, 'unauthorized'],
];

/** Classifies a rejection by its code first, then by its words. */
export function classifyReject(code: number | null, message: string | null): RejectStatus {
  const byCode = code === null ? undefined : BY_CODE.get(code);
  if (byCode !== undefined) return byCode;
  return BY_WORDS.find(([words]) => words.test(message ?? ''))?.[1] ?? 'rejected';
}
