import { EventEmitter } from 'node:events';
import { u32ToHex } from '../../protocol/common/bytes.ts';
import type { Clock, Timer } from '../../protocol/common/clock.ts';
import { RigError } from '../../protocol/common/errors.ts';
import type { Log } from '../../protocol/common/log.ts';
import { StratumV1Client } from '../../protocol/stratum-v1/client.ts';
import type { V1Job } from '../../protocol/stratum-v1/job-tracker.ts';
import { DEADLINES, type Deadlines } from '../../protocol/stratum-v1/limits.ts';
import { NO_HINTS, type ClientHints, type ClientOptions } from '../../protocol/stratum-v1/options.ts';
import { isPrivateAddress } from '../../protocol/common/ip.ts';
import { parseProxyUrl } from '../../protocol/socks5/proxy-url.ts';
import { parsePoolUrl, type PoolAddress } from '../../protocol/stratum-v1/pool-url.ts';
import { isTrusted, type TrustedPool } from '../../protocol/stratum-v1/trusted-pools.ts';
import { backoffMs } from './backoff.ts';
import { Delays } from './delays.ts';
import { EndpointState } from './endpoint-state.ts';
import type { JobSource, Share, SourceEvents, SourceState, Verdict } from './job.ts';
import { LineBudget } from './line-budget.ts';
import type { TlsTrust } from '../tls-trust.ts';
import { CONNECT_TIMEOUT_MS, PROXY_CONNECT_TIMEOUT_MS, type PoolProxy } from './pool-socket.ts';
import { randomCredentials } from './proxy-credentials.ts';
import { toJob, toSubmission, toVerdict } from './stratum-v1-job.ts';
import { StratumV1Session, type SessionEnd } from './stratum-v1-session.ts';

export interface StratumV1SourceOptions {
  readonly id: string;
  /** `stratum+tcp://host:port` or `stratum+ssl://host:port`. */
  readonly url: string;
  readonly user: string;
  /** The password itself; kept out of logs, states and errors. */
  readonly password: string;
  /** How to judge the pool's certificate; only used with TLS addresses. */
  readonly tls: TlsTrust | null;
  /** Version bits we can and want to roll; 0 = none. */
  readonly versionMask: number;
  readonly suggestDifficulty: number | null;
  readonly subscribeExtranonce: boolean;
  /** `name/version`. */
  readonly userAgent: string;
  /** Send shares of jobs the pool has replaced as well. Blocks always are. Default false. */
  readonly submitStale?: boolean;
  readonly deadlines?: Partial<Deadlines>;
  readonly connectTimeoutMs?: number;
  /** `socks5h://host:port`; the pool's name is resolved by the proxy. Null or left out: none. */
  readonly proxy?: string | null;
  /** Random credentials of this source alone at the proxy, so that Tor keeps it apart from the others. Default true. */
  readonly proxyIsolation?: boolean;
  /** Where a redirect may lead to, beside all other rules; null or left out: no list. */
  readonly trustedPools?: readonly TrustedPool[] | null;
}

export interface StratumV1SourceDeps {
  readonly clock: Clock;
  readonly log: Log;
  /** Numbers from 0 up to, but not including, 1, for the jitter of the pauses. */
  readonly random?: () => number;
}

/** A wrong worker name does not heal by itself: asking often would only get the rig banned. */
const AUTH_PAUSE_MS = 300_000;
/** How long a stop waits for answers to shares on their way; the daemon gives the whole of mining 1.5 s. */
const STOP_GRACE_MS = 1_000;

/** Jobs from a Stratum V1 pool: connects, mines, and comes back with growing pauses whatever happens, until stopped. */
export class StratumV1Source implements JobSource {
  readonly id: string;
  readonly events = new EventEmitter<SourceEvents>();
  readonly #options: StratumV1SourceOptions;
  readonly #address: PoolAddress;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #random: () => number;
  readonly #endpoint: EndpointState;
  /** One slow answer does not move the median of the last few. */
  readonly #latency = new Delays(32);
  readonly #lineBudget = new LineBudget();
  /** With credentials that last as long as this source. */
  readonly #proxy: PoolProxy | null;
  #session: StratumV1Session | null = null;
  #sessionNumber = 0;
  #hints: ClientHints = NO_HINTS;
  /** Host and port the pool sent us to; null = the configured ones. */
  #redirect: { readonly host: string; readonly port: number; readonly tls: boolean } | null = null;
  /** The configured host was last seen at an address that is not of the internet. */
  #configuredIsPrivate = false;
  #retry: Timer | null = null;
  #jobsReceived = 0;
  #lastJobAt: number | null = null;
  #badLines = 0;
  #message: string | null = null;
  #stopping: Promise<void> | null = null;

  /** @throws RigError E_POOL_URL for an address that is not Stratum V1 or an onion one without a proxy, E_POOL_PROXY, E_CONFIG_INVALID for names too long to send */
  constructor(options: StratumV1SourceOptions, deps: StratumV1SourceDeps) {
    this.id = options.id;
    this.#options = options;
    this.#clock = deps.clock;
    this.#log = deps.log.child({ pool: options.id });
    this.#random = deps.random ?? Math.random;
    this.#endpoint = new EndpointState(deps.clock, () => this.events.emit('change'));
    this.#address = parsePoolUrl(options.url);
    if (this.#address.protocol !== 'v1') throw new RigError('E_POOL_URL', `"${options.url}" is not the address of a Stratum V1 pool`);
    this.#proxy = options.proxy == null ? null : { ...parseProxyUrl(options.proxy), credentials: options.proxyIsolation === false ? null : randomCredentials() };
    if (this.#address.needs_socks && this.#proxy === null) {
      throw new RigError('E_POOL_URL', `"${options.url}": onion addresses can only be reached through a proxy`, { hint: 'Set `proxy: socks5h://127.0.0.1:9050` for this pool (where Tor listens), or mining.proxy for all.' });
    }
    // Throws now, not at the first connect, when the names cannot be sent.
    new StratumV1Client(this.#clientOptions());
  }

  /** Returns at once: a pool that is away shows in `state()` and is tried again for ever. */
  async start(signal: AbortSignal): Promise<void> {
    if (this.#endpoint.status !== 'idle') return;
    signal.addEventListener('abort', () => void this.stop(), { once: true });
    if (signal.aborted) return this.stop();
    if (this.#address.tls && this.#options.tls?.insecure === true) {
      this.#log.warn({ url: this.#url() }, 'TLS CERTIFICATES ARE NOT CHECKED (tls.insecure): anybody on the way can take over the hash rate');
    }
    this.#connect();
  }

  /** Waits a moment for the verdicts of shares on their way, whoever asks and however often. */
  stop(): Promise<void> {
    this.#stopping ??= this.#stop();
    return this.#stopping;
  }

  async #stop(): Promise<void> {
    this.#endpoint.to('stopped', 'stopped on request');
    this.#retry?.cancel();
    const session = this.#session;
    await session?.settle(STOP_GRACE_MS);
    session?.close('the daemon is stopping');
    this.#session = null;
  }

  state(): SourceState {
    const client = this.#session?.client;
    const mask = client?.versionMask ?? null;
    return {
      id: this.id,
      kind: 'stratum_v1',
      url: this.#url(),
      user: this.#options.user,
      ...this.#endpoint.facts(),
      difficulty: client?.difficulty ?? null,
      version_mask: mask === null ? null : u32ToHex(mask),
      jobs_received: this.#jobsReceived,
      last_job_at: this.#lastJobAt,
      bad_lines: this.#badLines + (client?.badLines ?? 0),
      reconnects: Math.max(0, this.#sessionNumber - 1),
      latency_ms: this.#latency.summary()?.p50_ms ?? null,
      message: this.#message,
    };
  }

  async submit(share: Share): Promise<Verdict> {
    const isOurs = share.job.sourceId === this.id && share.job.session === this.#sessionNumber;
    if (this.#session === null || !isOurs) return { status: 'withheld', reason: 'the session its job came from is over' };
    const verdict = toVerdict(await this.#session.submit(toSubmission(share)));
    if ('latency_ms' in verdict) this.#latency.add(verdict.latency_ms);
    return verdict;
  }

  #url(): string {
    const { host, port, tls } = this.#address;
    return `stratum+${tls ? 'ssl' : 'tcp'}://${host.includes(':') ? `[${host}]` : host}:${port}`;
  }

  #clientOptions(): ClientOptions {
    const { userAgent, user, password, versionMask, suggestDifficulty, subscribeExtranonce, submitStale = false } = this.#options;
    const { host } = this.#address;
    const { tls } = this.#redirect ?? this.#address;
    const deadlines = { ...DEADLINES, ...this.#options.deadlines };
    const refuseHost = (to: string | null, port: number | null): string | null => this.#refuseHost(to, port);
    return { userAgent, user, password, host, tls, refuseHost, versionMask, minimumDifficulty: null, suggestDifficulty, subscribeExtranonce, submitStale, hints: this.#hints, deadlines };
  }

  /** Why a redirect is refused although it stays with the pool's owner; null = it is not. */
  #refuseHost(to: string | null, toPort: number | null): string | null {
    const { trustedPools = null } = this.#options;
    const present = this.#redirect ?? this.#address;
    const host = to ?? present.host;
    const port = toPort ?? present.port;
    return trustedPools === null || isTrusted(trustedPools, host, port) ? null : `${host}:${port} is not in mining.trusted_pools`;
  }

  #connect(): void {
    const { host, port, tls } = this.#redirect ?? this.#address;
    this.#sessionNumber += 1;
    const number = this.#sessionNumber;
    this.#endpoint.to('connecting', `connecting to ${host}:${port}`);
    const target = {
      host,
      port,
      tls: tls ? (this.#options.tls ?? {}) : null,
      proxy: this.#proxy,
      // A pool may not send us to look around in the house it is not in.
      publicOnly: host !== this.#address.host && !this.#configuredIsPrivate,
      connectTimeoutMs: this.#options.connectTimeoutMs ?? (this.#proxy === null ? CONNECT_TIMEOUT_MS : PROXY_CONNECT_TIMEOUT_MS),
    };
    this.#session = new StratumV1Session(this.#clientOptions(), target, this.#clock, {
      onPhase: (phase, reason) => {
        if (phase === 'handshaking' && host === this.#address.host) this.#configuredIsPrivate = isPrivateAddress(this.#session?.remoteAddress ?? '');
        if (phase === 'handshaking' || phase === 'waiting_for_job' || phase === 'mining') this.#endpoint.to(phase, reason);
        if (phase === 'mining') this.#log.info({ session: number, difficulty: this.state().difficulty, version_mask: this.state().version_mask }, 'mining on this pool');
      },
      onJob: (job, readAt) => this.#onJob(job, number, readAt),
      onHeard: () => this.#endpoint.heard(),
      onInvalidate: (reason) => this.events.emit('invalidate', reason),
      onMessage: (text) => {
        this.#message = text;
        this.#say('info', { text }, 'message of the pool');
      },
      onWarning: (text) => this.#say('warn', { session: number }, text),
      onEnd: (end) => this.#onEnd(end),
    });
    this.#session.open();
  }

  /** Logs what the pool made us say, and tells that something changed: both within a budget. */
  #say(level: 'info' | 'warn', fields: object, text: string): void {
    const skipped = this.#lineBudget.take(this.#clock.monotonic());
    if (skipped === null) return;
    this.#log[level](skipped === 0 ? fields : { ...fields, lines_skipped: skipped }, text);
    this.events.emit('change');
  }

  #onJob(v1Job: V1Job, session: number, readAt: number): void {
    if (this.#endpoint.stopped) return;
    const job = toJob(v1Job, this.id, session, this.#clock.now(), readAt);
    this.#jobsReceived += 1;
    this.#lastJobAt = job.receivedAt;
    this.#log.debug({ job: job.poolJobId, height: job.height, difficulty: job.shareDifficulty, clean: job.clean }, 'job');
    this.events.emit('job', job);
  }

  #onEnd(end: SessionEnd): void {
    this.#badLines += this.#session?.client.badLines ?? 0;
    this.#session = null;
    this.#hints = end.hints ?? this.#hints;
    if (this.#endpoint.stopped) return;
    const { pauseMs, refused } = this.#afterwards(end);
    this.#log.warn({ code: end.code, reason: end.reason, pause_ms: pauseMs, mined_ms: Math.round(end.minedMs) }, 'pool connection ended');
    this.#endpoint.failed({ reason: end.reason, pauseMs, refused });
    this.#retry = this.#clock.after(pauseMs, () => this.#connect());
  }

  #afterwards(end: SessionEnd): { readonly pauseMs: number; readonly refused: boolean } {
    const pauseMs = backoffMs(this.#endpoint.failures, this.#random);
    if (end.redirect !== null) {
      const { host, port, tls, waitS } = end.redirect;
      const present = this.#redirect ?? this.#address;
      this.#redirect = { host: host ?? present.host, port: port ?? present.port, tls };
      return { pauseMs: Math.max(pauseMs, waitS * 1000), refused: false };
    }
    // A place we were sent to that gives no work is left for the configured one.
    if (end.minedMs === 0) this.#redirect = null;
    const refused = end.code === 'E_POOL_AUTH';
    // One that let us in before and forgot us is logged in to again soon: its answer to that will tell.
    return { pauseMs: refused && end.minedMs === 0 ? AUTH_PAUSE_MS : pauseMs, refused };
  }
}
