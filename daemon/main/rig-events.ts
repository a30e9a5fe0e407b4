import { EventEmitter } from 'node:events';
import type { Ledger } from '../ledger/contract.ts';
import type { MiningEngine } from '../mining/engine.ts';
import type { SwitchCause } from '../mining/choice/pool-choice.ts';
import { isAway } from '../mining/endpoint-state.ts';
import { verdictWords } from '../mining/reject-words.ts';
import type { RigEvent } from '../telemetry/state.ts';
import { formatDifficulty } from '../telemetry/units.ts';
import { displayHash } from '../../protocol/bitcoin/header.ts';
import type { DeviceStatus } from '../../drivers/contract.ts';
import type { Clock } from '../../protocol/common/clock.ts';

/** Turns what happens inside into the few events a person or a home automation wants to hear of. */
export class RigEvents {
  readonly events = new EventEmitter<{ event: [RigEvent] }>();
  readonly #clock: Clock;
  readonly #deviceStatus = new Map<string, DeviceStatus>();
  #ledgerDegraded = false;
  /** The pool last told of; null = that there is none. Nothing has been told at first. */
  #poolTold: string | null | undefined = undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Tells one event to every listener. */
  tell(type: RigEvent['type'], message: string, device: string | null = null, data: Record<string, unknown> = {}): void {
    this.events.emit('event', { type, at: this.#clock.now(), device, message, data });
  }

  attach(engine: MiningEngine, ledger: Ledger): void {
    engine.events.on('verdict', (share, verdict) => {
      const data = { pool: share.job.sourceId, difficulty: share.difficulty, height: share.job.height, block_hash: displayHash(share.hash) };
      if (verdict.status === 'accepted' && share.isBlock) this.tell('block_found', `block ${share.job.height ?? ''} found by ${share.deviceId}, accepted by ${share.job.sourceId}`, share.deviceId, data);
      else if (verdict.status === 'accepted') this.tell('share_accepted', `share of difficulty ${formatDifficulty(share.difficulty)} accepted by ${share.job.sourceId} (${verdict.latency_ms.toFixed(1)} ms)`, share.deviceId, data);
      else if (verdict.status !== 'withheld') this.tell('share_rejected', `share not accepted by ${share.job.sourceId}: ${verdictWords(verdict)?.meaning ?? verdict.status} (${verdict.status}, ${verdict.reason})`, share.deviceId, { ...data, status: verdict.status, reason: verdict.reason, ...verdictWords(verdict) });
    });
    engine.events.on('active', (_sourceId, reason, cause) => this.#onPool(engine, reason, cause));
    // A source that loses its connection withdraws its work first and says so a moment later.
    engine.events.on('source', () => this.#onPool(engine, '', 'lost'));
    engine.events.on('device', (deviceId) => this.#onDevice(engine, deviceId));
    ledger.events.on('fallback', ({ layer, path, reason }) => {
      if (this.#ledgerDegraded) return;
      this.#ledgerDegraded = true;
      this.tell('ledger_degraded', `ledger: ${path} could not be written (${reason}); entries go to layer ${layer}`, null, { layer, path, reason });
    });
    ledger.events.on('behind', ({ files, reason }) => {
      if (this.#ledgerDegraded) return;
      this.#ledgerDegraded = true;
      this.tell('ledger_degraded', `ledger: ${files} files cannot be brought up to date (${reason}); the journal has their entries`, null, { files, reason });
    });
    ledger.events.on('recovered', () => {
      if (!this.#ledgerDegraded) return;
      this.#ledgerDegraded = false;
      this.tell('ledger_recovered', 'ledger: the primary tree can be written again');
    });
  }

  #onPool(engine: MiningEngine, reason: string, cause: SwitchCause): void {
    const sourceId = engine.activeSource;
    // Lost is what says so itself: a source may be well and only between two jobs, or still in its handshake.
    if (sourceId === null && !engine.sources.every((source) => isAway(source.state().status))) return;
    const before = this.#poolTold;
    if (sourceId === before) return;
    this.#poolTold = sourceId;
    if (sourceId === null) {
      const why = engine.sources.map((source) => `${source.id}: ${source.state().reason ?? source.state().status}`).join('; ');
      this.tell('pool_lost', `no pool has work: ${why}`, null, { reason: why });
    } else if (before) {
      // That work goes round is what was asked for, and no news.
      if (cause !== 'turn') this.tell('pool_switched', `mining for ${sourceId} instead of ${before}: ${reason}`, null, { pool: sourceId, instead_of: before, reason });
    } else this.tell('pool_ready', `mining for ${sourceId}`, null, { pool: sourceId });
  }

  #onDevice(engine: MiningEngine, deviceId: string): void {
    const state = engine.device(deviceId)?.state();
    if (!state) return;
    const before = this.#deviceStatus.get(deviceId);
    if (before === state.status) return;
    this.#deviceStatus.set(deviceId, state.status);
    const why = state.reason ?? state.status;
    if (state.status === 'fault') this.tell('device_fault', `${deviceId}: ${why}`, deviceId, { reason: why });
    else if (state.status === 'paused') this.tell('device_paused', `${deviceId} paused: ${why}`, deviceId, { reason: why });
    else if (before === 'paused' && state.status !== 'stopped') this.tell('device_resumed', `${deviceId} resumed`, deviceId);
  }
}
