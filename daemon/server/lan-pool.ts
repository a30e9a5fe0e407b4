/**
 * The pool for other miners in the house: listens, lets in who may come, gives them work of the source this rig mines for,
 * checks their shares and sends on what the source wants.
 */
import { createServer, type Server, type Socket } from 'node:net';
import { timingSafeEqual, createHash } from 'node:crypto';
import type { ServerConfig } from '../../config/schema.ts';
import type { Clock, Timer } from '../../protocol/common/clock.ts';
import { RigError } from '../../protocol/common/errors.ts';
import type { Log } from '../../protocol/common/log.ts';
import type { Service } from '../../protocol/common/service.ts';
import { SERVER_LIMITS } from '../../protocol/stratum-v1/server/limits.ts';
import type { Refusal } from '../../protocol/stratum-v1/server/reply.ts';
import type { Issue, Seat } from '../../protocol/stratum-v1/server/served-job.ts';
import type { MinerHost, MinerSession } from '../../protocol/stratum-v1/server/session.ts';
import type { CheckedShare } from '../../protocol/stratum-v1/server/share-check.ts';
import type { VardiffOptions } from '../../protocol/stratum-v1/server/vardiff.ts';
import { sanitizeText } from '../../protocol/stratum-v1/text.ts';
import type { MiningEngine } from '../mining/engine.ts';
import type { Job, JobSource } from '../mining/job.ts';
import type { Ledger } from '../ledger/contract.ts';
import type { ServerState } from '../telemetry/state.ts';
import { AllowList, plainAddress } from './allow.ts';
import { Dispatch } from './dispatch.ts';
import { ShareForwarder } from './forwarder.ts';
import { Miner } from './miner.ts';
import { ShareRates } from './rates.ts';
import { addressText, listenWords, minersUrl, openness } from './where.ts';
import { WorkerReports } from './worker-reports.ts';
import { WorkerBook } from './workers.ts';

export interface LanPoolOptions {
  readonly config: Pick<ServerConfig, 'host' | 'port' | 'allow' | 'max_miners' | 'max_per_address' | 'share_seconds' | 'start_difficulty' | 'min_difficulty' | 'max_difficulty' | 'version_rolling'>;
  /** Password miners must give; null = any. */
  readonly password: string | null;
}

export interface LanPoolDeps {
  readonly engine: Pick<MiningEngine, 'events' | 'sources' | 'jobOf' | 'activeSource' | 'submitForeign' | 'inspect'>;
  /** Another connection to a pool, for one miner of a pool that cannot be shared out; left out: such pools are not served. */
  readonly ownSource?: (poolId: string) => JobSource | null;
  /** Where what each worker did is written down; left out: nowhere. */
  readonly ledger?: Pick<Ledger, 'saveSystemReport'>;
  readonly clock: Clock;
  readonly log: Log;
}

const SWEEP_MS = 1000;
/** Deadlines of DATUM's server. */
const SUBSCRIBE_WITHIN_MS = 15_000;
const AUTHORIZE_WITHIN_MS = 120_000;
const SHARE_WITHIN_MS = 2 * 3_600_000;
const RETRY_MS = 30_000;
const KEEPALIVE_MS = 60_000;
const CLOSING_MS = 5_000;
const MOST_CLOSING = 256;
const WORKERS_SHOWN = 256;
/** Refused connections that are told of one by one; more of them once a minute, with the count. */
const REFUSAL_LOG_MS = 60_000;

export class LanPool implements Service, MinerHost<Job> {
  readonly vardiff: VardiffOptions;
  readonly #options: LanPoolOptions;
  readonly #deps: LanPoolDeps;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #allow: AllowList;
  readonly #dispatch: Dispatch;
  readonly #forwarder: ShareForwarder;
  readonly #workers = new WorkerBook();
  readonly #reports: WorkerReports | null;
  readonly #rates: ShareRates;
  readonly #miners = new Set<Miner>();
  readonly #perAddress = new Map<string, number>();
  /** Connections that take what was written last, and until when they may, monotonic ms. */
  readonly #closing = new Map<Socket, number>();
  #server: Server | null = null;
  #timers: Timer[] = [];
  #retry: Timer | null = null;
  #status: ServerState['status'] = 'stopped';
  #reason: string | null = null;
  #refused = 0;
  #refusedUnreported = 0;
  #refusalLoggedAt = -Infinity;
  #ended = false;
  #stopListening: (() => void)[] = [];

  /** @throws RigError E_CONFIG_INVALID when server.allow cannot be read */
  constructor(options: LanPoolOptions, deps: LanPoolDeps) {
    const { config } = options;
    this.#options = options;
    this.#deps = deps;
    this.#clock = deps.clock;
    this.#log = deps.log;
    this.#allow = new AllowList(config.allow);
    this.#reports = deps.ledger ? new WorkerReports(this.#workers, deps.ledger, deps.clock) : null;
    this.#rates = new ShareRates(deps.clock.monotonic());
    this.vardiff = { shareMs: config.share_seconds * 1000, min: config.min_difficulty, max: config.max_difficulty ?? null };
    this.#dispatch = new Dispatch({ policyMask: config.version_rolling ? 0xffff_ffff : 0, activeSource: () => deps.engine.activeSource, ownSource: deps.ownSource ?? (() => null), inspect: (job) => deps.engine.inspect(job), clock: deps.clock, log: deps.log });
    this.#forwarder = new ShareForwarder(deps.engine, deps.clock);
  }

  /** Begins to listen. A port that cannot be had shows in `state()` and is tried again; this never rejects for it. */
  async start(signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    if (this.#server !== null || this.#ended) return;
    const { engine } = this.#deps;
    const now = this.#clock.monotonic();
    for (const { id } of engine.sources) {
      const job = engine.jobOf(id);
      if (job !== null) this.#dispatch.takeJob(job, now);
    }
    this.#listenTo('sourceJob', (job: Job) => this.#dispatch.takeJob(job, this.#clock.monotonic()));
    this.#listenTo('sourceLost', (sourceId: string) => this.#dispatch.lose(sourceId, this.#clock.monotonic()));
    this.#listenTo('active', () => this.#dispatch.follow(this.#miners, this.#clock.monotonic()));
    this.#timers.push(this.#clock.every(SWEEP_MS, () => this.#sweep()));
    await this.#open();
  }

  /** Frees the port and lets the miners go. */
  async stop(): Promise<void> {
    this.#ended = true;
    for (const timer of this.#timers.splice(0)) timer.cancel();
    this.#retry?.cancel();
    for (const end of this.#stopListening.splice(0)) end();
    const server = this.#server;
    this.#server = null;
    // First of all, and waited for last: a miner that comes back at once must not find the door open while others are seen off.
    const closed = server === null ? null : new Promise<void>((resolve) => server.close(() => resolve()));
    if (this.#status !== 'stopped') this.#reports?.report();
    this.#setStatus('stopped', null);
    for (const miner of [...this.#miners]) {
      miner.socket.destroy();
      this.#gone(miner);
    }
    for (const socket of this.#closing.keys()) socket.destroy();
    await Promise.all([this.#dispatch.settled(), closed]);
  }

  /** Port listened on; null when it does not listen. */
  get port(): number | null {
    const address = this.#server?.address();
    return this.#status === 'listening' && typeof address === 'object' && address !== null ? address.port : null;
  }

  state(): ServerState {
    const now = this.#clock.monotonic();
    const workers = [...this.#workers.all()].sort((a, b) => b.acceptedDifficulty - a.acceptedDifficulty).slice(0, WORKERS_SHOWN);
    return {
      status: this.#status,
      reason: this.#reason,
      address: this.port === null ? null : addressText(this.#options.config.host, this.port),
      miners: this.#miners.size,
      hashrate_hs: this.#rates.state(now).m5,
      refused_connections: this.#refused,
      totals: this.#workers.totals(),
      workers: workers.map((worker) => worker.state(now)),
      worker_count: this.#workers.size,
    };
  }

  #listenTo(event: 'sourceJob' | 'sourceLost' | 'active', listener: (...args: never[]) => void): void {
    const { events } = this.#deps.engine;
    events.on(event, listener as () => void);
    this.#stopListening.push(() => events.off(event, listener as () => void));
  }

  #setStatus(status: ServerState['status'], reason: string | null): void {
    this.#status = status;
    this.#reason = reason;
  }

  /** Resolves when it listens, or cannot. */
  async #open(): Promise<void> {
    const { host, port } = this.#options.config;
    const server = createServer({ noDelay: true, keepAlive: true, keepAliveInitialDelay: KEEPALIVE_MS }, (socket) => this.#accept(socket));
    this.#server = server;
    await new Promise<void>((resolve) => {
      server.on('error', (error) => {
        this.#failed(server, error);
        resolve();
      });
      // Stopped while the host was looked up.
      server.on('close', () => resolve());
      server.listen({ host, port, backlog: 4096 }, () => {
        if (this.#ended) return void server.close();
        this.#setStatus('listening', null);
        this.#log.info({ url: minersUrl(host, this.port ?? port) }, 'other miners can mine here: this is the address of their pool');
        const warning = openness(host, this.#options.password !== null);
        if (warning !== null) this.#log.warn({ host }, warning);
        resolve();
      });
    });
  }

  #failed(server: Server, error: Error): void {
    if (this.#ended || this.#server !== server) return;
    const { host, port } = this.#options.config;
    const problem = new RigError('E_SERVER', `the LAN pool cannot listen on ${addressText(host, port)}: ${listenWords(error)}`, { cause: error });
    if (this.#reason !== problem.message) this.#log.error({ code: problem.code, err: problem.message, hint: problem.hint }, 'the LAN pool does not serve');
    this.#setStatus('failed', problem.message);
    server.close();
    this.#retry?.cancel();
    this.#retry = this.#clock.after(RETRY_MS, () => void this.#open());
  }

  #accept(socket: Socket): void {
    // A socket may break before anybody listens to it.
    socket.on('error', () => socket.destroy());
    // Let in by the system just before the port was closed.
    if (this.#ended) return void socket.destroy();
    const address = plainAddress(socket.remoteAddress ?? '');
    const reason = this.#refusalOf(address);
    if (reason !== null) {
      socket.destroy();
      return this.#noteRefusal(address, reason);
    }
    const miner = new Miner(this, socket, address, this.#clock.monotonic(), this.#clock.now());
    this.#miners.add(miner);
    this.#perAddress.set(address, (this.#perAddress.get(address) ?? 0) + 1);
    socket.on('data', (chunk: Buffer) => {
      if (!miner.take(chunk, this.#clock.monotonic())) this.close(miner, 'a line without an end');
      // One that sends without end must not keep the others, and the rig, from their turn.
      if (miner.lines >= SERVER_LIMITS.linesPerSecond) socket.pause();
    });
    socket.on('close', () => {
      this.#closing.delete(socket);
      this.#gone(miner);
    });
  }

  #refusalOf(address: string): string | null {
    const { max_miners, max_per_address } = this.#options.config;
    if (!this.#allow.permits(address)) return 'its address is not allowed (server.allow)';
    if (this.#miners.size >= max_miners) return `there are ${max_miners} miners already (server.max_miners)`;
    if ((this.#perAddress.get(address) ?? 0) >= max_per_address) return `there are ${max_per_address} from its address already (server.max_per_address)`;
    return null;
  }

  #noteRefusal(address: string, reason: string): void {
    this.#refused += 1;
    this.#refusedUnreported += 1;
    const now = this.#clock.monotonic();
    if (now - this.#refusalLoggedAt < REFUSAL_LOG_MS) return;
    this.#log.warn({ address, reason, connections: this.#refusedUnreported }, 'connection to the LAN pool refused');
    this.#refusalLoggedAt = now;
    this.#refusedUnreported = 0;
  }

  #gone(miner: Miner): void {
    if (!this.#miners.delete(miner)) return;
    miner.gone = true;
    const left = (this.#perAddress.get(miner.address) ?? 1) - 1;
    if (left > 0) this.#perAddress.set(miner.address, left);
    else this.#perAddress.delete(miner.address);
    for (const worker of miner.accounts) worker.leave(miner);
    this.#dispatch.leave(miner, this.#clock.monotonic());
  }

  #sweep(): void {
    const now = this.#clock.monotonic();
    this.#dispatch.sweep(now);
    this.#reports?.tick();
    for (const [socket, until] of this.#closing) if (now >= until) socket.destroy();
    for (const miner of this.#miners) {
      if (miner.lines >= SERVER_LIMITS.linesPerSecond) miner.socket.resume();
      miner.lines = 0;
      const reason = overdue(miner, now);
      if (reason !== null) this.close(miner, reason);
      else if (miner.adapt(now) || miner.wantsJob) this.#dispatch.refresh(miner, now);
      miner.wantsJob = false;
    }
  }

  // What the sessions ask for.

  send(session: MinerSession<Job>, data: string | Uint8Array): void {
    if (!(session as Miner).write(data)) this.close(session, 'it does not read what it is sent');
  }

  close(session: MinerSession<Job>, reason: string): void {
    const { socket, address, workers } = session as Miner;
    if ((session as Miner).gone) return;
    this.#log.debug({ address, worker: sanitizeText(workers[0] ?? ''), reason }, 'connection of a miner ended by us');
    this.#gone(session as Miner);
    // What was written last goes out, but a peer that does not read is not waited for, and of those there are not many.
    if (this.#closing.size >= MOST_CLOSING) return void socket.destroy();
    socket.destroySoon();
    this.#closing.set(socket, this.#clock.monotonic() + CLOSING_MS);
  }

  versionMaskOffered(): number {
    return this.#dispatch.versionMask;
  }

  takeSeat(session: MinerSession<Job>, sessionId: string | null): Seat | { readonly reason: string } {
    return this.#dispatch.takeSeat(session as Miner, sessionId, this.#clock.monotonic());
  }

  authorize(session: MinerSession<Job>, worker: string, secret: string): string | null {
    const { password } = this.#options;
    if (password !== null && !sameText(password, secret)) return 'Wrong password';
    const miner = session as Miner;
    const account = this.#workers.join(worker, this.#clock.monotonic());
    account.connections.add(miner);
    miner.accounts.push(account);
    return null;
  }

  startDifficulty(worker: string): number {
    const { share_seconds, start_difficulty } = this.#options.config;
    return this.#workers.difficultyFor(worker, share_seconds, this.#clock.monotonic()) ?? start_difficulty;
  }

  find(session: MinerSession<Job>, jobId: string): Issue<Job> | null {
    return this.#dispatch.find(session as Miner, jobId);
  }

  ready(session: MinerSession<Job>): void {
    const miner = session as Miner;
    // The answer to what made it ready may have been one too many that it did not read.
    if (miner.gone) return;
    this.#log.debug({ address: miner.address, worker: sanitizeText(miner.workers[0] ?? ''), user_agent: miner.userAgent }, 'a miner is ready for work');
    this.#dispatch.place(miner, this.#clock.monotonic());
  }

  wantsJob(session: MinerSession<Job>): void {
    (session as Miner).wantsJob = true;
  }

  accepted(session: MinerSession<Job>, worker: string, share: CheckedShare<Job>): void {
    const now = this.#clock.monotonic();
    const account = (session as Miner).account(worker);
    account?.noteAccepted(share, now, this.#clock.now());
    this.#rates.add(share.credit, now);
    if (share.meetsSource || share.isBlock) this.#forwarder.forward(share, worker, account, (session as Miner).own?.source ?? null);
  }

  refused(session: MinerSession<Job>, worker: string | null, refusal: Refusal, share: CheckedShare<Job> | null): void {
    const account = worker === null ? null : (session as Miner).account(worker);
    account?.noteRefused(refusal, this.#clock.monotonic());
    // It came too late for us, but a block is for the pool to judge.
    if (share !== null && worker !== null) this.#forwarder.forward(share, worker, account, (session as Miner).own?.source ?? null);
  }
}

function overdue(miner: Miner, now: number): string | null {
  if (miner.closeAt !== null) return now >= miner.closeAt ? 'it has to connect anew' : null;
  if (miner.subscribedAt === null) return now - miner.connectedAt >= SUBSCRIBE_WITHIN_MS ? 'no mining.subscribe in time' : null;
  if (miner.authorizedAt === null) return now - miner.subscribedAt >= AUTHORIZE_WITHIN_MS ? 'no mining.authorize in time' : null;
  return now - (miner.lastShareAt ?? miner.subscribedAt) >= SHARE_WITHIN_MS ? 'no share for too long' : null;
}

/** In a time that does not tell where they differ. */
function sameText(a: string, b: string): boolean {
  const digest = (text: string): Buffer => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(a), digest(b));
}
