/**
 * Captures as files of JSON lines, `{"t_ms","dir","hex","port"}`: what `rigbrain replay` reads. A disk that cannot keep up loses
 * lines of the capture, which it says, and never a byte of the line.
 */
import { createWriteStream, mkdirSync, type WriteStream } from 'node:fs';
import path from 'node:path';
import { bytesToHex } from '../../protocol/common/bytes.ts';
import { type Clock, systemClock } from '../../protocol/common/clock.ts';
import { messageOf } from '../../protocol/common/errors.ts';
import { type Log, silentLog } from '../../protocol/common/log.ts';
import type { CaptureSink } from './capture.ts';
import { within } from './deadline.ts';

/** Bytes that may wait for the disk. */
const MOST_WAITING = 4 * 1024 * 1024;
/** All captures of a run together: an hour of a large board at its busiest. */
const MOST_WRITTEN = 1024 * 1024 * 1024;
/** Longer than a line that is noted down needs; a disk that hangs must not hold up a stop. */
const CLOSE_MS = 300;

/** Bytes left to all files that share it. */
export interface CaptureBudget {
  left: number;
}

export interface CaptureFileParts {
  readonly clock?: Clock;
  readonly log?: Log;
  readonly budget?: CaptureBudget;
}

export interface CaptureCounts {
  readonly tx_bytes: number;
  readonly rx_bytes: number;
  readonly lines: number;
  readonly lines_lost: number;
}

export class CaptureFile implements CaptureSink {
  readonly file: string;
  readonly #port: string;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #budget: CaptureBudget;
  readonly #startedMono: number;
  /** Made when there is something to write: a port that does not open leaves no file. */
  #stream: WriteStream | null = null;
  #failed = false;
  #closed = false;
  #counts = { tx_bytes: 0, rx_bytes: 0, lines: 0, lines_lost: 0 };

  /** @param port what stands in every line */
  constructor(file: string, port: string, parts: CaptureFileParts = {}) {
    this.file = file;
    this.#port = port;
    this.#clock = parts.clock ?? systemClock;
    this.#log = parts.log ?? silentLog;
    this.#budget = parts.budget ?? { left: MOST_WRITTEN };
    this.#startedMono = this.#clock.monotonic();
  }

  get counts(): CaptureCounts {
    return { ...this.#counts };
  }

  bytes(direction: 'tx' | 'rx', bytes: Uint8Array): void {
    if (this.#closed) return;
    this.#counts[direction === 'tx' ? 'tx_bytes' : 'rx_bytes'] += bytes.length;
    this.#line({ dir: direction, hex: bytesToHex(bytes) });
  }

  event(name: string, facts: Readonly<Record<string, unknown>> = {}): void {
    this.#line({ dir: 'event', event: name, ...facts });
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    if (this.#counts.lines_lost > 0) {
      this.#log.warn({ file: this.file, lines_lost: this.#counts.lines_lost }, 'the capture is not complete');
      this.#write(`${JSON.stringify({ t_ms: this.#age(), dir: 'event', event: 'lines_lost', lines: this.#counts.lines_lost })}\n`);
    }
    this.#closed = true;
    const stream = this.#stream;
    if (stream === null || this.#failed) return;
    await within(this.#clock, CLOSE_MS, new Promise<void>((resolve) => stream.end(() => resolve())));
  }

  #line(facts: Readonly<Record<string, unknown>>): void {
    if (this.#closed) return;
    const text = `${JSON.stringify({ t_ms: this.#age(), ...facts, port: this.#port })}\n`;
    const room = !this.#failed && this.#budget.left >= text.length && (this.#stream?.writableLength ?? 0) + text.length <= MOST_WAITING;
    if (!room) {
      this.#counts.lines_lost += 1;
      return;
    }
    this.#counts.lines += 1;
    this.#write(text);
  }

  #write(text: string): void {
    this.#budget.left -= text.length;
    this.#open()?.write(text);
  }

  #open(): WriteStream | null {
    if (this.#failed) return null;
    if (this.#stream === null) {
      this.#stream = createWriteStream(this.file, { flags: 'w' });
      this.#stream.on('error', (error) => {
        this.#failed = true;
        this.#log.error({ file: this.file, err: messageOf(error) }, 'the capture cannot be written');
      });
    }
    return this.#stream;
  }

  #age(): number {
    return Math.round((this.#clock.monotonic() - this.#startedMono) * 1000) / 1000;
  }
}

/** A folder with a file for every time a port is opened; all of them together stay below a gibibyte. */
export class CaptureFolder {
  readonly #folder: string;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #budget: CaptureBudget = { left: MOST_WRITTEN };
  #count = 0;

  /** Makes the folder. @throws the error of the system when it cannot be made */
  constructor(folder: string, clock: Clock, log: Log) {
    mkdirSync(folder, { recursive: true });
    this.#folder = folder;
    this.#clock = clock;
    this.#log = log;
  }

  /** A sink for a port that is about to be opened. */
  sinkFor(port: string): CaptureSink {
    this.#count += 1;
    const at = new Date(this.#clock.now()).toISOString().replaceAll(':', '').replace(/\.\d+/, '');
    const name = path.basename(port).replace(/[^\w.-]+/g, '_');
    return new CaptureFile(path.join(this.#folder, `${at}-${String(this.#count).padStart(4, '0')}-${name}.jsonl`), port, { clock: this.#clock, log: this.#log, budget: this.#budget });
  }
}
