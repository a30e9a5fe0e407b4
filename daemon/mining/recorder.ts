import type { JsonObject } from '../brainstem/contract.ts';
import type { Ledger } from '../ledger/contract.ts';
import { addLookAt, type LookAt } from '../ledger/look-at.ts';
import type { Clock } from '../../protocol/common/clock.ts';
import { displayHash, parseHeader } from '../../protocol/bitcoin/header.ts';
import { mathProofOf, type Attestation, type Mathematics } from '../dtm/math-proof.ts';
import type { SwitchCause } from './choice/pool-choice.ts';
import { isAway } from './endpoint-state.ts';
import type { MiningEngine } from './engine.ts';
import type { Share, SourceState, Verdict } from './job.ts';
import { verdictWords } from './reject-words.ts';

export interface RecorderOptions {
  readonly engine: MiningEngine;
  readonly ledger: Ledger;
  readonly attestation: Attestation;
  readonly mathematics: Mathematics;
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
  readonly #faults = new Set<string>();
  readonly #lostPools = new Set<string>();
  /** The pool last mined for. */
  #pool: string | null = null;
  readonly #hardwareErrors = new Map<string, { count: number; since: number; last: string }>();

  constructor(options: RecorderOptions) {
    this.#options = options;
  }

  /** Starts listening; the engine's emitter keeps the recorder alive as long as itself. */
  attach(): void {
    const { engine } = this.#options;
    engine.events.on('verdict', (share, verdict) => this.#onVerdict(share, verdict));
    engine.events.on('source', (state) => this.#onSource(state));
    engine.events.on('active', (pool, reason, cause) => this.#onActive(pool, reason, cause));
    engine.events.on('device', (deviceId) => this.#onDevice(deviceId));
    engine.events.on('hardwareError', (deviceId, reason) => this.#onHardwareError(deviceId, reason));
  }

  #onVerdict(share: Share, verdict: Verdict): void {
    const { ledger, iso, attestation, mathematics } = this.#options;
    const submitted = verdict.status !== 'withheld';
    const timestamp = iso(share.foundAt);
    const name = `${timestamp.slice(0, 10).replaceAll('-', '')}_${timestamp.slice(11, 19).replaceAll(':', '')}_${share.id}`;
    const attemptId = `attempt_${name}`;
    const proofId = `proof_${name}`;
    const submissionId = submitted ? `sub_${name}` : null;
    const hashesTried = this.#hashesSince(share.deviceId);
    const common: JsonObject = {
      timestamp,
      block_height: share.job.height,
      block_hash: displayHash(share.hash),
      miner_id: share.deviceId,
      pool: share.job.sourceId,
      pool_job_id: share.job.poolJobId,
      session: share.job.session,
      nonce: share.nonce,
      difficulty: share.difficulty,
      share_difficulty: share.job.shareDifficulty,
    };
    const words = verdictWords(verdict);
    const plainReason = words?.meaning ?? null;
    ledger.append('ledger', {
      id: attemptId,
      attempt_id: attemptId,
      ...common,
      merkleroot: displayHash(parseHeader(share.header).merkleRoot),
      leading_zeros: share.leadingZeros,
      meets_difficulty: true,
      is_block: share.isBlock,
      status: share.isBlock ? 'mined' : 'mining',
      hashes_tried: hashesTried,
      submitted_to_network: submitted,
      submission_timestamp: submitted ? timestamp : null,
      verdict: verdict.status,
      verdict_reason: 'reason' in verdict ? (verdict.reason ?? null) : null,
      plain_reason: plainReason,
      latency_ms: latencyOf(verdict),
      references: { math_proof: proofId, submission_tracking: submissionId, block_submission: null },
    });
    ledger.append('math_proof', { id: proofId, ...mathProofOf(share, { proofId, attemptId, hashesTried }, attestation, mathematics), timestamp });
    if (submissionId !== null) {
      ledger.append('submission', {
        id: submissionId,
        submission_id: submissionId,
        ...common,
        is_block: share.isBlock,
        status: submissionStatus(verdict),
        plain_reason: plainReason,
        network_response: networkResponse(verdict),
        references: { ledger_entry: attemptId, math_proof: proofId, block_submission: null },
      });
    }
    const rejectionId = submissionStatus(verdict) === 'rejected' ? `rej_${name}` : null;
    if (rejectionId !== null) {
      ledger.append('rejection', { id: rejectionId, rejection_id: rejectionId, ...common, reason: verdict.status, plain_reason: plainReason, advice: words?.advice ?? null, network_response: networkResponse(verdict), references: { ledger_entry: attemptId, submission_tracking: submissionId } });
    }
    const fate = share.isBlock ? fateOfBlock(share, verdict) : null;
    if (fate !== null) {
      const references = { ledger_entry: attemptId, math_proof: proofId, submission_tracking: submissionId, rejection: rejectionId };
      addLookAt(ledger, { ...fate, references }, { id: `look_${name}`, timestamp });
    }
  }

  /** Hashes the device did since its last ledger entry, so that the entries add up to all hashes; null = not counted. */
  #hashesSince(deviceId: string): number | null {
    const total = this.#options.engine.device(deviceId)?.state().hashes_total ?? null;
    if (total === null) return null;
    const before = this.#hashesAt.get(deviceId) ?? 0;
    this.#hashesAt.set(deviceId, total);
    return Math.max(0, total - before);
  }

  /** Who was mined for from when on, and why. That work goes round by turns is told by the pools of the shares. */
  #onActive(pool: string | null, reason: string, cause: SwitchCause): void {
    const before = this.#pool;
    if (pool === null || pool === before) return;
    this.#pool = pool;
    if (before !== null && cause !== 'turn') this.#options.ledger.saveSystemReport('looping', { event: 'pool_switched', pool, instead_of: before, cause, reason });
  }

  /** One error an outage, however often it is tried to reach the pool. */
  #onSource({ id, status, reason }: SourceState): void {
    if (status === 'mining') {
      this.#lostPools.delete(id);
    } else if (isAway(status) && !this.#lostPools.has(id)) {
      this.#lostPools.add(id);
      this.#options.ledger.saveSystemError('looping', { error_type: 'pool_lost', severity: 'warning', message: `${id}: ${reason ?? status}`, pool: id, context: { status } });
    }
  }

  #onDevice(deviceId: string): void {
    const state = this.#options.engine.device(deviceId)?.state();
    if (state?.status !== 'fault') {
      this.#faults.delete(deviceId);
    } else if (!this.#faults.has(deviceId)) {
      this.#faults.add(deviceId);
      this.#options.ledger.saveSystemError('miners', { error_type: 'device_fault', severity: 'error', message: `${deviceId}: ${state.reason ?? 'fault'}`, miner_id: deviceId });
    }
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

/** What a person must know about a block that was sent and not accepted; null for any other. */
function fateOfBlock(share: Share, verdict: Verdict): Pick<LookAt, 'severity' | 'reason' | 'message' | 'path'> | null {
  const block = share.job.height === null ? `Block ${displayHash(share.hash)}` : `Block ${share.job.height}`;
  const file = 'block_file' in verdict ? (verdict.block_file ?? null) : null;
  const byHand = file === null ? '' : `. It is kept in ${file}; to send it by hand: bitcoin-cli -stdin submitblock < ${file}`;
  if (submissionStatus(verdict) === 'rejected') {
    return { severity: 'critical', reason: 'block_rejected', message: `${block} was refused by ${share.job.sourceId}: ${'reason' in verdict ? verdict.reason : verdict.status} (${verdict.status})${byHand}`, path: file };
  }
  if (verdict.status === 'unknown') return { severity: 'error', reason: 'block_unanswered', message: `${block} was sent to ${share.job.sourceId} and never answered: ${verdict.reason}${byHand}`, path: file };
  return null;
}

/** Time to the answer, to the microsecond; null = there was none. */
function latencyOf(verdict: Verdict): number | null {
  return 'latency_ms' in verdict ? Math.round(verdict.latency_ms * 1000) / 1000 : null;
}

function networkResponse(verdict: Verdict): JsonObject {
  return {
    status: verdict.status,
    rpc_response: 'reason' in verdict ? (verdict.reason ?? null) : null,
    rpc_code: 'code' in verdict ? verdict.code : null,
    response_time_ms: latencyOf(verdict),
    node_version: null,
  };
}
