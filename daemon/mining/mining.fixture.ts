/** Real, easy work for tests of the mining flow: every hash in here is computed, none is made up. */
import { EventEmitter } from 'node:events';
import type { Capability, Device, DeviceCommand, DeviceEvents, DeviceState, DeviceStatus, Nonce, Work } from '../../drivers/contract.ts';
import { sha256d } from '../../protocol/bitcoin/hash.ts';
import { hashToBigInt, targetFromBytes, targetFromDifficulty } from '../../protocol/bitcoin/target.ts';
import { hexToBytes } from '../../protocol/common/bytes.ts';
import type { Job, JobSource, Share, SourceEvents, SourceState, SourceStatus, Verdict } from './job.ts';

/** About 16 hashes a share, 256 a block. */
const SHARE_DIFFICULTY = 2 ** -28;
const BLOCK_DIFFICULTY = 2 ** -24;

export function makeJob(overrides: Partial<Job> = {}): Job {
  return {
    key: 'pool:1:1',
    sourceId: 'pool',
    session: 1,
    poolJobId: 'a1',
    prevHash: new Uint8Array(32).fill(0x11),
    coinb1: hexToBytes('01000000010000000000000000000000000000000000000000000000000000000000000000ffffffff0c020801'),
    extranonce1: hexToBytes('f000000f'),
    extranonce2Size: 4,
    coinb2: hexToBytes('ffffffff0100f2052a010000000151 00000000'.replaceAll(' ', '')),
    merkleBranch: [new Uint8Array(32).fill(0x22)],
    version: 0x20000000,
    versionMask: 0,
    nbits: 0x1e00ffff,
    ntime: 1_766_000_000,
    clean: true,
    shareDifficulty: SHARE_DIFFICULTY,
    shareTarget: targetFromDifficulty(SHARE_DIFFICULTY),
    networkTarget: targetFromDifficulty(BLOCK_DIFFICULTY),
    height: 264,
    receivedAt: 1_766_000_000_000,
    receivedMono: 0,
    ...overrides,
  };
}

/** Searches a Work like any device would, one hash at a time; `accept` picks among the hits. */
export function search(work: Work, accept: (hash: bigint) => boolean = () => true): Nonce {
  const header = Uint8Array.from(work.header);
  const view = new DataView(header.buffer);
  const target = targetFromBytes(work.target);
  for (let nonce = work.nonceFrom; nonce <= work.nonceTo; nonce++) {
    view.setUint32(76, nonce, true);
    const hash = hashToBigInt(sha256d(header));
    if (hash <= target && accept(hash)) return { workId: work.id, nonce, version: view.getUint32(0, true) };
  }
  throw new Error('no hit in the window');
}

/** A device driven by the test: it keeps what it was given and reports what it is told to. */
export class HandDevice implements Device {
  readonly title = 'hand-driven device';
  readonly driver = 'hand';
  readonly capabilities: ReadonlySet<Capability> = new Set<Capability>(['pause']);
  readonly events = new EventEmitter<DeviceEvents>();
  readonly id: string;
  readonly assigned: (Work | null)[] = [];
  status: DeviceStatus = 'init';
  hashes = 0;

  constructor(id = 'dev1') {
    this.id = id;
  }

  get work(): Work | null {
    return this.assigned.at(-1) ?? null;
  }

  async start(): Promise<void> {
    this.status = 'idle';
  }

  async stop(): Promise<void> {
    this.status = 'stopped';
  }

  assign(work: Work | null): void {
    this.assigned.push(work);
    this.status = work ? 'hashing' : 'idle';
  }

  state(): DeviceState {
    return { status: this.status, reason: null, hashrate_hs: null, hashes_total: this.hashes, temp_c: null, power_w: null, detail: {} };
  }

  async command(command: DeviceCommand): Promise<void> {
    this.status = command.type === 'pause' ? 'paused' : 'hashing';
    this.events.emit('change');
  }
}

/** A source driven by the test: it answers every submit with `answer`. */
export class HandSource implements JobSource {
  readonly events = new EventEmitter<SourceEvents>();
  readonly id: string;
  readonly submitted: Share[] = [];
  readonly heldBackShares: Share[] = [];
  answer: Verdict = { status: 'accepted', latency_ms: 1.5 };
  status: SourceStatus = 'mining';

  constructor(id = 'pool') {
    this.id = id;
  }

  async start(): Promise<void> {}

  async stop(): Promise<void> {}

  async submit(share: Share): Promise<Verdict> {
    this.submitted.push(share);
    return this.answer;
  }

  heldBack(share: Share): void {
    this.heldBackShares.push(share);
  }

  state(): SourceState {
    return {
      id: this.id,
      kind: 'stratum_v1',
      url: 'stratum+tcp://127.0.0.1:3333',
      user: 'w',
      status: this.status,
      reason: null,
      since: 0,
      failures: 0,
      next_attempt_at: null,
      last_heard_at: null,
      history: [],
      difficulty: SHARE_DIFFICULTY,
      version_mask: null,
      jobs_received: 0,
      last_job_at: null,
      bad_lines: 0,
      reconnects: 0,
      latency_ms: null,
      message: null,
    };
  }
}
