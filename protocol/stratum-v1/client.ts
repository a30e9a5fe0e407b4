import { u32ToHex } from '../common/bytes.ts';
import { decodeLine } from './decode.ts';
import { encodeResult, type WireId } from './encode.ts';
import { FOREIGN_HEAD_BYTES, recognizeForeign } from './foreign.ts';
import { GarbageMeter } from './garbage.ts';
import { Handshake } from './handshake.ts';
import { JobTracker, type V1Job } from './job-tracker.ts';
import { LIMITS } from './limits.ts';
import { LineSplitter } from './line-splitter.ts';
import type { Extranonce, MalformedMessage, ResponseMessage, ServerMessage } from './messages.ts';
import type { ClientHints, ClientOptions, Submission } from './options.ts';
import { Outbox, type DeadlineName } from './outbox.ts';
import type { ClientOutput, ClientPhase } from './outputs.ts';
import { refuseRedirect } from './redirect.ts';
import { Submits } from './submits.ts';

/**
 * One Stratum V1 connection seen from the miner, as a state machine: bytes and times go in, an ordered list of things
 * to do comes out. It owns no socket and no clock; all times are monotonic milliseconds. One instance serves one
 * connection, so nothing of an old session can leak into a new one; `hints` carries over what is worth remembering.
 */
export class StratumV1Client {
  readonly #options: ClientOptions;
  readonly #splitter = new LineSplitter();
  readonly #outbox = new Outbox();
  readonly #garbage: GarbageMeter;
  readonly #jobs: JobTracker;
  readonly #submits: Submits;
  readonly #handshake: Handshake;
  #head = new Uint8Array(0);
  #lastLineAt = 0;
  #badLines = 0;
  #unmatchedAnswers = 0;
  #jobsReceived = 0;

  /** @throws RigError E_CONFIG_INVALID when the worker name, password or user agent make lines no pool would take */
  constructor(options: ClientOptions) {
    this.#options = options;
    this.#jobs = new JobTracker(options.versionMask);
    this.#garbage = new GarbageMeter(options.deadlines.garbageWindowMs);
    this.#submits = new Submits(options, this.#outbox, this.#jobs);
    this.#handshake = new Handshake(options, this.#outbox, {
      onMask: (mask) => this.#setMask(mask),
      onExtranonce: (extranonce) => {
        this.#reportSmallExtranonce(extranonce);
        this.#jobs.subscribed(extranonce);
      },
      onReady: (now) => this.#open(now),
    });
  }

  get phase(): ClientPhase {
    return this.#outbox.phase;
  }

  /** Difficulty of the jobs to come; null before the subscribe answer. */
  get difficulty(): number | null {
    return this.#handshake.subscribed ? this.#jobs.difficulty : null;
  }

  /** Version bits agreed on (already cut to our own); null = version rolling is not agreed. */
  get versionMask(): number | null {
    return this.#jobs.poolMask === null ? null : this.#jobs.versionMask;
  }

  /** Lines that could not be used. */
  get badLines(): number {
    return this.#badLines;
  }

  /** Answers that belong to no request of ours, or came after their deadline. */
  get unmatchedAnswers(): number {
    return this.#unmatchedAnswers;
  }

  /** Readable mining.notify lines. */
  get jobsReceived(): number {
    return this.#jobsReceived;
  }

  /** When the last whole line came in, or the connection began; monotonic ms. */
  get lastLineAt(): number {
    return this.#lastLineAt;
  }

  /** When `tick` has to be called at the latest; null when nothing is waited for. */
  nextDeadline(): number | null {
    return this.#outbox.deadlines.next();
  }

  /** The connection stands: starts the handshake. */
  connected(now: number): ClientOutput[] {
    this.#outbox.setPhase('handshaking', 'connected; subscribing');
    this.#handshake.start(now);
    this.#heard(now);
    return this.#outbox.flush();
  }

  /** Bytes came in, in any cut. Never throws, whatever they are. */
  receive(chunk: Uint8Array, now: number): ClientOutput[] {
    if (!this.#outbox.isOpen || this.#isForeign(chunk)) return this.#outbox.flush();
    const { lines, longLineBytes, overflow } = this.#splitter.push(chunk);
    if (longLineBytes !== null) this.#outbox.warn(`the pool sent a line of ${longLineBytes} bytes`);
    for (const line of lines) {
      this.#heard(now);
      this.#handle(decodeLine(line), now);
      if (!this.#outbox.isOpen) return this.#outbox.flush();
    }
    if (overflow) this.#outbox.close('E_POOL_PROTOCOL', `a line of the pool is longer than ${LIMITS.incomingLineBytes} bytes`);
    return this.#outbox.flush();
  }

  /** Does what is due at `now`. May be called at any time. */
  tick(now: number): ClientOutput[] {
    for (const name of this.#outbox.deadlines.takeDue(now)) {
      this.#expire(name, now);
      if (!this.#outbox.isOpen) break;
    }
    return this.#outbox.flush();
  }

  /** Sends a share, or gives the verdict `withheld` at once when the pool could only refuse it. */
  submit(share: Submission, now: number): ClientOutput[] {
    this.#submits.submit(share, now);
    return this.#outbox.flush();
  }

  /** The connection is gone: shares without an answer become unknown, and all work is void. */
  disconnected(reason: string): ClientOutput[] {
    this.#submits.abandon(reason);
    if (this.#jobs.isMining) this.#outbox.push({ type: 'invalidate', reason });
    if (this.#outbox.phase !== 'closed') this.#outbox.setPhase('closed', reason);
    return this.#outbox.flush();
  }

  /** What the next connection to this pool should know; ask after this one has ended. */
  hints(): ClientHints {
    return this.#handshake.hints();
  }

  #isForeign(chunk: Uint8Array): boolean {
    if (this.#head.length >= FOREIGN_HEAD_BYTES) return false;
    this.#head = Uint8Array.of(...this.#head, ...chunk.subarray(0, FOREIGN_HEAD_BYTES - this.#head.length));
    const foreign = recognizeForeign(this.#head);
    if (foreign !== null) this.#outbox.close('E_POOL_PROTOCOL', `this is ${foreign}`);
    return foreign !== null;
  }

  #handle(message: ServerMessage, now: number): void {
    switch (message.kind) {
      case 'notify':
        this.#jobsReceived += 1;
        return this.#emitJob(this.#jobs.notify(message.job));
      case 'set_difficulty':
        this.#jobs.difficulty = message.difficulty;
        return;
      case 'set_extranonce':
        this.#reportSmallExtranonce(message.extranonce);
        return this.#jobs.setExtranonce(message.extranonce);
      case 'set_version_mask':
        if (this.#handshake.acceptsMask) this.#setMask(message.mask);
        return;
      case 'reconnect':
        return this.#redirect(message);
      case 'show_message':
        if (message.text !== '') this.#outbox.push({ type: 'message', text: message.text });
        return;
      case 'get_version':
        return this.#answer(message.id, this.#options.userAgent);
      case 'ping':
        return this.#answer(message.id, 'pong');
      case 'unknown_method':
        return;
      case 'response':
        return this.#handleResponse(message, now);
      case 'malformed':
        return this.#handleMalformed(message, now);
    }
  }

  #handleResponse(response: ResponseMessage, now: number): void {
    const request = this.#outbox.pending.take(response.id);
    switch (request?.kind) {
      case undefined:
        this.#unmatchedAnswers += 1;
        return;
      case 'configure':
        return this.#handshake.onConfigure(response);
      case 'subscribe':
        return this.#handshake.onSubscribe(response, now);
      case 'authorize':
        return this.#handshake.onAuthorize(response, now);
      case 'submit':
        return this.#submits.answered(request!, response, now);
      case 'suggest_difficulty':
      case 'extranonce_subscribe':
        // Many pools do not know these; nothing depends on the answer.
        return;
    }
  }

  #handleMalformed(message: MalformedMessage, now: number): void {
    this.#badLines += 1;
    if (message.cleanJobs) this.#dropJob(`the pool sent a new job that cannot be read: ${message.reason}`, now);
    const { tooMany, report } = this.#garbage.add(now);
    const what = message.method === null ? message.reason : `${message.method}: ${message.reason}`;
    if (report > 0) this.#outbox.warn(`ignored ${report === 1 ? 'a line' : `${report} lines`} of the pool (${what})`);
    if (tooMany) this.#outbox.close('E_POOL_PROTOCOL', `${LIMITS.garbageLines} unusable lines in a short time, the last one: ${what}`);
  }

  /** There is nothing to work on until the next readable job, for which we wait no longer than for the first. */
  #dropJob(reason: string, now: number): void {
    this.#jobs.drop();
    if (this.#outbox.phase !== 'mining') return;
    this.#outbox.push({ type: 'invalidate', reason });
    this.#waitForJob(reason, now);
  }

  #waitForJob(reason: string, now: number): void {
    this.#outbox.setPhase('waiting_for_job', reason);
    this.#outbox.deadlines.set('first_job', now + this.#options.deadlines.firstJobMs);
  }

  #redirect(message: Extract<ServerMessage, { kind: 'reconnect' }>): void {
    const { host, port, waitS } = message;
    const refusal = refuseRedirect(this.#options, message) ?? this.#options.refuseHost?.(host, port) ?? null;
    if (refusal !== null) return this.#outbox.warn(`the pool asked to reconnect elsewhere, refused: ${refusal}`);
    // A pool may ask for TLS where there was none; the other way round was refused above.
    this.#outbox.push({ type: 'reconnect', host, port, tls: this.#options.tls || message.tls === true, waitS });
    this.#outbox.setPhase('closed', 'the pool asked to reconnect');
  }

  #answer(id: WireId, result: string): void {
    // Without an id nobody waits for an answer.
    const line = id === null ? null : encodeResult(id, result);
    if (line !== null) this.#outbox.push({ type: 'send', line });
  }

  #open(now: number): void {
    this.#waitForJob('authorised; waiting for the first job', now);
    this.#emitJob(this.#jobs.open());
  }

  #emitJob(job: V1Job | null): void {
    if (job === null) return;
    this.#outbox.deadlines.clear('first_job');
    if (this.#outbox.phase !== 'mining') this.#outbox.setPhase('mining', 'working on jobs of the pool');
    this.#outbox.push({ type: 'job', job });
  }

  #setMask(mask: number | null): void {
    const changed = this.#jobs.setPoolMask(mask);
    if (mask !== null && this.#jobs.versionMask === 0) {
      this.#outbox.warn(`no version rolling: the pool offers ${u32ToHex(mask)}, we can roll ${u32ToHex(this.#options.versionMask)}`);
    }
    // The same job with the new mask replaces the old one at once, so there is nothing to stop for.
    if (changed) this.#emitJob(this.#jobs.reissue());
  }

  #reportSmallExtranonce({ extranonce2Size }: Extranonce): void {
    if (extranonce2Size > 1) return;
    const room = extranonce2Size === 0 ? 'no extranonce2: one coinbase per job' : 'one byte of extranonce2: 256 coinbases per job';
    this.#outbox.warn(`the pool gives ${room}; a fast device runs out of work before the next job`);
  }

  #heard(now: number): void {
    this.#lastLineAt = now;
    this.#outbox.deadlines.set('silence', now + this.#options.deadlines.silenceMs);
    this.#outbox.deadlines.set('silence_warning', now + this.#options.deadlines.silenceWarnMs);
  }

  #expire(name: DeadlineName, now: number): void {
    const { deadlines } = this.#options;
    const silent = (what: string, ms: number): void => this.#outbox.close('E_POOL_SILENT', `${what} within ${ms / 1000} s`);
    switch (name) {
      case 'subscribe':
        return silent('no answer to mining.subscribe', deadlines.subscribeMs);
      case 'authorize':
        return silent('no answer to mining.authorize', deadlines.authorizeMs);
      case 'first_job':
        return silent('no job', deadlines.firstJobMs);
      case 'silence':
        return silent('not one line', deadlines.silenceMs);
      case 'silence_warning':
        return this.#outbox.warn(`the pool has said nothing for ${deadlines.silenceWarnMs / 1000} s`);
      case 'submit':
        return this.#submits.expire(now, this.#lastLineAt);
    }
  }
}
