import type { JsonObject } from '../brainstem/contract.ts';
import type { Ledger } from '../ledger/contract.ts';
import type { Clock } from '../../protocol/common/clock.ts';
import { displayHash } from '../../protocol/bitcoin/header.ts';
import { mathProofOf, type Attestation } from '../dtm/math-proof.ts';
import { merkleRootOf } from '../dtm/nonce-check.ts';
import type { MiningEngine } from './engine.ts';
import type { Share, Verdict } from './job.ts';

export interface RecorderOptions {
  readonly engine: MiningEngine;
  readonly ledger: Ledger;
  readonly attestation: Attestation;
  readonly clock: Clock;
  /** Local time with offset of an instant (the brainstem's `timeParts(at).iso`). */
  readonly iso: (at: number) => string;
}

/** A device that miscalculates does so by the thousand: one error report per device and minute, with the count. */
const HARDWARE_ERROR_REPORT_MS = 60_000;

/** Writes what the engine tells into the ledger: one attempt, proof and submission per share, rejections, errors. */
export class MiningRecorder {
  readonly #options: RecorderOptions;
  readonly #hashesAt = new Map<string, number>();
  readonly #hardwareErrors = new Map<string, { count: number; since: number; last: string }>();

  constructor(options: RecorderOptions) {
    this.#options = options;
  }

  /** Starts listening; the engine's emitter keeps the recorder alive as long as itself. */
  attach(): void {
    const { engine } = this.#options;
    engine.events.on('verdict', (share, verdict) => this.#onVerdict(share, verdict));
    engine.events.on('hardwareError', (deviceId, reason) => this.#onHardwareError(deviceId, reason));
  }

  #onVerdict(share: Share, verdict: Verdict): void {
    const { ledger, iso } = this.#options;
    const submitted = verdict.status !== 'withheld';
    const proofId = `proof_${share.id}`;
    const submissionId = submitted ? `sub_${share.id}` : null;
    const common: JsonObject = {
      timestamp: iso(share.foundAt),
      block_height: share.job.height,
      block_hash: displayHash(share.hash),
      miner_id: share.deviceId,
      pool: share.job.sourceId,
      pool_job_id: share.job.poolJobId,
      nonce: share.nonce,
      difficulty: share.difficulty,
    };
    ledger.append('ledger', {
      attempt_id: share.id,
      ...common,
      merkleroot: displayHash(merkleRootOf(share.job, share.extranonce2)),
      leading_zeros: share.leadingZeros,
      share_difficulty: share.job.shareDifficulty,
      meets_difficulty: true,
      is_block: share.isBlock,
      status: share.isBlock ? 'mined' : 'mining',
      hashes_tried: this.#hashesSince(share.deviceId),
      submitted_to_network: submitted,
      submission_timestamp: submitted ? iso(share.foundAt) : null,
      verdict: verdict.status,
      verdict_reason: 'reason' in verdict ? verdict.reason : null,
      references: { math_proof: proofId, submission_tracking: submissionId, block_submission: null },
    });
    ledger.append('math_proof', { ...mathProofOf(share, proofId, this.#options.attestation), timestamp: common.timestamp });
    if (submissionId !== null) {
      ledger.append('submission', {
        submission_id: submissionId,
        ...common,
        is_block: share.isBlock,
        status: submissionStatus(verdict),
        network_response: networkResponse(verdict),
        references: { ledger_entry: share.id, math_proof: proofId, block_submission: null },
      });
    }
    if (submissionStatus(verdict) === 'rejected') {
      ledger.append('rejection', { rejection_id: `rej_${share.id}`, ...common, reason: verdict.status, ...networkResponse(verdict), references: { ledger_entry: share.id } });
    }
  }

  /** Hashes the device did since its last ledger entry, so that the entries add up to all hashes; null = not counted. */
  #hashesSince(deviceId: string): number | null {
    const total = this.#options.engine.devices.find((device) => device.id === deviceId)?.state().hashes_total ?? null;
    if (total === null) return null;
    const before = this.#hashesAt.get(deviceId) ?? 0;
    this.#hashesAt.set(deviceId, total);
    return Math.max(0, total - before);
  }

  #onHardwareError(deviceId: string, reason: string): void {
    const now = this.#options.clock.monotonic();
    const tally = this.#hardwareErrors.get(deviceId) ?? { count: 0, since: -Infinity, last: reason };
    tally.count += 1;
    tally.last = reason;
    this.#hardwareErrors.set(deviceId, tally);
    if (now - tally.since < HARDWARE_ERROR_REPORT_MS) return;
    this.#options.ledger.saveSystemError('miners', {
      error_type: 'hardware_error',
      severity: 'warning',
      message: `${deviceId}: ${tally.last}`,
      miner_id: deviceId,
      context: { count_since_last_report: tally.count },
    });
    tally.since = now;
    tally.count = 0;
  }
}

function submissionStatus(verdict: Verdict): 'accepted' | 'rejected' | 'pending' {
  if (verdict.status === 'accepted') return 'accepted';
  return verdict.status === 'unknown' || verdict.status === 'withheld' ? 'pending' : 'rejected';
}

function networkResponse(verdict: Verdict): JsonObject {
  return {
    response_status: verdict.status,
    response_time_ms: 'latency_ms' in verdict ? Math.round(verdict.latency_ms * 1000) / 1000 : null,
    response_code: 'code' in verdict ? verdict.code : null,
    response_reason: 'reason' in verdict ? verdict.reason : null,
  };
}
