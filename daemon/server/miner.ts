import type { Socket } from 'node:net';
import { LineSplitter } from '../../protocol/stratum-v1/line-splitter.ts';
import { SERVER_LIMITS } from '../../protocol/stratum-v1/server/limits.ts';
import type { Prefix } from '../../protocol/stratum-v1/server/seats.ts';
import { MinerSession, type MinerHost } from '../../protocol/stratum-v1/server/session.ts';
import type { Job } from '../mining/job.ts';
import type { Feed } from './feed.ts';
import type { OwnSource } from './own-source.ts';
import type { Connection, Worker } from './workers.ts';

/** Bytes that may wait for a miner that does not read: a few jobs with a very large coinbase. */
const SEND_QUEUE_BYTES = 1024 * 1024;

/** A miner's connection: its session with a socket. The pool owns its life. */
export class Miner extends MinerSession<Job> implements Connection {
  readonly socket: Socket;
  readonly address: string;
  readonly connectedSince: number;
  /** Whose work it does; null = nobody has had any. */
  feed: Feed | null = null;
  /** What marks its part of the search space; null for one with a source of its own. */
  prefix: Prefix | null = null;
  /** Its own connection to a pool that cannot be shared out; null = it works by the rig's. */
  own: OwnSource | null = null;
  /** It asked for a difficulty: a job goes out with the next sweep, however often it asks. */
  wantsJob = false;
  /** Asked to connect anew; closed at this time, monotonic ms. */
  closeAt: number | null = null;
  /** Read since the last sweep. */
  lines = 0;
  /** Nothing it still sends is listened to. */
  gone = false;
  /** The figures of its names, in the order of `workers`. */
  readonly accounts: Worker[] = [];
  readonly #splitter = new LineSplitter(SERVER_LIMITS.closeLineBytes, SERVER_LIMITS.lineBytes);

  constructor(host: MinerHost<Job>, socket: Socket, address: string, now: number, at: number) {
    super(host, now);
    this.socket = socket;
    this.address = address;
    this.connectedSince = at;
  }

  /** The figures of a name of this session. */
  account(worker: string): Worker | null {
    return this.accounts[this.workers.indexOf(worker)] ?? null;
  }

  /** Takes bytes of the miner. False when nothing after them can be read. */
  take(chunk: Uint8Array, now: number): boolean {
    if (this.gone) return true;
    const { lines, overflow } = this.#splitter.push(chunk);
    this.lines += lines.length;
    // Answers to lines that came together go out together.
    const many = lines.length > 1;
    if (many) this.socket.cork();
    for (const line of lines) {
      if (this.gone) break;
      this.receive(line, now);
    }
    if (many) this.socket.uncork();
    return !overflow;
  }

  /** Writes whole lines. False when the miner does not read. */
  write(data: string | Uint8Array): boolean {
    if (this.gone || !this.socket.writable) return true;
    this.socket.write(data);
    return this.socket.writableLength <= SEND_QUEUE_BYTES;
  }
}
