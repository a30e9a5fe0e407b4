/** A pool on the network in memory: it keeps a record of every submit and of everything that does not belong to it. */
import type { Clock } from '../../protocol/common/clock.ts';
import { judge, type IssuedJob, type Judged } from './judge.fixture.ts';
import type { Accepted, Listener, MemoryNet, PoolEnd } from './net.fixture.ts';

export interface MemoryPoolOptions {
  readonly name: string;
  readonly user: string;
  readonly password: string;
  readonly extranonce2Size: number;
  /** Version bits miners may roll; 0 = refused. */
  readonly mask: number;
  readonly difficulty: number;
  readonly nbits: string;
}

/** How a pool behaves; change at any time. */
export interface Behaviour {
  /** Nothing is sent or heard. */
  silent: boolean;
  /** Submits are judged and counted, not answered. */
  answersNoSubmit: boolean;
  /** The handshake is answered, no job is sent. */
  sendsNoJob: boolean;
  refusesWorker: boolean;
  /** First job right after the subscription. */
  jobBeforeAuthorize: boolean;
}

export interface Submit {
  readonly pool: string;
  readonly at: number;
  readonly worker: string;
  readonly jobId: string;
  /** What it hashes to with the job, extranonce and mask of its own connection; null when that is impossible. */
  readonly judged: Judged | null;
  /** Null = accepted. */
  readonly refusal: string | null;
  readonly answered: boolean;
}

let extranonces = 0;

export class MemoryPool implements Listener {
  up = true;
  readonly behaviour: Behaviour = { silent: false, answersNoSubmit: false, sendsNoJob: false, refusesWorker: false, jobBeforeAuthorize: false };
  readonly options: MemoryPoolOptions;
  readonly connections = new Set<MemoryConnection>();
  readonly counts = { connections: 0, submits: 0, accepted: 0, refused: 0, blocks: 0, answered: 0, lastRefusal: '' };
  /** What no miner of ours may ever do, in words. */
  readonly violations: string[] = [];
  /** Called for each submit; keeping them is up to the test. */
  onSubmit: (submit: Submit) => void = () => undefined;
  /** Whether the miner has hashed this: decides between two jobs of one id that a share may be of. */
  wasHashed: (hash: string) => boolean = () => true;
  readonly clock: Clock;
  readonly random: () => number;
  /** The same block for all jobs until `newBlock`. */
  prevHash: string;
  height = 100;
  /** Where its coinbase pays to: a script, hex. */
  payee: string;

  constructor(net: MemoryNet, options: MemoryPoolOptions) {
    this.options = options;
    this.clock = net.clock;
    this.random = net.random;
    this.prevHash = this.hex(32);
    this.payee = `0014${this.hex(20)}`;
  }

  accept(line: PoolEnd): Accepted {
    this.counts.connections += 1;
    const connection = new MemoryConnection(this, line);
    this.connections.add(connection);
    return connection;
  }

  hex(bytes: number): string {
    let text = '';
    while (text.length < 2 * bytes) text += Math.floor(this.random() * 256).toString(16).padStart(2, '0');
    return text;
  }

  /** Fresh jobs for every connection that takes them. */
  sendJobs(clean = false): void {
    for (const connection of this.connections) connection.sendJob(clean);
  }

  newBlock(): void {
    this.prevHash = this.hex(32);
    this.height += 1;
    this.sendJobs(true);
  }

  dropAll(): void {
    for (const connection of [...this.connections]) connection.close();
  }
}

/** One connection of a miner: its own extranonce1, its own jobs, ids that count from 1 like on every other connection. */
export class MemoryConnection implements Accepted {
  readonly #pool: MemoryPool;
  readonly #line: PoolEnd;
  readonly #jobs = new Map<string, IssuedJob[]>();
  #extranonce1: string;
  #mask: number | null = null;
  #difficulty: number;
  #subscribed = false;
  #authorized = false;
  #ended = false;
  #jobCount = 0;

  constructor(pool: MemoryPool, line: PoolEnd) {
    this.#pool = pool;
    this.#line = line;
    this.#difficulty = pool.options.difficulty;
    this.#extranonce1 = nextExtranonce1();
  }

  /** Takes jobs and news. A pool that is silent changes nothing it could not tell. */
  get ready(): boolean {
    return !this.#pool.behaviour.silent && this.#subscribed && (this.#authorized || this.#pool.behaviour.jobBeforeAuthorize) && !this.#ended;
  }

  receive(text: string): void {
    if (this.#ended || this.#pool.behaviour.silent) return;
    for (const line of text.split('\n')) if (line !== '') this.#handle(JSON.parse(line) as { id: number | null; method?: string; params?: unknown[] });
  }

  gone(): void {
    this.#ended = true;
    this.#pool.connections.delete(this);
  }

  close(): void {
    if (this.#ended) return;
    this.gone();
    this.#line.close();
  }

  /** Sends anything, unless the pool is silent. */
  send(message: object | string): void {
    if (!this.#ended && !this.#pool.behaviour.silent) this.#line.send(message);
  }

  sendJob(clean = false): void {
    const pool = this.#pool;
    if (!this.ready || pool.behaviour.sendsNoJob) return;
    this.#jobCount += 1;
    const ntime = (Math.floor(pool.clock.now() / 1000) >>> 0).toString(16);
    const height = Buffer.from([pool.height & 0xff, pool.height >> 8]).toString('hex');
    // Height, eight bytes, and both extranonces.
    const scriptLength = (3 + 8 + 4 + pool.options.extranonce2Size).toString(16).padStart(2, '0');
    const coinb1 = `0100000001${'00'.repeat(32)}ffffffff${scriptLength}02${height}${pool.hex(8)}`;
    const branch = Array.from({ length: Math.floor(pool.random() * 3) }, () => pool.hex(32));
    this.#issue([this.#jobCount.toString(16), pool.prevHash, coinb1, `ffffffff0100f2052a01000000${(pool.payee.length / 2).toString(16).padStart(2, '0')}${pool.payee}00000000`, branch, '20000000', pool.options.nbits, ntime, clean]);
  }

  /** Another extranonce1, then the present job again under its own id (`repeat`) or a fresh one. */
  changeExtranonce(repeat: boolean): void {
    const latest = [...this.#jobs.values()].at(-1)?.at(-1);
    if (!this.ready || latest === undefined) return;
    this.#extranonce1 = nextExtranonce1();
    this.send({ id: null, method: 'mining.set_extranonce', params: [this.#extranonce1, this.#pool.options.extranonce2Size] });
    if (repeat) this.#issue(latest.params);
    else this.sendJob(true);
  }

  changeDifficulty(difficulty: number): void {
    if (!this.ready) return;
    this.#difficulty = difficulty;
    this.send({ id: null, method: 'mining.set_difficulty', params: [difficulty] });
    this.sendJob();
  }

  redirect(host: string, port: number, waitS = 0): void {
    this.send({ id: null, method: 'client.reconnect', params: [host, port, waitS] });
  }

  #issue(params: IssuedJob['params']): void {
    const [id] = params;
    const versions = this.#jobs.get(id) ?? [];
    this.#jobs.delete(id);
    const before = versions.at(-1);
    if (before) before.supersededAt = this.#pool.clock.monotonic();
    this.#jobs.set(id, [...versions.slice(-3), { params, extranonce1: this.#extranonce1, extranonce2Size: this.#pool.options.extranonce2Size, difficulty: this.#difficulty, supersededAt: null }]);
    for (const old of this.#jobs.keys()) {
      if (this.#jobs.size <= 64) break;
      this.#jobs.delete(old);
    }
    this.send({ id: null, method: 'mining.notify', params });
  }

  #handle({ id, method, params = [] }: { id: number | null; method?: string; params?: unknown[] }): void {
    const { options, behaviour } = this.#pool;
    const answer = (result: unknown, error: unknown = null): void => this.send({ id, result, error });
    const before = this.ready;
    switch (method) {
      case 'mining.configure':
        if (options.mask !== 0) this.#mask = options.mask;
        answer(options.mask === 0 ? { 'version-rolling': false } : { 'version-rolling': true, 'version-rolling.mask': options.mask.toString(16).padStart(8, '0') });
        break;
      case 'mining.subscribe':
        this.#subscribed = true;
        answer([[['mining.notify', `s${this.#extranonce1}`]], this.#extranonce1, options.extranonce2Size]);
        this.send({ id: null, method: 'mining.set_difficulty', params: [this.#difficulty] });
        break;
      case 'mining.authorize':
        if (params[0] !== options.user || params[1] !== options.password) this.#pool.violations.push(`${options.name} was offered the credentials ${JSON.stringify(params)}`);
        this.#authorized = !behaviour.refusesWorker;
        answer(this.#authorized, this.#authorized ? null : [24, 'Unauthorized worker', null]);
        break;
      case 'mining.submit':
        this.#submit(id, params as string[]);
        break;
      case undefined:
        break;
      default:
        answer(true);
    }
    if (this.ready && !before) this.sendJob(true);
  }

  #submit(id: number | null, [worker = '', jobId = '', extranonce2 = '', ntime = '', nonce = '', bits]: string[]): void {
    const pool = this.#pool;
    const now = pool.clock.monotonic();
    const complain = (what: string): void => void pool.violations.push(`at ${now} ms ${pool.options.name} got a share of ${worker} for job ${jobId}: ${what}`);
    if (worker !== pool.options.user) complain(`the worker is not ${pool.options.user}`);
    if (!this.#authorized) complain('nobody is authorized on this connection');
    const versions = this.#jobs.get(jobId) ?? [];
    if (versions.length === 0) complain('this connection was never given that job');
    // A share that was on its way, or sent before the news could have arrived, may be of the job the id meant before.
    const candidates = versions.filter(({ supersededAt }) => supersededAt === null || now - supersededAt <= 2 * this.#line.latencyMs).reverse();
    const judged = candidates.map((job) => judge(job, { extranonce2, ntime, nonce, bits: bits ?? null }, this.#mask ?? 0));
    const good = judged.filter(({ meets, isBlock }) => meets || isBlock);
    const best = good.find(({ hash }) => pool.wasHashed(hash)) ?? good[0] ?? null;
    if (versions.length > 0 && best === null) complain('its header, with the job and extranonce of this connection, misses the target');
    if (best !== null && extranonce2.length !== 2 * best.job.extranonce2Size) complain(`extranonce2 "${extranonce2}" has the wrong size`);
    if (bits !== undefined && this.#mask === null) complain('version bits were sent without an agreement');
    const refusal = best === null ? 'Job not found' : best.job.supersededAt === null && best.job.params[1] === pool.prevHash ? null : 'Stale';
    pool.counts.submits += 1;
    if (refusal === null) {
      pool.counts.accepted += 1;
      if (best?.isBlock) pool.counts.blocks += 1;
    } else {
      pool.counts.refused += 1;
      pool.counts.lastRefusal = refusal;
    }
    const answered = !pool.behaviour.answersNoSubmit;
    pool.onSubmit({ pool: pool.options.name, at: now, worker, jobId, judged: best, refusal, answered });
    if (!answered) return;
    pool.counts.answered += 1;
    this.send(refusal === null ? { id, result: true, error: null } : { id, result: null, error: [21, refusal, null] });
  }
}

/** Four bytes that no other connection has. */
function nextExtranonce1(): string {
  extranonces += 1;
  return ((extranonces * 2654435761) >>> 0).toString(16).padStart(8, '0');
}
