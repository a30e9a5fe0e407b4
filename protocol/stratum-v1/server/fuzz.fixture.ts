/**
 * Feeds a session lines of any kind, and holds what it does against an own reading of the protocol: every request is
 * answered once and under its id, every accepted share is hashed again from the lines that went over the wire.
 */
import { createHash } from 'node:crypto';
import { LineSplitter } from '../line-splitter.ts';
import { xorshift } from '../../common/xorshift.fixture.ts';
import { mutate } from './fuzz-lines.fixture.ts';
import { SERVER_LIMITS } from './limits.ts';
import { Issue, makeSeat, ServedJob, type Seat, type UpstreamJob } from './served-job.ts';
import { testJob } from './server.fixture.ts';
import { MinerSession, type MinerHost } from './session.ts';
import type { CheckedShare } from './share-check.ts';

/** Nearly every hash is a share, so that good submits need no search. */
const DIFFICULTY = 2 ** -32;
const LINES_PER_SESSION = 60;

export interface FuzzCounts {
  lines: number;
  sessions: number;
  closed: number;
  accepted: number;
  refused: number;
  /** By how it was answered: the error's code, or `true`, or `other`. */
  readonly answers: Record<string, number>;
}

type Message = { id?: unknown; method?: string; params?: unknown[]; result?: unknown; error?: [number, string, null] | null };

const sha256d = (data: Buffer): Buffer => createHash('sha256').update(createHash('sha256').update(data).digest()).digest();
const reversed = (hex: string): Buffer => Buffer.from(hex, 'hex').reverse();

/** The host of one session, and the wire as the miner sees it. */
class Wire implements MinerHost {
  readonly vardiff = { shareMs: 10_000, min: DIFFICULTY, max: null };
  readonly out: Message[] = [];
  readonly issues = new Map<string, Issue>();
  closed: string | null = null;
  extranonce1 = '';
  accepted_: CheckedShare[] = [];
  refusals = 0;
  readonly notifies = new Map<string, unknown[]>();
  sentBytes = 0;
  readonly #random: (below: number) => number;

  constructor(random: (below: number) => number) {
    this.#random = random;
  }

  send(_session: MinerSession, data: string | Uint8Array): void {
    const text = typeof data === 'string' ? data : Buffer.from(data).toString('utf8');
    this.sentBytes += text.length;
    if (!text.endsWith('\n')) throw new Error(`not a whole line: ${text}`);
    for (const line of text.slice(0, -1).split('\n')) {
      const message = JSON.parse(line) as Message;
      if (message.method === 'mining.notify') this.notifies.set(String(message.params?.[0]), message.params ?? []);
      if (message.method === 'mining.set_extranonce') this.extranonce1 = String(message.params?.[0]);
      if (Array.isArray(message.result) && Array.isArray(message.result[0])) this.extranonce1 = String(message.result[1]);
      this.out.push(message);
    }
  }
  close(_session: MinerSession, reason: string): void {
    this.closed ??= reason;
  }
  versionMaskOffered(): number {
    return 0x1fffe000;
  }
  takeSeat(): Seat | { readonly reason: string } {
    return this.#random(32) === 0 ? { reason: 'No room' } : seat(this.#random);
  }
  authorize(_session: MinerSession, worker: string, secret: string): string | null {
    return worker.length > SERVER_LIMITS.workerNameChars || secret === 'wrong' ? 'No' : null;
  }
  startDifficulty(): number {
    return DIFFICULTY;
  }
  find(_session: MinerSession, jobId: string): Issue | null {
    return this.issues.get(jobId) ?? null;
  }
  ready(): void {}
  wantsJob(): void {}
  accepted(_session: MinerSession, _worker: string, share: CheckedShare): void {
    this.accepted_.push(share);
  }
  refused(): void {
    this.refusals += 1;
  }
}

function seat(random: (below: number) => number): Seat {
  return makeSeat(Uint8Array.of(0x80 + random(64), random(256)), 4, `sess${random(1000)}`);
}

/** What a line asks for, read by nobody but JSON.parse: whether it is to be answered, and under which id. */
function expectation(line: string): { readonly answered: boolean; readonly id: string } {
  if (line.length > SERVER_LIMITS.lineBytes) return { answered: true, id: 'null' };
  let message: unknown;
  try {
    message = JSON.parse(line);
  } catch {
    return { answered: line.trim() !== '', id: 'null' };
  }
  if (typeof message !== 'object' || message === null || Array.isArray(message)) return { answered: true, id: 'null' };
  const { id, method, result, error } = message as Record<string, unknown>;
  if ((method === undefined || method === null) && (result !== undefined || error !== undefined)) return { answered: false, id: '' };
  if (id === undefined) return { answered: typeof method !== 'string', id: 'null' };
  return { answered: true, id: JSON.stringify(id) };
}

/** Hashes a share anew, from the notify and the submit as they were on the wire. */
function check(wire: Wire, line: string, share: CheckedShare, seen: Set<string>): void {
  const params = (JSON.parse(line) as { params: string[] }).params;
  const [, jobId, extranonce2, ntime, nonce, bits] = params as [string, string, string, string, string, string | undefined];
  const notify = wire.notifies.get(jobId) as [string, string, string, string, string[], string, string, string] | undefined;
  if (notify === undefined) throw new Error(`a share of a job that was never sent: ${line}`);
  const [, prevHash, coinb1, coinb2, branch, version, nbits] = notify;
  let root = sha256d(Buffer.from(coinb1 + wire.extranonce1 + extranonce2 + coinb2, 'hex'));
  for (const digest of branch) root = sha256d(Buffer.concat([root, Buffer.from(digest, 'hex')]));
  const rolled = ((Number.parseInt(version, 16) | Number.parseInt(bits ?? '0', 16)) >>> 0).toString(16).padStart(8, '0');
  const header = Buffer.concat([reversed(rolled), Buffer.from(prevHash, 'hex').swap32(), root, reversed(ntime), reversed(nbits), reversed(nonce)]);
  const hash = sha256d(header);
  if (!hash.equals(Buffer.from(share.hash)) || hash.readUInt16LE(30) > 0xffff - 1) throw new Error(`accepted, and is no share: ${line}`);
  const key = header.toString('hex');
  if (seen.has(key)) throw new Error(`accepted twice: ${line}`);
  seen.add(key);
}

/** Runs sessions until `lines` lines were fed. Any broken promise throws, with the line that broke it. */
export function fuzzSessions(lines: number, seed: number, corpus: readonly string[]): FuzzCounts {
  const random = xorshift(seed);
  const counts: FuzzCounts = { lines: 0, sessions: 0, closed: 0, accepted: 0, refused: 0, answers: {} };
  const served = [0, 1, 2].map((n) => new ServedJob(testJob({ ntime: 0x6900_0000 + n, extranonce2Size: 6 + n }), 0x1fff_e000, n)) as ServedJob<UpstreamJob>[];
  while (counts.lines < lines) oneSession(random, corpus, served, counts);
  return counts;
}

function oneSession(random: (below: number) => number, corpus: readonly string[], served: readonly ServedJob<UpstreamJob>[], counts: FuzzCounts): void {
  const wire = new Wire(random);
  let now = 1000;
  const session = new MinerSession(wire, now);
  const splitter = new LineSplitter(SERVER_LIMITS.closeLineBytes, SERVER_LIMITS.lineBytes);
  const seen = new Set<string>();
  let sequence = 0xabc;
  let made = 0;
  let last = '';
  const work = (): void => {
    if (session.seat === null) return;
    const issue = new Issue((sequence += 1), served[random(served.length)]!, 0x6900_0002, now);
    wire.issues.set(issue.id, issue);
    session.sendWork(issue, random(4) === 0, now);
  };
  const submit = (): string =>
    JSON.stringify({ id: random(1000), method: 'mining.submit', params: ['w', (sequence - random(3)).toString(16), (made += 1).toString(16).padStart(8, '0'), '69000002', random(0x7fffffff).toString(16).padStart(8, '0')] });
  const feed = (line: string): void => {
    counts.lines += 1;
    const before = wire.out.length;
    const bytesBefore = wire.sentBytes;
    const acceptedBefore = wire.accepted_.length;
    let received = line;
    // Some as bytes, cut anywhere; some as text, which may hold what UTF-8 cannot.
    if (random(2) === 0) {
      const bytes = Buffer.from(`${line}\n`, 'utf8');
      const cut = random(bytes.length);
      const read = [splitter.push(bytes.subarray(0, cut)), splitter.push(bytes.subarray(cut))];
      if (read.some(({ overflow }) => overflow)) return void (wire.closed = 'line too long');
      const whole = read.flatMap((part) => part.lines);
      if (whole.length !== 1) throw new Error(`one line became ${whole.length}: ${line}`);
      received = whole[0]!;
    }
    const subscribed = session.seat !== null;
    session.receive(received, (now += random(400)));
    // A browser is not answered: whoever made it send this would read the answer.
    if (!subscribed && wire.closed === 'it speaks HTTP' && wire.out.length === before) return;
    const { answered, id } = expectation(received);
    const answers = wire.out.slice(before).filter(({ method }) => method === undefined);
    if (answers.length !== (answered ? 1 : 0)) throw new Error(`${answers.length} answers to ${received}`);
    for (const answer of answers) {
      if (JSON.stringify(answer.id) !== id && JSON.stringify(answer.id) !== JSON.stringify(JSON.parse(id))) throw new Error(`answered under ${JSON.stringify(answer.id)}: ${received}`);
      const kind = answer.error ? String(answer.error[0]) : answer.result === true ? 'true' : 'other';
      counts.answers[kind] = (counts.answers[kind] ?? 0) + 1;
    }
    if (wire.sentBytes - bytesBefore > 2 * received.length + 4096) throw new Error(`${wire.sentBytes - bytesBefore} bytes were sent for ${received}`);
    for (const share of wire.accepted_.slice(acceptedBefore)) check(wire, received, share, seen);
    if (session.workers.length > SERVER_LIMITS.workersPerConnection || session.seen.size > SERVER_LIMITS.sharesRemembered || (session.userAgent?.length ?? 0) > SERVER_LIMITS.userAgentChars) throw new Error(`grew beyond its bounds: ${received}`);
    if (session.workers.some((name) => name.length > SERVER_LIMITS.workerNameChars)) throw new Error(`a name too long: ${received}`);
  };

  counts.sessions += 1;
  if (random(8) !== 0) {
    if (random(2) === 0) feed(corpus[4 % corpus.length]!);
    feed('{"id":1,"method":"mining.subscribe","params":["fuzz/1"]}');
    feed('{"id":2,"method":"mining.authorize","params":["w","x"]}');
  }
  for (let n = 0; n < LINES_PER_SESSION && wire.closed === null; n++) {
    if (n === 0 || random(12) === 0) work();
    if (random(40) === 0 && session.seat !== null) session.moveTo(seat(random));
    if (random(40) === 0 && session.adapt((now += random(60_000)))) work();
    const own = random(3) === 0 && session.isReady ? (last = random(8) === 0 && last !== '' ? last : submit()) : null;
    feed(own === null ? mutate(random, corpus) : random(4) === 0 ? mutate(random, [own]) : own);
  }
  if (wire.closed !== null) counts.closed += 1;
  if (wire.closed === '') throw new Error('closed without a reason');
  counts.accepted += wire.accepted_.length;
  counts.refused += wire.refusals;
}
