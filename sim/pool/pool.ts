/** A Stratum V1 pool on the demo chain: real jobs, every share and block really checked. */
import { EventEmitter } from 'node:events';
import net, { type Socket } from 'node:net';
import tls from 'node:tls';
import { RigError, messageOf } from '../../protocol/common/errors.ts';
import { systemClock } from '../../protocol/common/clock.ts';
import { DemoChain, type TipChange } from '../chain/chain.ts';
import { Connection } from './connection.ts';
import type { PoolContext, SimPoolEvents } from './context.ts';
import { noFaults, type PoolFaults } from './faults.ts';
import { hex32, makeJob, type PoolJob } from './job.ts';
import { DEFAULT_DIFFICULTY, DEFAULT_LIMITS, type PoolOptions, type PoolSettings } from './options.ts';
import type { RejectKind } from './rejects.ts';
import { SeatBook } from './seats.ts';
import { WorkerBook, type WorkerStats } from './stats.ts';

const TICK_MS = 1000;

export interface ConnectionStats {
  readonly connection: number;
  readonly remote: string;
  readonly user_agent: string | null;
  readonly client_version: string | null;
  readonly workers: readonly string[];
  readonly difficulty: number | null;
  /** 8 hex digits, null when version rolling was not agreed. */
  readonly version_mask: string | null;
  /** Answers to requests of the pool (ping, get_version). */
  readonly answers: number;
}

export interface SimPoolStats {
  readonly chain: 'demo';
  readonly height: number;
  readonly tip: string;
  readonly network_difficulty: number;
  readonly connections: readonly ConnectionStats[];
  readonly workers: readonly WorkerStats[];
  readonly accepted: number;
  readonly rejected: number;
  readonly rejected_by_reason: Partial<Record<RejectKind, number>>;
  readonly difficulty_sum: number;
  readonly blocks: number;
  /** Sum over the workers; null before the first share. */
  readonly hashrate_hs: number | null;
  readonly bad_lines: number;
}

/** Sends something to every miner; the number it went to is returned. */
export interface Broadcast {
  job(options?: { clean?: boolean }): number;
  difficulty(difficulty: number): number;
  /** Only to miners that subscribed to it. */
  extranonce(): number;
  /** Only to miners that roll versions. */
  versionMask(mask: number): number;
  message(text: string): number;
  ping(): number;
  getVersion(): number;
  /** Without a host: to this pool again. */
  reconnect(host?: string, port?: number, waitSeconds?: number): number;
}

export interface SimPool {
  readonly host: string;
  readonly port: number;
  /** stratum+tcp:// or stratum+ssl:// */
  readonly url: string;
  readonly chain: DemoChain;
  /** Change at any time. */
  readonly faults: PoolFaults;
  readonly events: EventEmitter<SimPoolEvents>;
  readonly broadcast: Broadcast;
  stats(): SimPoolStats;
  /** Cuts all connections and frees the port. */
  close(): Promise<void>;
}

/**
 * Starts a pool and resolves when it listens.
 * @throws RigError E_PORT_IN_USE when the port is taken, E_POOL_CONNECT when it cannot listen for another reason
 */
export async function startSimPool(options: PoolOptions = {}): Promise<SimPool> {
  const settings: PoolSettings = {
    host: '127.0.0.1',
    port: 0,
    clock: systemClock,
    tls: null,
    chain: null,
    chainParams: {},
    difficulty: DEFAULT_DIFFICULTY,
    vardiff: { shareSpacing_s: 4, min: 1e-6, max: 1e15 },
    versionMask: 0x1fffe000,
    extranonce1Size: 4,
    extranonce2Size: 8,
    jobRefreshMs: 30_000,
    transactions: 5,
    authorize: () => true,
    ...options,
    limits: { ...DEFAULT_LIMITS, ...options.limits },
  };
  const pool = new Pool(settings);
  await pool.listen();
  return pool;
}

class Pool implements SimPool {
  readonly chain: DemoChain;
  readonly faults = noFaults();
  readonly events = new EventEmitter<SimPoolEvents>();
  readonly broadcast: Broadcast;
  readonly #settings: PoolSettings;
  readonly #workers: WorkerBook;
  readonly #context: PoolContext;
  readonly #server: net.Server;
  readonly #connections = new Map<number, Connection>();
  /** Also those still in the TLS handshake, which are no connections yet. */
  readonly #sockets = new Set<Socket>();
  readonly #onTip = (change: TipChange) => this.#newTip(change);
  #timers: { cancel(): void }[] = [];
  #versionMask: number;
  #connectionCount = 0;
  #jobCount = 0;
  #badLines = 0;

  constructor(settings: PoolSettings) {
    this.#settings = settings;
    this.#versionMask = settings.versionMask;
    this.chain = settings.chain ?? new DemoChain({ clock: settings.clock, params: settings.chainParams });
    this.#workers = new WorkerBook(settings.clock);
    this.#context = {
      settings,
      faults: this.faults,
      chain: this.chain,
      seats: new SeatBook(settings.clock, settings.extranonce1Size, settings.limits.resumeWithinMs),
      workers: this.#workers,
      events: this.events,
      versionMask: () => this.#versionMask,
      freshJob: () => this.#freshJob(),
      nextJobId: () => (++this.#jobCount).toString(16),
    };
    this.broadcast = this.#makeBroadcast();
    const accept = (socket: Socket) => this.#accept(socket);
    this.#server = settings.tls ? tls.createServer(settings.tls, accept) : net.createServer(accept);
    this.#server.on('connection', (socket: Socket) => {
      this.#sockets.add(socket);
      socket.once('close', () => this.#sockets.delete(socket));
    });
    this.#server.maxConnections = settings.limits.connections;
  }

  get host(): string {
    return this.#settings.host;
  }

  get port(): number {
    const address = this.#server.address();
    return typeof address === 'object' && address !== null ? address.port : 0;
  }

  get url(): string {
    const host = this.host.includes(':') ? `[${this.host}]` : this.host;
    return `stratum+${this.#settings.tls ? 'ssl' : 'tcp'}://${host}:${this.port}`;
  }

  async listen(): Promise<void> {
    const { host, port, clock, jobRefreshMs } = this.#settings;
    await new Promise<void>((resolve, reject) => {
      this.#server.on('error', (error: NodeJS.ErrnoException) => {
        const code = error.code === 'EADDRINUSE' ? 'E_PORT_IN_USE' : 'E_POOL_CONNECT';
        reject(new RigError(code, `the demo pool cannot listen on ${host}:${port}: ${messageOf(error)}`, { cause: error, context: { host, port }, hint: 'Choose another host or port (port 0 = any free one).' }));
      });
      this.#server.listen(port, host, resolve);
    });
    this.chain.events.on('tip', this.#onTip);
    this.#timers = [clock.every(TICK_MS, () => this.#eachConnection((connection) => connection.tick())), clock.every(jobRefreshMs, () => this.#refresh())];
  }

  stats(): SimPoolStats {
    const workers = this.#workers.all();
    const rejectedByReason: Partial<Record<RejectKind, number>> = {};
    for (const { rejected } of workers) {
      for (const [kind, count] of Object.entries(rejected) as [RejectKind, number][]) rejectedByReason[kind] = (rejectedByReason[kind] ?? 0) + count;
    }
    const sum = (value: (worker: WorkerStats) => number) => workers.reduce((total, worker) => total + value(worker), 0);
    const totals = this.chain.totals();
    return {
      chain: this.chain.name,
      height: totals.height,
      tip: totals.tip,
      network_difficulty: totals.difficulty,
      connections: [...this.#connections].map(([number, { remote, session }]) => ({
        connection: number,
        remote,
        user_agent: session.userAgent,
        client_version: session.clientVersion,
        workers: session.workers,
        difficulty: session.difficulty,
        version_mask: session.versionMask === null ? null : hex32(session.versionMask),
        answers: session.answers,
      })),
      workers,
      accepted: sum((worker) => worker.accepted),
      rejected: Object.values(rejectedByReason).reduce((total, count) => total + count, 0),
      rejected_by_reason: rejectedByReason,
      difficulty_sum: sum((worker) => worker.difficulty_sum),
      blocks: sum((worker) => worker.blocks),
      hashrate_hs: workers.every((worker) => worker.hashrate_hs === null) ? null : sum((worker) => worker.hashrate_hs ?? 0),
      bad_lines: this.#badLines + [...this.#connections.values()].reduce((total, connection) => total + connection.badLines, 0),
    };
  }

  async close(): Promise<void> {
    for (const timer of this.#timers) timer.cancel();
    this.#timers = [];
    this.chain.events.off('tip', this.#onTip);
    this.#eachConnection((connection) => connection.close('the pool stops'));
    for (const socket of this.#sockets) socket.destroy();
    if (!this.#server.listening) return;
    await new Promise<void>((resolve) => this.#server.close(() => resolve()));
  }

  #accept(socket: Socket): void {
    const number = ++this.#connectionCount;
    const connection = new Connection(number, socket, this.#context, (reason) => {
      this.#connections.delete(number);
      this.#badLines += connection.badLines;
      this.events.emit('disconnect', { connection: number, remote: connection.remote, reason });
    });
    this.#connections.set(number, connection);
    this.events.emit('connect', { connection: number, remote: connection.remote });
  }

  #freshJob(): PoolJob {
    const { transactions, extranonce1Size, extranonce2Size } = this.#settings;
    return makeJob(this.chain.template(transactions), extranonce1Size + extranonce2Size);
  }

  #newTip(change: TipChange): void {
    this.events.emit('tip', change);
    this.broadcast.job({ clean: true });
  }

  #refresh(): void {
    if (this.faults.sameJobNewExtranonce) this.#eachConnection(({ session }) => session.setExtranonce({ force: true, repeatJob: true }));
    else this.broadcast.job();
  }

  #makeBroadcast(): Broadcast {
    const ready = (send: (connection: Connection) => boolean | void) => {
      let count = 0;
      this.#eachConnection((connection) => {
        if (connection.session.ready && send(connection) !== false) count += 1;
      });
      return count;
    };
    const request = (method: string, params: readonly unknown[], answerWanted = false) => ready(({ session }) => session.request(method, params, answerWanted));
    return {
      job: ({ clean = false } = {}) => {
        const job = this.#freshJob();
        return ready(({ session }) => session.sendJob(job, clean));
      },
      difficulty: (difficulty) => ready(({ session }) => session.setDifficulty(difficulty)),
      extranonce: () => ready(({ session }) => session.setExtranonce({ force: false, repeatJob: false })),
      versionMask: (mask) => {
        this.#versionMask = mask >>> 0;
        return ready(({ session }) => session.setVersionMask(mask));
      },
      message: (text) => request('client.show_message', [text]),
      ping: () => request('mining.ping', [], true),
      getVersion: () => request('client.get_version', [], true),
      reconnect: (host, port, waitSeconds = 0) => request('client.reconnect', host === undefined ? [] : [host, port ?? this.port, waitSeconds]),
    };
  }

  /** A connection may end while this runs. */
  #eachConnection(visit: (connection: Connection) => void): void {
    for (const connection of [...this.#connections.values()]) visit(connection);
  }
}
