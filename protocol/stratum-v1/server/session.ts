/**
 * One miner's Stratum V1 session: what it asks, what it is answered, what work it has. No socket, no clock: lines come in
 * with the time, lines go out through the host, which serves many sessions.
 */
import { sanitizeText } from '../text.ts';
import { negotiate } from './configure.ts';
import { DifficultyBook } from './difficulty.ts';
import { SERVER_LIMITS } from './limits.ts';
import { readPassword } from './password.ts';
import { REFUSALS, RECONNECT_LINE, refusalLine, resultLine, setDifficultyLine, setExtranonceLine, setVersionMaskLine, trueLine, type Refusal } from './reply.ts';
import { decodeMinerLine, type MinerAsk } from './request.ts';
import { seatFits, type Issue, type Seat, type UpstreamJob } from './served-job.ts';
import { checkSubmit, SeenShares, type CheckedShare, type SubmitContext } from './share-check.ts';
import { boundDifficulty, Vardiff, type VardiffOptions } from './vardiff.ts';

/** What a session needs of the server it belongs to. One object for all sessions; no method may throw. */
export interface MinerHost<J extends UpstreamJob = UpstreamJob> {
  readonly vardiff: VardiffOptions;
  /** Writes bytes that are whole lines. */
  send(session: MinerSession<J>, data: string | Uint8Array): void;
  /** Ends the connection, after what was sent. */
  close(session: MinerSession<J>, reason: string): void;
  /** Version bits that could be rolled now; 0 = none. */
  versionMaskOffered(session: MinerSession<J>): number;
  /** A place to search for the miner, or why there is none. @param sessionId of a session it had before */
  takeSeat(session: MinerSession<J>, sessionId: string | null): Seat | { readonly reason: string };
  /** Null = the worker may mine, else why not. */
  authorize(session: MinerSession<J>, worker: string, secret: string): string | null;
  /** Difficulty to begin with when the miner asks for none. @param worker the first name it authorized */
  startDifficulty(worker: string): number;
  find(session: MinerSession<J>, jobId: string): Issue<J> | null;
  /** The session has become ready for work: subscribed and authorized. */
  ready(session: MinerSession<J>): void;
  /** A difficulty was asked for; it holds from the next job on. */
  wantsJob(session: MinerSession<J>): void;
  accepted(session: MinerSession<J>, worker: string, share: CheckedShare<J>): void;
  /** @param worker null when the name is not one of this session; @param share a block of a stale job, which must go on */
  refused(session: MinerSession<J>, worker: string | null, refusal: Refusal, share: CheckedShare<J> | null): void;
}

export class MinerSession<J extends UpstreamJob = UpstreamJob> implements SubmitContext<J> {
  readonly connectedAt: number;
  subscribedAt: number | null = null;
  authorizedAt: number | null = null;
  lastShareAt: number | null = null;
  userAgent: string | null = null;
  seat: Seat | null = null;
  seen = new SeenShares();
  /** Told of a new extranonce by mining.set_extranonce; else only a reconnect helps. */
  takesExtranonce = false;
  /** Lines that were no requests. */
  badLines = 0;
  #refusedLogins = 0;
  readonly #host: MinerHost<J>;
  readonly #workers: string[] = [];
  #askedMask: number | null = null;
  /** The mask the miner knows of. */
  #toldMask = 0;
  #minimumDifficulty: number | null = null;
  #suggested: number | null = null;
  #fixed: number | null = null;
  #difficulties: DifficultyBook | null = null;
  #vardiff: Vardiff | null = null;
  /** The newest work it was sent. */
  #issue: Issue<J> | null = null;
  #sentAt = -Infinity;
  /** The last issue that was sent for an earlier seat. */
  #movedAfter = -1;

  constructor(host: MinerHost<J>, now: number) {
    this.#host = host;
    this.connectedAt = now;
  }

  /** Names it authorized, the first one first. */
  get workers(): readonly string[] {
    return this.#workers;
  }

  get isReady(): boolean {
    return this.seat !== null && this.#workers.length > 0;
  }

  /** In force for the next job; null before the first. */
  get difficulty(): number | null {
    return this.#difficulties?.current ?? null;
  }

  /** Bits that were asked for and agreed; 0 = no version rolling. */
  get askedMask(): number {
    return this.#askedMask ?? 0;
  }

  /** The mask in force; null = version rolling is not agreed. */
  get versionMask(): number | null {
    return this.#askedMask === null ? null : this.#toldMask;
  }

  /** The newest work it was sent; null = none yet. */
  get issue(): Issue<J> | null {
    return this.#issue;
  }

  /** When it was last sent work, monotonic ms. */
  get sentAt(): number {
    return this.#sentAt;
  }

  isAuthorized(worker: string): boolean {
    return this.#workers.includes(worker);
  }

  find(jobId: string): Issue<J> | null {
    const issue = this.#host.find(this, jobId);
    return issue === null || issue.sequence <= this.#movedAfter || !this.fits(issue.served.job) ? null : issue;
  }

  requiredFor(issue: Issue<J>): number {
    return this.#difficulties?.requiredFor(issue.sequence) ?? 0;
  }

  /** Takes one line of the miner, without its line end. */
  receive(line: string, now: number): void {
    if (line.length > SERVER_LIMITS.lineBytes) return this.noteBadLine(null, REFUSALS.lineTooLong);
    // A web page could otherwise let a browser in the house send requests in the body of a form.
    if (this.subscribedAt === null && HTTP_REQUEST.test(line)) return this.#host.close(this, 'it speaks HTTP');
    const read = decodeMinerLine(line);
    if (read.kind === 'ignored') return;
    if (read.kind === 'garbage') return this.noteBadLine(read.id, REFUSALS.notARequest);
    const { id, ask } = read;
    if (ask.method === 'submit') return this.#submit(id, ask.params, now);
    const wasReady = this.isReady;
    this.#answer(id, this.#perform(ask, now));
    if (this.#refusedLogins >= SERVER_LIMITS.wrongPasswords) return this.#host.close(this, `${this.#refusedLogins} logins that were refused`);
    if (this.isReady && !wasReady) this.#host.ready(this);
  }

  /** Answers a line that is no request; too many of them end the connection. */
  noteBadLine(id: string | null, refusal: Refusal): void {
    this.badLines += 1;
    this.#host.send(this, refusalLine(id ?? 'null', refusal));
    if (this.badLines >= SERVER_LIMITS.badLines) this.#host.close(this, `${this.badLines} lines that are not Stratum`);
  }

  /**
   * Sends work, and before it what has changed: difficulty and version mask. The seat must fit the job.
   * @param clean older work is worthless
   */
  sendWork(issue: Issue<J>, clean: boolean, now: number): void {
    const { seat } = this;
    if (seat === null) return;
    const before = this.#before(issue, now);
    if (before !== '') this.#host.send(this, before);
    if (this.#issue !== null && this.#issue.served.stale !== null) this.seen.turn();
    this.#issue = issue;
    this.#sentAt = now;
    this.#host.send(this, issue.notifyLine(seat, clean));
  }

  /** Another place to search, for a miner that takes mining.set_extranonce. It holds from the next job on. */
  moveTo(seat: Seat): void {
    this.seat = seat;
    this.seen = new SeenShares();
    this.#movedAfter = this.#issue?.sequence ?? -1;
    this.#host.send(this, setExtranonceLine(seat.prefixHex, seat.extranonce2Size));
  }

  /** Asks the miner to connect anew. The owner closes the connection in a while. */
  askToReconnect(): void {
    this.#host.send(this, RECONNECT_LINE);
  }

  /** Whether the miner can work on this job as things are. */
  fits(job: J): boolean {
    return this.seat !== null && seatFits(this.seat, job);
  }

  /** Lets the difficulty follow the shares. True when it is to change: the owner then sends a job, to which it applies. */
  adapt(now: number): boolean {
    if (this.#vardiff === null || this.#difficulties === null || this.#issue === null || this.#fixed !== null) return false;
    const wanted = this.#vardiff.tick(this.#difficulties.current, this.#issue.served.maxDifficulty, now);
    if (wanted === null || wanted < (this.#minimumDifficulty ?? 0)) return false;
    this.#suggested = wanted;
    return true;
  }

  #before(issue: Issue<J>, now: number): string {
    let lines = '';
    const difficulty = this.#nextDifficulty(issue.served.maxDifficulty);
    if (this.#difficulties === null) {
      this.#difficulties = new DifficultyBook(difficulty);
      this.#vardiff = new Vardiff(this.#host.vardiff, now);
      lines = setDifficultyLine(difficulty);
    } else if (difficulty !== this.#difficulties.current) {
      this.#difficulties.set(difficulty, issue.sequence);
      this.#vardiff?.changed(now);
      lines = setDifficultyLine(difficulty);
    }
    if (this.#askedMask === null) return lines;
    const mask = (issue.served.versionMask & this.#askedMask) >>> 0;
    if (mask === this.#toldMask) return lines;
    this.#toldMask = mask;
    return lines + setVersionMaskLine(mask);
  }

  #nextDifficulty(cap: number): number {
    const wanted = this.#fixed ?? this.#suggested ?? this.#difficulties?.current ?? this.#host.startDifficulty(this.#workers[0] ?? '');
    return boundDifficulty(Math.max(wanted, this.#minimumDifficulty ?? 0), cap, this.#host.vardiff);
  }

  #perform(ask: MinerAsk, now: number): { readonly result: unknown } | Refusal {
    switch (ask.method) {
      case 'configure':
        return this.#configure(ask.extensions, ask.values);
      case 'subscribe':
        return this.#subscribe(ask.userAgent, ask.sessionId, now);
      case 'authorize':
        return this.#authorize(ask.worker, ask.password, now);
      case 'suggest_difficulty':
        this.#suggested = ask.difficulty;
        if (this.#issue !== null) this.#host.wantsJob(this);
        return TRUE;
      case 'extranonce_subscribe':
        this.takesExtranonce = true;
        return TRUE;
      case 'ping':
        return { result: 'pong' };
      case 'multi_version':
        return TRUE;
      case 'get_transactions':
        return REFUSALS.transactions;
      case 'invalid':
        return { code: 20, text: ask.reason };
      default:
        return REFUSALS.unknownMethod;
    }
  }

  #configure(extensions: readonly unknown[], values: Readonly<Record<string, unknown>>): { readonly result: unknown } | Refusal {
    const offered = this.#host.versionMaskOffered(this);
    const agreement = negotiate(extensions, values, offered);
    if ('reason' in agreement) return { code: 20, text: agreement.reason };
    if (agreement.askedMask !== null) {
      this.#askedMask = agreement.askedMask;
      this.#toldMask = (agreement.askedMask & offered) >>> 0;
    }
    this.#minimumDifficulty = agreement.minimumDifficulty ?? this.#minimumDifficulty;
    this.takesExtranonce ||= agreement.subscribeExtranonce;
    return { result: agreement.result };
  }

  /** A second subscribe is answered like the first: some miners ask twice. */
  #subscribe(userAgent: string | null, sessionId: string | null, now: number): { readonly result: unknown } | Refusal {
    if (this.seat === null) {
      const taken = this.#host.takeSeat(this, sessionId);
      if ('reason' in taken) return { code: 20, text: taken.reason };
      this.seat = taken;
      this.subscribedAt = now;
      this.userAgent = userAgent === null ? null : sanitizeText(userAgent, SERVER_LIMITS.userAgentChars) || null;
    }
    const { sessionId: id, prefixHex, extranonce2Size } = this.seat;
    return { result: [[['mining.set_difficulty', id], ['mining.notify', id]], prefixHex, extranonce2Size] };
  }

  #authorize(worker: string, password: string, now: number): { readonly result: unknown } | Refusal {
    if (this.isAuthorized(worker)) return TRUE;
    const options = readPassword(password);
    if (worker.length > SERVER_LIMITS.workerNameChars || this.#workers.length >= SERVER_LIMITS.workersPerConnection) return REFUSALS.unauthorized;
    const reason = this.#host.authorize(this, worker, options.secret);
    if (reason !== null) {
      this.#refusedLogins += 1;
      return { code: REFUSALS.unauthorized.code, text: reason };
    }
    this.#fixed ??= options.difficulty;
    this.#workers.push(worker);
    this.authorizedAt ??= now;
    return TRUE;
  }

  #submit(id: string | null, params: readonly unknown[], now: number): void {
    const verdict = checkSubmit(params, this);
    const worker = params[0];
    if (verdict.accepted) {
      if (id !== null) this.#host.send(this, trueLine(id));
      this.lastShareAt = now;
      this.#vardiff?.share(verdict.share.credit, now);
      return this.#host.accepted(this, worker as string, verdict.share);
    }
    if (id !== null) this.#host.send(this, refusalLine(id, verdict.refusal));
    this.#host.refused(this, typeof worker === 'string' && this.isAuthorized(worker) ? worker : null, verdict.refusal, verdict.share);
  }

  #answer(id: string | null, answer: { readonly result: unknown } | Refusal): void {
    if (id === null) return;
    if ('code' in answer) this.#host.send(this, refusalLine(id, answer));
    else if (answer.result === true) this.#host.send(this, trueLine(id));
    else this.#host.send(this, resultLine(id, answer.result));
  }
}

const TRUE = { result: true } as const;
const HTTP_REQUEST = /^[A-Z]{3,10} [^ ]* HTTP\/\d/;
