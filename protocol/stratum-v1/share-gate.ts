import { bytesToHex } from '../common/bytes.ts';
import { versionBitsToSubmit } from '../bitcoin/version-rolling.ts';
import { submitParams } from './encode.ts';
import type { JobTracker } from './job-tracker.ts';
import type { Submission } from './options.ts';

/** Either the parameters of mining.submit, or why the pool could only refuse the share. */
export type GateResult = { readonly params: readonly string[] } | { readonly withheld: string };

/** Decides whether a share may be sent on this session, and how it reads on the wire. */
export function prepareSubmit(jobs: JobTracker, share: Submission, user: string, submitStale: boolean): GateResult {
  const job = jobs.find(share.jobSequence);
  if (job === null) return { withheld: 'its job is not (or no longer) one of this session' };
  if (jobs.isForeign(job)) return { withheld: 'the pool has changed the extranonce since' };
  if (jobs.isStale(job) && !submitStale && !share.isBlock) return { withheld: 'the pool has replaced its job' };
  if (share.extranonce2.length !== job.extranonce2Size) return { withheld: `its extranonce2 has ${share.extranonce2.length} bytes instead of ${job.extranonce2Size}` };
  const rolled = (share.version ^ job.version) >>> 0;
  if ((rolled & ~job.versionMask) !== 0) return { withheld: 'it changed version bits that were not agreed' };
  if ((rolled & ~jobs.versionMask) !== 0) return { withheld: 'the pool has taken back version bits it used' };
  // Judged against the pool's own mask, not our narrower one: the pool replaces every bit inside its mask (BIP310).
  const bits = jobs.poolMask === null ? null : versionBitsToSubmit(job.version, jobs.poolMask, share.version);
  return { params: submitParams(user, job.poolJobId, bytesToHex(share.extranonce2), share.ntime, share.nonce, bits) };
}
