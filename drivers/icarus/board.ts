import { EventEmitter } from 'node:events';
import type { Clock } from '../../protocol/common/clock.ts';
import { RigError } from '../../protocol/common/errors.ts';
import type { Log } from '../../protocol/common/log.ts';
import { GOLDEN_TIMEOUT_MS, GOLDEN_WORK, judgeGoldenProbe } from '../../protocol/icarus/golden.ts';
import { ICARUS_GAP_MS, IcarusFramer, type IcarusReply } from '../../protocol/icarus/reply.ts';
import { ICARUS_MODELS, type IcarusModel } from '../../protocol/icarus/timing.ts';
import { encodeIcarusWork, icarusWorkOfHeader } from '../../protocol/icarus/work.ts';
import { type Board, type BoardEvents, type BoardFacts, type BoardLimits, type BoardReadings, NOTHING_MEASURED } from '../asic/board.ts';
import type { Work } from '../contract.ts';
import { armLastWill, disarmLastWill } from '../safety/last-will.ts';
import { StickPort } from '../stick/port.ts';
import type { Transport } from '../transport/contract.ts';
import type { IcarusOptions } from './options.ts';
import { IcarusPace } from './pace.ts';
import { RecentWorks, versionOf } from './recent-works.ts';

/** A device that hashed on after a crash may answer with a nonce of its old work first. */
const PROBES = 3;
/** Least time between two calls for new work: garbage on the line must not start a storm of it. */
const IDLE_PAUSE_MS = 50;

export interface IcarusBoardParts {
  readonly deviceId: string;
  readonly transport: Transport;
  readonly options: Pick<IcarusOptions, 'model' | 'hash_time_ns' | 'nonce_zero_bits'>;
  readonly clock: Clock;
  readonly log: Log;
}

/**
 * A device of the Icarus kind: 64 bytes of work in, 4 nonce bytes out when it finds one, and then it stops until the next work. It
 * has no power switch, no sensor and no reset. The golden work makes it idle within milliseconds, because it ends at a nonce that
 * comes early: so it is the probe, the halt and the last will.
 */
export class IcarusBoard implements Board {
  readonly events = new EventEmitter<BoardEvents>();
  readonly limits: BoardLimits = { frequency_mhz: null, voltage_v: null, fan_percent: null };
  readonly #parts: IcarusBoardParts;
  readonly #model: IcarusModel;
  readonly #port: StickPort;
  readonly #framer: IcarusFramer;
  readonly #works: RecentWorks;
  readonly #pace: IcarusPace;
  #facts: BoardFacts | null = null;
  #skipped = 0;
  #idleAt = -Infinity;

  constructor(parts: IcarusBoardParts) {
    const { options } = parts;
    this.#parts = parts;
    this.#model = ICARUS_MODELS[options.model];
    this.#framer = new IcarusFramer(this.#model.replyBytes);
    this.#works = new RecentWorks(options.nonce_zero_bits, this.#model.replyBytes === 4 ? 2 : 4);
    this.#pace = new IcarusPace(options.model, options.hash_time_ns ?? null);
    this.#port = new StickPort(parts.transport, parts.clock, ICARUS_GAP_MS, {
      data: (bytes) => this.#data(bytes),
      gap: () => this.#gap(),
      gone: (reason) => this.#trouble(reason),
    });
  }

  get facts(): BoardFacts | null {
    return this.#facts;
  }

  async start(signal: AbortSignal): Promise<BoardFacts> {
    this.#facts = null;
    this.#works.clear();
    await this.#port.open();
    armLastWill(this.#parts.deviceId, { path: this.#port.name, packets: [Uint8Array.from(GOLDEN_WORK)] });
    await this.#port.flushInput();
    await this.#probe(signal);
    this.#framer.gap();
    this.#pace.restart();
    this.#facts = this.#makeFacts();
    return this.#facts;
  }

  send(work: Work): void {
    if (this.#facts === null) return;
    this.#works.add(work);
    void this.#port.send(encodeIcarusWork(icarusWorkOfHeader(work.header))).then((taken) => {
      if (taken && this.#works.newest === work) this.events.emit('sent', work.id);
    });
  }

  /** Its chips report difficulty 1 and nothing else. */
  setTicket(): void {}

  apply(): Promise<void> {
    return Promise.reject(new RigError('E_DEVICE_COMMAND', `nothing can be set on it: ${this.#model.title}`));
  }

  identify(): Promise<void> {
    return Promise.reject(new RigError('E_DEVICE_COMMAND', `it has no lamp to show: ${this.#model.title}`));
  }

  readings(): BoardReadings {
    return {
      ...NOTHING_MEASURED,
      bytes_skipped: this.#skipped,
      crc_errors: 0,
      detail: { model: this.#parts.options.model },
    };
  }

  async halt(): Promise<void> {
    this.#facts = null;
    this.#works.clear();
    void this.#port.send(Uint8Array.from(GOLDEN_WORK));
    await this.#port.drain();
  }

  async stop(): Promise<void> {
    if (this.#port.isOpen) await this.halt();
    this.#facts = null;
    disarmLastWill(this.#parts.deviceId);
    await this.#port.close();
  }

  /** @throws RigError E_DEVICE_SILENT when no device of this model answers the golden work */
  async #probe(signal: AbortSignal): Promise<void> {
    const { title, replyBytes } = this.#model;
    const where = { context: { port: this.#port.name, model: this.#parts.options.model } };
    let last: ReturnType<typeof judgeGoldenProbe> = { kind: 'silent' };
    for (let i = 0; i < PROBES; i++) {
      last = judgeGoldenProbe(await this.#port.collect(Uint8Array.from(GOLDEN_WORK), GOLDEN_TIMEOUT_MS, signal));
      if (last.kind === 'icarus') break;
    }
    if (last.kind === 'silent') {
      throw new RigError('E_DEVICE_SILENT', `${this.#port.name}: no ${title} answers`, { ...where, hint: 'Check its power supply and the port; a device of another family on this port needs another `driver`.' });
    }
    if (last.kind === 'other') {
      throw new RigError('E_DEVICE_SILENT', `${this.#port.name}: what answers there is no ${title}`, { ...where, hint: 'Something else is on this port: check `port` and `driver`.' });
    }
    const found = replyBytes - 4 === last.extraBytes;
    if (found) return;
    const fitting = Object.entries(ICARUS_MODELS).filter(([, model]) => model.replyBytes === 4 + (last.kind === 'icarus' ? last.extraBytes : 0));
    throw new RigError('E_DEVICE_SILENT', `${this.#port.name}: it answers with ${4 + last.extraBytes} bytes, the model ${title} with ${replyBytes}`, {
      ...where,
      hint: fitting.length === 0 ? 'No model known answers like that.' : `Set \`model\` to ${fitting.map(([name]) => name).join(', ')}.`,
    });
  }

  #makeFacts(): BoardFacts {
    const { hashrateHs, jobIntervalMs } = this.#pace;
    return {
      chips: 1,
      chipsExpected: null,
      chip: this.#model.title,
      hashrateNominalHs: hashrateHs,
      hashesPerNonce: 2 ** this.#parts.options.nonce_zero_bits,
      zeroBits: this.#parts.options.nonce_zero_bits,
      nonceIntervalMs: (2 ** 32 * 1000) / hashrateHs,
      jobIntervalMs,
      answerWithinMs: null,
      frequencyMhz: null,
    };
  }

  #data(bytes: Uint8Array): void {
    if (this.#facts === null) return;
    for (const reply of this.#framer.push(bytes)) this.#reply(reply);
  }

  #reply({ nonce, extra }: IcarusReply): void {
    if (isRequest(extra)) return this.#idle();
    const found = this.#works.find(nonce);
    if (found === null) return;
    const receivedMono = this.#parts.clock.monotonic();
    if (found.proved) {
      this.events.emit('answer');
      if (this.#pace.nonce(receivedMono)) this.#facts = this.#makeFacts();
    }
    this.events.emit('nonce', { workId: found.work.id, nonce, version: versionOf(found.work), chip: null, core: null, receivedMono });
    // A late nonce of the work before says nothing of whether it still searches.
    if (found.newest) this.#idle();
  }

  /** A broken reply was a nonce all the same: the device has stopped. */
  #gap(): void {
    const dropped = this.#framer.gap();
    this.#skipped += dropped;
    if (dropped > 0 && this.#facts !== null) this.#idle();
  }

  #idle(): void {
    const now = this.#parts.clock.monotonic();
    if (now - this.#idleAt < IDLE_PAUSE_MS) return;
    this.#idleAt = now;
    this.events.emit('idle');
  }

  #trouble(reason: string): void {
    this.#facts = null;
    this.#works.clear();
    this.events.emit('trouble', { kind: 'gone', reason });
  }
}

/** The last byte of a Rockminer's reply says what it is: 0 a nonce; else it has done with its work, or asks for more. */
function isRequest(extra: Uint8Array): boolean {
  return extra.length === 4 && (extra[3]! & 0x0f) !== 0;
}
