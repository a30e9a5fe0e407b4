/** A server without sockets, and a miner that hashes, for tests of sessions. */
import { hexToBytes, u32ToHex } from '../../common/bytes.ts';
import { hashHeader } from '../../bitcoin/header.ts';
import { difficultyOfHash, targetFromDifficulty } from '../../bitcoin/target.ts';
import type { Refusal } from './reply.ts';
import { Issue, makeSeat, ServedJob, type Seat, type UpstreamJob } from './served-job.ts';
import { MinerSession, type MinerHost } from './session.ts';
import type { CheckedShare } from './share-check.ts';
import type { VardiffOptions } from './vardiff.ts';

/** 256 hashes a share. */
export const EASY = 2 ** -24;

/** A job on which a test can find shares, and never a block. */
export function testJob(overrides: Partial<UpstreamJob> = {}): UpstreamJob {
  return {
    prevHash: hexToBytes('11'.repeat(32)),
    coinb1: hexToBytes('01000000010000000000000000000000000000000000000000000000000000000000000000ffffffff1403aabbcc'),
    extranonce1: hexToBytes('a1b2c3d4'),
    extranonce2Size: 8,
    coinb2: hexToBytes('ffffffff0100f2052a010000000000000000'),
    merkleBranch: [hexToBytes('22'.repeat(32)), hexToBytes('33'.repeat(32))],
    version: 0x20000000,
    versionMask: 0x1fffe000,
    nbits: 0x1b00ffff,
    ntime: 0x6900_0000,
    shareTarget: targetFromDifficulty(1),
    networkTarget: targetFromDifficulty(2 ** 20),
    ...overrides,
  };
}

export const SHARED_SEAT: Seat = makeSeat(Uint8Array.of(0x80, 0x07), 4, 'sess1');

export interface Sent {
  id?: unknown;
  method?: string;
  params?: unknown[];
  result?: unknown;
  error?: [number, string, unknown] | null;
}

export class FakeHost implements MinerHost {
  vardiff: VardiffOptions = { shareMs: 10_000, min: 2 ** -30, max: null };
  lines: Sent[] = [];
  closed: string | null = null;
  mask = 0x1fffe000;
  seat: Seat | { reason: string } = SHARED_SEAT;
  password: string | null = null;
  start = EASY;
  issues = new Map<string, Issue>();
  readied = 0;
  jobsWanted = 0;
  acceptedShares: { worker: string; share: CheckedShare }[] = [];
  refusals: { worker: string | null; refusal: Refusal; share: CheckedShare | null }[] = [];
  asked: { sessionId: string | null } | null = null;
  #sequence = 0xabc;

  send(_session: MinerSession, data: string | Uint8Array): void {
    const text = typeof data === 'string' ? data : new TextDecoder().decode(data);
    for (const line of text.split('\n')) if (line !== '') this.lines.push(JSON.parse(line) as Sent);
  }
  close(_session: MinerSession, reason: string): void {
    this.closed = reason;
  }
  versionMaskOffered(): number {
    return this.mask;
  }
  takeSeat(_session: MinerSession, sessionId: string | null): Seat | { reason: string } {
    this.asked = { sessionId };
    return this.seat;
  }
  authorize(_session: MinerSession, _worker: string, secret: string): string | null {
    return this.password === null || this.password === secret ? null : 'Wrong password';
  }
  startDifficulty(): number {
    return this.start;
  }
  find(_session: MinerSession, jobId: string): Issue | null {
    return this.issues.get(jobId) ?? null;
  }
  ready(): void {
    this.readied += 1;
  }
  wantsJob(): void {
    this.jobsWanted += 1;
  }
  accepted(_session: MinerSession, worker: string, share: CheckedShare): void {
    this.acceptedShares.push({ worker, share });
  }
  refused(_session: MinerSession, worker: string | null, refusal: Refusal, share: CheckedShare | null): void {
    this.refusals.push({ worker, refusal, share });
  }

  /** A new issue of a job that sessions can find. */
  issue(job: UpstreamJob | ServedJob, ntime?: number): Issue {
    const served = job instanceof ServedJob ? job : new ServedJob(job, 0xffff_ffff, this.#sequence);
    const issue = new Issue((this.#sequence += 1), served, ntime ?? served.job.ntime, 0);
    this.issues.set(issue.id, issue);
    return issue;
  }
}

/** A session with its miner's side. */
export class TestMiner {
  readonly host: FakeHost;
  readonly session: MinerSession;
  now = 1000;
  #id = 0;
  #counter = 0;

  constructor(host = new FakeHost()) {
    this.host = host;
    this.session = new MinerSession(host, this.now);
  }

  /** Sends a line as it is and returns what came back. */
  raw(line: string): Sent[] {
    const before = this.host.lines.length;
    this.session.receive(line, this.now);
    return this.host.lines.slice(before);
  }

  /** Sends a request and returns its answer. */
  ask(method: string, params: unknown): Sent {
    const id = (this.#id += 1);
    const answer = this.raw(JSON.stringify({ id, method, params })).find((line) => line.id === id);
    if (answer === undefined) throw new Error(`${method} was not answered`);
    return answer;
  }

  /** Subscribed, authorized, with one job. */
  join(issue: Issue, worker = 'w', password = 'x'): void {
    this.ask('mining.subscribe', ['test/1.0']);
    this.ask('mining.authorize', [worker, password]);
    this.session.sendWork(issue, true, this.now);
  }

  /** Parameters of a submit whose hash lies between the two difficulties. */
  mine(issue: Issue, options: { least?: number; below?: number; bits?: number; extranonce2?: string; ntime?: number; worker?: string } = {}): string[] {
    const { least = EASY, below = Infinity, bits = 0, worker = 'w' } = options;
    const seat = this.session.seat!;
    const extranonce2 = options.extranonce2 ?? (this.#counter += 1).toString(16).padStart(2 * seat.extranonce2Size, '0');
    const ntime = options.ntime ?? issue.ntime;
    const whole = issue.served.wholeExtranonce2(seat, hexToBytes(extranonce2));
    for (let nonce = 0; nonce < 2 ** 20; nonce++) {
      const difficulty = difficultyOfHash(hashHeader(issue.served.header(whole, (issue.served.job.version | bits) >>> 0, ntime, nonce)));
      if (difficulty >= least && difficulty < below) return [worker, issue.id, extranonce2, u32ToHex(ntime), u32ToHex(nonce), ...(bits === 0 ? [] : [u32ToHex(bits)])];
    }
    throw new Error('no share found');
  }

  submit(params: readonly unknown[]): Sent {
    return this.ask('mining.submit', params);
  }
}

