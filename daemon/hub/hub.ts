/** The control hub: the rig's web page and its API. It never holds up the rig: what goes wrong here is told and tried again. */
import { readFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import type { AddressInfo } from 'node:net';
import type { FastifyInstance } from 'fastify';
import type { RigConfig } from '../../config/schema.ts';
import type { Clock, Timer } from '../../protocol/common/clock.ts';
import { messageOf, RigError } from '../../protocol/common/errors.ts';
import type { Log } from '../../protocol/common/log.ts';
import type { Service } from '../../protocol/common/service.ts';
import type { HuntEvent } from '../hunt/hunt.ts';
import { addressText, isLoopback, listenWords } from '../server/where.ts';
import { packageRoot } from '../version.ts';
import { removeHubAddress, writeHubAddress } from './address-file.ts';
import type { HuntNews } from './api-types.ts';
import { Gate } from './gate.ts';
import { LoginLimiter } from './login-limiter.ts';
import { huntNews } from './hunt-news.ts';
import { nameRules } from './origins.ts';
import type { HubParts } from './ports.ts';
import { readRevoked, writeRevoked } from './revoked-file.ts';
import { hubServer } from './server.ts';
import { Sessions } from './sessions.ts';
import { StateText } from './state-text.ts';
import { StaticFiles } from './static-files.ts';
import { Streams, STREAM_LIMITS, type StreamLimits } from './streams.ts';

export interface HubOptions {
  readonly config: RigConfig['hub'];
  readonly dataDir: string;
  readonly token: string;
  /** Of the daemon: which hunts it has. */
  readonly mode: string;
  /** Where the page is; the one of this installation when left out. */
  readonly webFolder?: string;
  readonly streamLimits?: StreamLimits;
}

const RETRY_MS = 30_000;
/** Lost connections are told once in so long. */
const COMPLAINT_MS = 60_000;

export class Hub implements Service {
  readonly #options: HubOptions;
  readonly #parts: HubParts;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #streams: Streams;
  readonly #gate: Gate;
  readonly #state: StateText;
  readonly #page: StaticFiles;
  #app: FastifyInstance | null = null;
  #retry: Timer | null = null;
  #ended = false;
  #lastProblem: string | null = null;
  #complainedAt = -Infinity;
  #unsubscribe: (() => void)[] = [];

  constructor(options: HubOptions, parts: HubParts, { clock, log }: { readonly clock: Clock; readonly log: Log }) {
    const { config, dataDir, token } = options;
    this.#options = options;
    this.#parts = parts;
    this.#clock = clock;
    this.#log = log;
    this.#state = new StateText(parts.state, clock);
    this.#streams = new Streams(this.#state, { clock, log, limits: options.streamLimits ?? STREAM_LIMITS });
    this.#page = new StaticFiles(options.webFolder ?? path.join(packageRoot(), 'dist', 'web'));
    const sessions = new Sessions({
      token,
      lifeMs: config.session_hours * 3_600_000,
      secure: config.tls !== undefined,
      clock,
      revoked: readRevoked(dataDir),
      onRevoked: (revoked) => writeRevoked(dataDir, revoked, log),
    });
    this.#gate = new Gate({ names: nameRules(config.host, config.allowed_hosts, os.hostname()), sessions, limiter: new LoginLimiter(clock), log });
  }

  /** Begins to listen. What keeps it from that is told and tried again every 30 s; this never rejects for it. */
  async start(signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    if (this.#app !== null || this.#ended) return;
    this.#unsubscribe.push(this.#parts.onRigEvent((event) => this.#streams.rig(event)));
    const { hunts } = this.#parts;
    if (hunts !== null) this.#unsubscribe.push(hunts.control.subscribe((event: HuntEvent) => {
      // Whoever paused or started a hunt sees it in the next state, not in the one after.
      if (event.kind === 'state') this.#state.expire();
      this.#tellHunt(huntNews(event, hunts.control.state().hunt_id, this.#clock.now()));
    }));
    await this.#open();
  }

  /** Ends every stream and frees the port. */
  async stop(): Promise<void> {
    this.#ended = true;
    this.#retry?.cancel();
    for (const end of this.#unsubscribe.splice(0)) end();
    this.#streams.close();
    const app = this.#app;
    this.#app = null;
    if (app !== null) removeHubAddress(this.#options.dataDir, process.pid);
    await app?.close();
  }

  /** Tells once, when somebody has logged in for the first time. */
  onLogin(listener: () => void): void {
    this.#gate.onLogin = listener;
  }

  /** Where a person finds the page; null while it does not listen. */
  get url(): string | null {
    const address = this.#app?.server.address() as AddressInfo | string | null | undefined;
    if (typeof address !== 'object' || address === null) return null;
    return hubUrl(this.#options.config, address.port);
  }

  /** Pages that listen now. */
  get streams(): number {
    return this.#streams.size;
  }

  #tellHunt(news: HuntNews | null): void {
    if (news !== null) this.#streams.hunt(news);
  }

  /** For other commands on this data folder. */
  #tellWhere(): void {
    const { dataDir, mode, config } = this.#options;
    try {
      writeHubAddress(dataDir, { url: this.url!, pid: process.pid, mode, cert: config.tls === undefined ? null : path.resolve(config.tls.cert) });
    } catch (error) {
      this.#log.warn({ err: messageOf(error) }, 'where the hub listens could not be written down: other commands do not find it');
    }
  }

  async #open(): Promise<void> {
    const { config } = this.#options;
    try {
      const app = hubServer({ gate: this.#gate, rig: this.#parts, state: this.#state, streams: this.#streams, page: this.#page, tls: readTls(config.tls), log: this.#log });
      try {
        await app.listen({ host: config.host, port: config.port });
      } catch (error) {
        await app.close().catch(() => {});
        throw error;
      }
      // Stopped while the port was being opened.
      if (this.#ended) return await app.close();
      // Too many open files while a connection is taken: it is lost, and the rig goes on.
      app.server.on('error', (error) => this.#connectionLost(error));
      this.#app = app;
      if (this.#lastProblem !== null) this.#parts.tell('hub_recovered', 'the hub serves again');
      this.#lastProblem = null;
      this.#tellWhere();
      this.#log.info({ url: this.url }, 'the hub is up: `rigbrain hub url` shows the address to log in with');
      if (!isLoopback(config.host) && config.tls === undefined) this.#log.warn({ host: config.host }, 'the hub can be reached over the network without TLS: whoever listens there can read its token (set hub.tls, or reach it through ssh -L)');
    } catch (error) {
      this.#failed(error as Error);
    }
  }

  #connectionLost(error: Error): void {
    const now = this.#clock.monotonic();
    if (now - this.#complainedAt < COMPLAINT_MS) return;
    this.#complainedAt = now;
    this.#log.warn({ err: error.message }, 'connections to the hub are lost');
  }

  #failed(error: Error): void {
    if (this.#ended) return;
    const { host, port } = this.#options.config;
    const problem = error instanceof RigError ? error : new RigError('E_HUB', `the hub cannot listen on ${addressText(host, port)}: ${listenWords(error)}`, { cause: error });
    if (this.#lastProblem !== problem.message) {
      this.#log.warn({ code: problem.code, err: problem.message, hint: problem.hint }, 'the hub does not serve; mining goes on');
      this.#parts.tell('hub_failed', problem.message);
    }
    this.#lastProblem = problem.message;
    this.#retry = this.#clock.after(RETRY_MS, () => void this.#open());
  }
}

/** Address of the page, for this machine, without a slash at its end. */
export function hubUrl({ host, tls }: Pick<RigConfig['hub'], 'host' | 'tls'>, port: number): string {
  const shown = host === '0.0.0.0' ? '127.0.0.1' : host === '::' ? '::1' : host;
  return `${tls === undefined ? 'http' : 'https'}://${addressText(shown, port)}`;
}

function readTls(tls: RigConfig['hub']['tls']): { cert: string; key: string } | null {
  if (tls === undefined) return null;
  const read = (key: 'cert' | 'key'): string => {
    try {
      return readFileSync(tls[key], 'utf8');
    } catch (error) {
      throw new RigError('E_HUB', `hub.tls.${key}: ${tls[key]} cannot be read: ${messageOf(error)}`, { cause: error });
    }
  };
  return { cert: read('cert'), key: read('key') };
}
