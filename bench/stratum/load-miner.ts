/** One miner of the load: a socket, a handshake, shares, and the time each answer took. Little state, for there are thousands. */
import net, { type Socket } from 'node:net';
import { targetFromDifficulty } from '../../protocol/bitcoin/target.ts';
import { hexToBytes } from '../../protocol/common/bytes.ts';
import { makeShare, workOf, type Terms, type Work } from './work.ts';

/** What a miner tells the load of. */
export interface LoadObserver {
  /** It has everything that is needed to mine. */
  ready(miner: LoadMiner): void;
  /** A mining.notify was read. */
  job(miner: LoadMiner): void;
  /** @param reason null = accepted */
  answer(ms: number, reason: string | null): void;
  /** The connection is gone, and with it the answers to what was sent. */
  gone(miner: LoadMiner, reason: string): void;
}

export interface MinerOptions {
  readonly host: string;
  readonly port: number;
  /** Address the connection comes from; null = whatever the system takes. */
  readonly from: string | null;
  readonly worker: string;
  readonly password: string;
  readonly versionRolling: boolean;
}

/** Ids of the handshake; submits count on from there. */
const CONFIGURE = 1;
const SUBSCRIBE = 2;
const AUTHORIZE = 3;
const ASKED_MASK = '1fffe000';

/** The same job goes to every miner in the same bytes: it is read once. */
const read: { text: string; work: Work | null } = { text: '', work: null };
const targets = new Map<number, bigint>();

function workOfLine(text: string, params: readonly unknown[]): Work {
  const work = workOf(params);
  read.text = text;
  read.work = work;
  return work;
}

function targetOf(difficulty: number): bigint {
  const known = targets.get(difficulty) ?? targetFromDifficulty(difficulty);
  if (targets.size < 1000) targets.set(difficulty, known);
  return known;
}

export class LoadMiner {
  /** Number of the notify it was last waited for with; see Load.fanOut. */
  epoch = 0;
  readonly #options: MinerOptions;
  readonly #observer: LoadObserver;
  readonly #socket: Socket;
  #tail = '';
  #nextId = AUTHORIZE + 1;
  #made = 0;
  #extranonce1: Uint8Array | null = null;
  #extranonce2Size = 0;
  #target: bigint | null = null;
  #versionMask = 0;
  #authorized = false;
  #work: Work | null = null;
  #ready = false;
  #gone = false;
  /** Id of a submit to when it was written. */
  readonly #waiting = new Map<number, number>();

  constructor(options: MinerOptions, observer: LoadObserver) {
    this.#options = options;
    this.#observer = observer;
    const { host, port, from } = options;
    this.#socket = net.connect({ host, port, noDelay: true, ...(from === null ? {} : { localAddress: from }) });
    this.#socket.on('connect', () => this.#handshake());
    this.#socket.on('data', (chunk) => this.#take(chunk));
    this.#socket.on('error', (error) => this.#end(error.message));
    this.#socket.on('close', () => this.#end('closed by the server'));
  }

  get ready(): boolean {
    return this.#ready && !this.#gone;
  }

  /** Submits sent and not answered yet. */
  get waiting(): number {
    return this.#waiting.size;
  }

  /** Finds a share and sends it. False when there is nothing to mine on. */
  submit(): boolean {
    const terms = this.#terms();
    if (!this.ready || this.#work === null || terms === null) return false;
    const params = makeShare(this.#work, terms, ++this.#made);
    const id = this.#nextId++;
    const line = `${JSON.stringify({ id, method: 'mining.submit', params: [this.#options.worker, ...params] })}\n`;
    this.#waiting.set(id, performance.now());
    this.#socket.write(line, 'latin1');
    return true;
  }

  close(): void {
    this.#gone = true;
    this.#socket.destroy();
  }

  #terms(): Terms | null {
    if (this.#extranonce1 === null || this.#target === null) return null;
    return { extranonce1: this.#extranonce1, extranonce2Size: this.#extranonce2Size, target: this.#target, versionMask: this.#versionMask };
  }

  #handshake(): void {
    const { versionRolling, worker, password } = this.#options;
    const send = (id: number, method: string, params: unknown[]): string => `${JSON.stringify({ id, method, params })}\n`;
    const configure = versionRolling ? send(CONFIGURE, 'mining.configure', [['version-rolling'], { 'version-rolling.mask': ASKED_MASK, 'version-rolling.min-bit-count': 2 }]) : '';
    this.#socket.write(`${configure}${send(SUBSCRIBE, 'mining.subscribe', ['rigbrain-bench/1'])}${send(AUTHORIZE, 'mining.authorize', [worker, password])}`);
  }

  #take(chunk: Buffer): void {
    // Before anything is made of it: this is when it was read.
    const now = performance.now();
    const lines = (this.#tail + chunk.toString('latin1')).split('\n');
    this.#tail = lines.pop() ?? '';
    for (const line of lines) if (!this.#gone) this.#line(line, now);
  }

  #line(text: string, now: number): void {
    if (text === read.text && read.work !== null) return this.#job(read.work);
    const message = JSON.parse(text) as { id?: unknown; method?: string; params?: unknown[]; result?: unknown; error?: unknown };
    if (message.method !== undefined) return this.#notified(text, message.method, message.params ?? []);
    if (typeof message.id !== 'number') return;
    if (message.id > AUTHORIZE) return this.#answered(message.id, message.result, message.error, now);
    this.#joined(message.id, message.result, message.error);
  }

  #answered(id: number, result: unknown, error: unknown, now: number): void {
    const sentAt = this.#waiting.get(id);
    if (sentAt === undefined) return;
    this.#waiting.delete(id);
    this.#observer.answer(now - sentAt, result === true ? null : reasonOf(error));
  }

  #joined(id: number, result: unknown, error: unknown): void {
    if (id === CONFIGURE) {
      const { 'version-rolling': agreed, 'version-rolling.mask': mask } = (result ?? {}) as Record<string, unknown>;
      if (agreed === true && typeof mask === 'string') this.#versionMask = Number.parseInt(mask, 16) & Number.parseInt(ASKED_MASK, 16);
    } else if (id === SUBSCRIBE && Array.isArray(result)) this.#extranonce(result[1], result[2]);
    else if (id === AUTHORIZE && result === true) this.#authorized = true;
    else return this.#end(`refused: ${reasonOf(error)}`);
    this.#look();
  }

  #notified(text: string, method: string, params: unknown[]): void {
    if (method === 'mining.notify') return this.#job(workOfLine(text, params));
    if (method === 'mining.set_difficulty') this.#target = targetOf(Number(params[0]));
    else if (method === 'mining.set_extranonce') this.#extranonce(params[0], params[1]);
    else if (method === 'mining.set_version_mask' && this.#options.versionRolling) this.#versionMask = Number.parseInt(String(params[0]), 16) & Number.parseInt(ASKED_MASK, 16);
    this.#look();
  }

  #job(work: Work): void {
    this.#work = work;
    this.#look();
    this.#observer.job(this);
  }

  #extranonce(extranonce1: unknown, size: unknown): void {
    this.#extranonce1 = hexToBytes(String(extranonce1));
    this.#extranonce2Size = Number(size);
  }

  #look(): void {
    if (this.#ready || !this.#authorized || this.#work === null || this.#terms() === null) return;
    this.#ready = true;
    this.#observer.ready(this);
  }

  #end(reason: string): void {
    if (this.#gone) return;
    this.close();
    this.#waiting.clear();
    this.#observer.gone(this, reason);
  }
}

/** `[23, "Low difficulty share", null]` to words. */
function reasonOf(error: unknown): string {
  if (Array.isArray(error)) return `${String(error[0])} ${String(error[1])}`.replace(/ of [0-9].*$/, '').slice(0, 80);
  return error === null || error === undefined ? 'no reason given' : JSON.stringify(error).slice(0, 80);
}
