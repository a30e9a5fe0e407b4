/** A raw Stratum V1 miner for the pool's tests: lines over a socket, hashing with node:crypto, nothing shared with the pool. */
import { createHash } from 'node:crypto';
import net from 'node:net';

export interface Line {
  id?: unknown;
  method?: string;
  params?: unknown[];
  result?: unknown;
  error?: [number, string, unknown] | null;
}

export interface MinedShare {
  jobId: string;
  extranonce2: string;
  ntime: string;
  nonce: string;
  versionBits: string | null;
}

export interface MineOptions {
  job?: unknown[];
  difficulty?: number;
  /** Highest difficulty the share may have, so that it is no block by chance. */
  below?: number;
  versionBits?: string | null;
  /** False: a share that misses the difficulty. */
  meets?: boolean;
  /** Seconds added to the job's time. */
  rollTime_s?: number;
}

/** Below the deadline of a test: a busy machine takes its time. */
const WAIT_MS = 20_000;
const sha256d = (data: Buffer) => createHash('sha256').update(createHash('sha256').update(data).digest()).digest();
const littleEndian = (hex: string) => Buffer.from(hex.padStart(8, '0'), 'hex').reverse();

export class TestClient {
  readonly socket: net.Socket;
  /** Everything received, oldest first; null = a line that is not JSON. */
  readonly lines: (Line | null)[] = [];
  readonly raw: string[] = [];
  closed = false;
  extranonce1 = '';
  extranonce2Size = 0;
  sessionId = '';
  difficulty = 0;
  job: unknown[] = [];
  readonly worker = 'demo.worker';
  #nextId = 1;
  #extranonce2 = 0;
  #tail = '';
  #waiting = new Set<() => void>();

  constructor(socket: net.Socket) {
    this.socket = socket;
    socket.setEncoding('utf8');
    socket.on('data', (text: string) => this.#take(text));
    socket.on('error', () => undefined);
    socket.on('close', () => {
      this.closed = true;
      this.#wake();
    });
  }

  static async connect(port: number): Promise<TestClient> {
    const socket = net.connect(port, '127.0.0.1');
    await new Promise<void>((resolve, reject) => socket.once('connect', resolve).once('error', reject));
    return new TestClient(socket);
  }

  write(text: string): void {
    this.socket.write(text);
  }

  send(method: string, params: unknown): number {
    const id = this.#nextId++;
    this.write(`${JSON.stringify({ id, method, params })}\n`);
    return id;
  }

  /** Sends a request and waits for its answer. */
  async request(method: string, params: unknown): Promise<Line> {
    const id = this.send(method, params);
    return this.until(() => this.lines.find((line): line is Line => line !== null && line.method === undefined && line.id === id), `the answer to ${method}`);
  }

  /** Waits until `find` returns something; fails after five seconds. */
  async until<T>(find: () => T | undefined | false, what: string): Promise<T> {
    const deadline = Date.now() + WAIT_MS;
    for (;;) {
      const found = find();
      if (found !== undefined && found !== false) return found;
      const left = deadline - Date.now();
      if (left <= 0) throw new Error(`no ${what} within ${WAIT_MS} ms; last lines: ${this.raw.slice(-5).join(' | ')}`);
      await new Promise<void>((resolve) => {
        const wake = () => {
          clearTimeout(timer);
          this.#waiting.delete(wake);
          resolve();
        };
        const timer = setTimeout(wake, Math.min(left, 50));
        this.#waiting.add(wake);
      });
    }
  }

  received(method: string): Line[] {
    return this.lines.filter((line): line is Line => line?.method === method);
  }

  untilClosed(): Promise<true> {
    return this.until(() => this.closed, 'end of the connection');
  }

  /** Waits for the notification of this method after the `seen` ones before. */
  untilReceived(method: string, seen = 0): Promise<Line> {
    return this.until(() => this.received(method)[seen], `${method} number ${seen + 1}`);
  }

  async subscribe(previousSession?: string): Promise<Line> {
    const answer = await this.request('mining.subscribe', previousSession === undefined ? ['test/1.0'] : ['test/1.0', previousSession]);
    const [ids, extranonce1, size] = answer.result as [[string, string][], string, number];
    this.sessionId = ids[0]![1];
    this.extranonce1 = extranonce1;
    this.extranonce2Size = size;
    return answer;
  }

  /** Subscribe, authorize, first job. */
  async join({ previousSession, password = 'x' }: { previousSession?: string; password?: string } = {}): Promise<void> {
    await this.subscribe(previousSession);
    await this.request('mining.authorize', [this.worker, password]);
    await this.untilReceived('mining.notify');
  }

  /** A share of the current job; see MineOptions. */
  mine({ job = this.job, difficulty = this.difficulty, below = Number.POSITIVE_INFINITY, versionBits = null, meets = true, rollTime_s = 0 }: MineOptions = {}): MinedShare {
    const [jobId, prevHash, coinb1, coinb2, branch, version, bits, ntime] = job as [string, string, string, string, string[], string, string, string];
    const extranonce2 = (++this.#extranonce2).toString(16).padStart(2 * this.extranonce2Size, '0');
    const rolledTime = (Number.parseInt(ntime, 16) + rollTime_s).toString(16).padStart(8, '0');
    let root = sha256d(Buffer.from(coinb1 + this.extranonce1 + extranonce2 + coinb2, 'hex'));
    for (const digest of branch) root = sha256d(Buffer.concat([root, Buffer.from(digest, 'hex')]));
    const headerVersion = (Number.parseInt(version, 16) | Number.parseInt(versionBits ?? '0', 16)) >>> 0;
    const header = Buffer.concat([littleEndian(headerVersion.toString(16)), Buffer.from(prevHash, 'hex').swap32(), root, littleEndian(rolledTime), littleEndian(bits), Buffer.alloc(4)]);
    // Compared in the top 64 bits only, a hair stricter than the exact target.
    const limit = (value: number) => (2 ** 32 / value) * (0xffff / 0x10000) * 0.9999999;
    for (let nonce = 0; nonce < 2 ** 20; nonce++) {
      header.writeUInt32LE(nonce, 76);
      const digest = sha256d(header);
      const top = Number(digest.readBigUInt64LE(24));
      if (top < limit(difficulty) === meets && top >= limit(below)) return { jobId, extranonce2, ntime: rolledTime, nonce: nonce.toString(16).padStart(8, '0'), versionBits };
    }
    throw new Error('no share found: the difficulty is too high for a test');
  }

  submit(share: MinedShare, worker = this.worker): Promise<Line> {
    const params: unknown[] = [worker, share.jobId, share.extranonce2, share.ntime, share.nonce];
    return this.request('mining.submit', share.versionBits === null ? params : [...params, share.versionBits]);
  }

  close(): void {
    this.socket.destroy();
  }

  #take(text: string): void {
    const parts = (this.#tail + text).split('\n');
    this.#tail = parts.pop()!;
    for (const part of parts) {
      this.raw.push(part);
      let line: Line | null = null;
      try {
        line = JSON.parse(part) as Line;
      } catch {
        // kept as null: the tests of the faults look for it
      }
      this.lines.push(line);
      if (line?.method === 'mining.set_difficulty') this.difficulty = line.params![0] as number;
      if (line?.method === 'mining.notify') this.job = line.params!;
      if (line?.method === 'mining.set_extranonce') [this.extranonce1, this.extranonce2Size] = line.params as [string, number];
    }
    this.#wake();
  }

  #wake(): void {
    for (const wake of [...this.#waiting]) wake();
  }
}
