/** One miner's Stratum V1 session: what it asks, what it is answered, what becomes of its shares. Owns no socket. */
import type { Timer } from '../../protocol/common/clock.ts';
import { serializeBlock } from '../chain/block.ts';
import { serializeTx } from '../chain/transaction.ts';
import { negotiate } from './configure.ts';
import type { PoolContext } from './context.ts';
import { JobFeed } from './job-feed.ts';
import { hex32, shareBlock, type PoolJob } from './job.ts';
import { STRATUM_CODE, type Reject } from './rejects.ts';
import { checkSubmit, type GoodShare } from './submit.ts';
import { Vardiff } from './vardiff.ts';

/** Worker names one connection may authorize. */
const WORKERS_PER_CONNECTION = 64;
const NAME_LENGTH = 191;
const CONTROL = /[\u0000-\u001f\u007f-\u009f]/g;

/** Where a session's lines go. */
export interface SessionPort {
  send(message: object): void;
  close(reason: string): void;
  /** The connection stays, but nothing is sent or heard any more. */
  fallSilent(): void;
}

/** Text of a miner as it may be shown on a terminal. */
function plain(text: string): string {
  return text.replace(CONTROL, '').slice(0, NAME_LENGTH);
}

type Answer = { readonly result: unknown } | { readonly error: readonly [number, string] };
type Handler = (params: readonly unknown[]) => Answer;

export class Session {
  readonly number: number;
  userAgent: string | null = null;
  /** Answer to client.get_version. */
  clientVersion: string | null = null;
  /** Answers the miner gave to requests of the pool. */
  answers = 0;
  readonly #connectedMs: number;
  #subscribedMs: number | null = null;
  #lastShareMs: number | null = null;
  readonly #names = new Set<string>();
  #versionMask: number | null = null;
  #askedMask = 0;
  #vardiff: Vardiff | null = null;
  #goodShares = 0;
  #nextRequestId = 1;
  /** Waits to cut or silence the connection (faults flapping and silent-after). */
  #fate: Timer | null = null;
  readonly #feed: JobFeed;
  readonly #context: PoolContext;
  readonly #port: SessionPort;
  readonly #handlers: Readonly<Record<string, Handler>> = {
    'mining.configure': (params) => this.#configure(params),
    'mining.subscribe': (params) => this.#subscribe(params),
    'mining.authorize': (params) => this.#authorize(params),
    'mining.suggest_difficulty': (params) => this.#suggestDifficulty(params),
    'mining.extranonce.subscribe': () => this.#subscribeExtranonce(),
    'mining.get_transactions': (params) => this.#getTransactions(params),
    'mining.ping': () => ({ result: 'pong' }),
  };

  constructor(number: number, context: PoolContext, port: SessionPort) {
    this.number = number;
    this.#context = context;
    this.#port = port;
    this.#feed = new JobFeed(number, context, (method, params) => {
      this.request(method, params);
      if (method === 'mining.notify') this.#doom();
    });
    this.#connectedMs = context.settings.clock.monotonic();
  }

  get workers(): readonly string[] {
    return [...this.#names];
  }

  get difficulty(): number | null {
    return this.#feed.difficulty;
  }

  get versionMask(): number | null {
    return this.#versionMask;
  }

  /** Takes jobs: subscribed and authorized (or given work early by a fault). */
  get ready(): boolean {
    if (this.#context.faults.noJobs && this.difficulty === null) return false;
    return this.#feed.seat !== null && (this.#names.size > 0 || this.#context.faults.notifyBeforeAuthorize);
  }

  /** One complete JSON object from the miner. */
  handle(message: Readonly<Record<string, unknown>>): void {
    const { method } = message;
    const id = message['id'] ?? null;
    if (method === undefined && ('result' in message || 'error' in message)) return this.#takeAnswer(message['result']);
    if (typeof method !== 'string') return this.#answer(id, { error: [STRATUM_CODE.notRequest, 'Not a request: no method'] });
    if (method === 'mining.submit') return this.#submit(id, message['params']);
    if (method === 'mining.configure' && this.#context.faults.closeAfterConfigure) return this.#port.close('fault close-after-configure');
    const handler = Object.hasOwn(this.#handlers, method) ? this.#handlers[method] : undefined;
    const before = this.ready;
    const params = Array.isArray(message['params']) ? (message['params'] as unknown[]) : [];
    this.#answer(id, handler ? handler(params) : { error: [STRATUM_CODE.methodNotFound, 'Method not found'] });
    if (this.ready && !before) this.sendJob(this.#context.freshJob(), true);
  }

  sendJob(job: PoolJob, clean: boolean): void {
    if (this.ready) this.#feed.send(job, clean);
  }

  setDifficulty(difficulty: number): void {
    this.#vardiff?.restart(this.#context.settings.clock.monotonic());
    if (this.ready) this.#feed.setDifficulty(difficulty);
  }

  /** False for a miner that did not subscribe to it, which is left alone unless `force`; see JobFeed for `repeatJob`. */
  setExtranonce({ force, repeatJob }: { force: boolean; repeatJob: boolean }): boolean {
    if (!this.ready || (!this.#feed.extranonceSubscribed && !force)) return false;
    this.#feed.changeExtranonce(repeatJob);
    return true;
  }

  /** Tells a miner that rolls versions about a changed mask; it applies at once. False for one that does not. */
  setVersionMask(poolMask: number): boolean {
    if (this.#versionMask === null) return false;
    this.#versionMask = (poolMask & this.#askedMask) >>> 0;
    this.request('mining.set_version_mask', [hex32(this.#versionMask)]);
    return true;
  }

  /** Sends a notification, or with `answerWanted` a request with the pool's own id. */
  request(method: string, params: readonly unknown[], answerWanted = false): void {
    this.#port.send({ id: answerWanted ? this.#nextRequestId++ : null, method, params });
  }

  /** To be called every second: deadlines, and vardiff for the slow. */
  tick(): void {
    const { limits, clock } = this.#context.settings;
    const now = clock.monotonic();
    if (this.#subscribedMs === null) {
      if (now - this.#connectedMs >= limits.subscribeWithinMs) this.#port.close('no mining.subscribe in time');
    } else if (this.#names.size === 0) {
      if (now - this.#subscribedMs >= limits.authorizeWithinMs) this.#port.close('no mining.authorize in time');
    } else if (now - (this.#lastShareMs ?? this.#subscribedMs) >= limits.shareWithinMs) this.#port.close('no share for too long');
    else if (this.difficulty !== null) this.#adapt(this.#vardiff?.tick(this.difficulty, now));
  }

  /** The connection is gone; the session can be resumed. */
  end(): void {
    this.#fate?.cancel();
    this.#feed.end();
  }

  /** Called at every job: from the first one under such a fault on, the connection has not long to live. */
  #doom(): void {
    const { faults, settings } = this.#context;
    if (this.#fate !== null) return;
    if (faults.flappingMs !== null) this.#fate = settings.clock.after(faults.flappingMs, () => this.#port.close('fault flapping'));
    else if (faults.silentAfter !== null && 'ms' in faults.silentAfter) this.#fate = settings.clock.after(faults.silentAfter.ms, () => this.#port.fallSilent());
  }

  #configure(params: readonly unknown[]): Answer {
    const agreement = negotiate(params, this.#context.versionMask());
    if (!agreement) return { error: [STRATUM_CODE.other, 'mining.configure needs [[codes], {parameters}]'] };
    this.#versionMask = agreement.versionMask;
    this.#askedMask = agreement.askedMask;
    if (agreement.minimumDifficulty !== null) this.#feed.atLeast(agreement.minimumDifficulty);
    this.#feed.extranonceSubscribed ||= agreement.extranonceSubscribed;
    return { result: agreement.result };
  }

  #subscribe([agent, previous]: readonly unknown[]): Answer {
    const { settings } = this.#context;
    if (!this.#feed.seat) {
      this.userAgent = typeof agent === 'string' ? plain(agent) : null;
      this.#subscribedMs = settings.clock.monotonic();
    }
    const { sessionId, extranonce1 } = this.#feed.seat ?? this.#feed.sit(typeof previous === 'string' ? previous : null);
    return { result: [[['mining.set_difficulty', sessionId], ['mining.notify', sessionId]], extranonce1.toString('hex'), settings.extranonce2Size] };
  }

  #authorize([worker, password]: readonly unknown[]): Answer {
    const { settings, faults, events, workers } = this.#context;
    if (!this.#feed.seat) return { error: [STRATUM_CODE.notSubscribed, 'Not subscribed'] };
    if (typeof worker !== 'string' || worker === '') return { error: [STRATUM_CODE.other, 'mining.authorize needs a worker name'] };
    const secret = typeof password === 'string' ? password : '';
    const accepted = !faults.unauthorized && worker === plain(worker) && this.#names.size < WORKERS_PER_CONNECTION && settings.authorize(worker, secret);
    events.emit('authorize', { connection: this.number, worker: plain(worker), accepted, userAgent: this.userAgent });
    if (!accepted) return { error: [STRATUM_CODE.unauthorized, 'Unauthorized worker'] };
    const wish = /(?:^|[\s,;])(?:d|diff)=([0-9.eE+-]+)/.exec(secret);
    if (wish && this.#feed.suggested === null) this.#feed.suggest(wish[1]);
    this.#vardiff ??= settings.vardiff && new Vardiff(settings.vardiff, settings.clock.monotonic());
    this.#names.add(worker);
    workers.join(worker);
    return { result: true };
  }

  #suggestDifficulty([value]: readonly unknown[]): Answer {
    if (!this.#feed.suggest(value)) return { error: [STRATUM_CODE.other, 'mining.suggest_difficulty needs a positive number'] };
    if (this.ready) this.setDifficulty(this.#feed.suggested!);
    return { result: true };
  }

  #subscribeExtranonce(): Answer {
    this.#feed.extranonceSubscribed = true;
    return { result: true };
  }

  #getTransactions([id]: readonly unknown[]): Answer {
    const issued = typeof id === 'string' ? this.#feed.seat?.issued(id) : undefined;
    if (!issued) return { error: [STRATUM_CODE.jobNotFound, 'Job not found'] };
    return { result: issued.job.template.transactions.map((tx) => serializeTx(tx, true).toString('hex')) };
  }

  #submit(id: unknown, params: unknown): void {
    const { settings, chain, faults, workers } = this.#context;
    const { seat } = this.#feed;
    const verdict = checkSubmit(params, {
      subscribed: seat !== null,
      workers: this.#names,
      versionMask: this.#versionMask,
      issued: (jobId) => seat?.issued(jobId),
      tip: chain.tip.hash,
      now_s: Math.floor(settings.clock.now() / 1000),
    });
    if ('reject' in verdict) return this.#refuse(id, params, verdict.reject, null);
    const { share } = verdict;
    this.#lastShareMs = settings.clock.monotonic();
    this.#goodShares += 1;
    const nth = faults.rejectNth;
    if (nth && this.#goodShares % nth.every === 0) {
      this.#refuse(id, params, { code: nth.code, kind: 'on_purpose', text: 'Refused on purpose (fault reject-nth)' }, share);
    } else {
      workers.accepted(share.worker, share.issued.difficulty, share.difficulty);
      this.#report(share, null);
      if (!faults.noSubmitAnswers) this.#answer(id, { result: true });
    }
    if (share.isBlock) this.#submitBlock(share);
    if (faults.dropAfterShares !== null && this.#goodShares >= faults.dropAfterShares) return this.#port.close('fault drop-after-shares');
    if (faults.silentAfter !== null && 'shares' in faults.silentAfter && this.#goodShares >= faults.silentAfter.shares) return this.#port.fallSilent();
    // Shares of an older difficulty say nothing about the spacing at the present one.
    if (share.issued.difficulty === this.difficulty) this.#adapt(this.#vardiff?.share(share.issued.difficulty, settings.clock.monotonic()));
  }

  /** Called after the share was answered: a new tip brings a new job to everybody. */
  #submitBlock(share: GoodShare): void {
    const { chain, events, workers } = this.#context;
    const verdict = chain.submit(serializeBlock(shareBlock(share.issued, share.fields)));
    if (verdict.accepted) workers.block(share.worker);
    events.emit('block', { connection: this.number, worker: share.worker, height: share.issued.job.template.height, hash: share.hash, reason: verdict.accepted ? null : verdict.reason });
  }

  /** @param share the share itself when it was good and is refused all the same */
  #refuse(id: unknown, params: unknown, refusal: Reject, share: GoodShare | null): void {
    const [name, jobId] = Array.isArray(params) ? (params as unknown[]) : [];
    const worker = typeof name === 'string' && this.#names.has(name) ? name : '';
    if (worker !== '') this.#context.workers.rejected(worker, refusal.kind);
    const issued = typeof jobId === 'string' ? this.#feed.seat?.issued(jobId) : undefined;
    if (share) this.#report(share, refusal);
    else this.#context.events.emit('share', { connection: this.number, worker, reject: refusal, difficulty: issued?.difficulty ?? null, shareDifficulty: null, hash: null, isBlock: false });
    if (!this.#context.faults.noSubmitAnswers) this.#answer(id, { error: [refusal.code, refusal.text] });
  }

  #report(share: GoodShare, refusal: Reject | null): void {
    const { worker, issued, hash, isBlock, difficulty } = share;
    this.#context.events.emit('share', { connection: this.number, worker, reject: refusal, difficulty: issued.difficulty, shareDifficulty: difficulty, hash, isBlock });
  }

  #adapt(difficulty: number | null | undefined): void {
    if (difficulty !== null && difficulty !== undefined) this.setDifficulty(difficulty);
  }

  #takeAnswer(result: unknown): void {
    this.answers += 1;
    if (typeof result === 'string' && result !== 'pong') this.clientVersion = plain(result);
  }

  #answer(id: unknown, answer: Answer): void {
    if ('error' in answer) this.#port.send({ id, result: null, error: [...answer.error, null] });
    else this.#port.send({ id, result: this.#context.faults.wrongShapes ? misshape(answer.result) : answer.result, error: null });
  }
}

/** A result of another type than the protocol says (fault wrong-shapes). */
function misshape(result: unknown): unknown {
  if (typeof result === 'boolean') return { status: 'OK' };
  if (Array.isArray(result)) return { extranonce1: result[1], extranonce2_size: String(result[2]) };
  return [result];
}
