import { difficultyFromTarget, targetFromDifficulty } from '../../protocol/bitcoin/target.ts';
import { buildCoinbase } from '../../protocol/gbt/coinbase.ts';
import type { BlockTemplate } from '../../protocol/gbt/template.ts';
import type { Job } from './job.ts';

export const EXTRANONCE1_BYTES = 4;
const EXTRANONCE2_BYTES = 8;

export interface SoloJobOptions {
  readonly sourceId: string;
  readonly session: number;
  readonly sequence: number;
  readonly clean: boolean;
  /** 4 bytes. */
  readonly extranonce1: Uint8Array;
  readonly payoutScript: Uint8Array;
  readonly versionMask: number;
  /** Null: the network difficulty. */
  readonly shareDifficulty: number | null;
  readonly tag: string;
  readonly receivedAt: number;
  readonly receivedMono: number;
}

/** Turns a template into the same kind of job as a pool's notify. The share target is never harder than the network's. */
export function buildSoloJob(template: BlockTemplate, options: SoloJobOptions): Job {
  const { sourceId, session, sequence, extranonce1, payoutScript, tag } = options;
  const coinbase = buildCoinbase({
    height: template.height,
    value: template.coinbaseValue,
    payoutScript,
    commitmentScript: template.commitmentScript,
    extranonceSize: extranonce1.length + EXTRANONCE2_BYTES,
    tag,
  });
  const wanted = options.shareDifficulty === null ? 0n : targetFromDifficulty(options.shareDifficulty);
  const shareTarget = wanted > template.target ? wanted : template.target;
  return {
    key: `${sourceId}:${session}:${sequence}`,
    sourceId,
    session,
    poolJobId: sequence.toString(16),
    prevHash: template.prevHash,
    coinb1: coinbase.coinb1,
    extranonce1,
    extranonce2Size: EXTRANONCE2_BYTES,
    coinb2: coinbase.coinb2,
    merkleBranch: template.merkleBranch,
    version: template.version,
    versionMask: (options.versionMask & ~template.requiredVersionBits) >>> 0,
    nbits: template.nbits,
    ntime: template.curtime,
    clean: options.clean,
    shareDifficulty: difficultyFromTarget(shareTarget),
    shareTarget,
    networkTarget: template.target,
    height: template.height,
    receivedAt: options.receivedAt,
    receivedMono: options.receivedMono,
  };
}
