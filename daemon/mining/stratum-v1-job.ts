import { difficultyFromTarget } from '../../protocol/bitcoin/target.ts';
import type { V1Job } from '../../protocol/stratum-v1/job-tracker.ts';
import type { Submission } from '../../protocol/stratum-v1/options.ts';
import type { ShareVerdict } from '../../protocol/stratum-v1/outputs.ts';
import type { Job, Share, Verdict } from './job.ts';

/** Doubles may judge a hash at the very edge differently from the network: shares this close are treated as blocks. */
const BLOCK_MARGIN = 0.999;

/** A job of a Stratum V1 session in the words of the daemon. */
export function toJob(job: V1Job, sourceId: string, session: number, receivedAt: number, receivedMono: number): Job {
  return {
    key: `${sourceId}:${session}:${job.sequence}`,
    sourceId,
    session,
    poolJobId: job.poolJobId,
    prevHash: job.prevHash,
    coinb1: job.coinb1,
    extranonce1: job.extranonce1,
    extranonce2Size: job.extranonce2Size,
    coinb2: job.coinb2,
    merkleBranch: job.merkleBranch,
    version: job.version,
    versionMask: job.versionMask,
    nbits: job.nbits,
    ntime: job.ntime,
    clean: job.clean,
    shareDifficulty: job.difficulty,
    shareTarget: job.shareTarget,
    networkTarget: job.networkTarget,
    height: job.height,
    receivedAt,
    receivedMono,
  };
}

/** A share in the words of the session its job came from. */
export function toSubmission(share: Share): Omit<Submission, 'token'> {
  return {
    jobSequence: Number(share.job.key.slice(share.job.key.lastIndexOf(':') + 1)),
    extranonce2: share.extranonce2,
    ntime: share.ntime,
    nonce: share.nonce,
    version: share.version,
    isBlock: share.isBlock || share.difficulty >= BLOCK_MARGIN * difficultyFromTarget(share.job.networkTarget),
  };
}

/** A verdict in the words of the daemon. */
export function toVerdict(verdict: ShareVerdict): Verdict {
  if (!('latencyMs' in verdict)) return verdict;
  const { latencyMs, ...rest } = verdict;
  return { ...rest, latency_ms: Math.round(latencyMs) };
}
