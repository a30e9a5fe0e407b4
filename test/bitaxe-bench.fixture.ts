/** The driver's board joined to the simulated one, by lines in memory and a clock that the test moves. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll } from 'vitest';
import type { BoardFacts, BoardTrouble } from '../drivers/asic/board.ts';
import { BitaxeBoard } from '../drivers/bitaxe-raw/board.ts';
import { bitaxeRawOptions, type BitaxeRawOptions } from '../drivers/bitaxe-raw/options.ts';
import { Bm13xxChain } from '../drivers/bm13xx/chain.ts';
import type { DriverContext, SafeReport } from '../drivers/contract.ts';
import { makeBitaxeSafe } from '../drivers/bitaxe-raw/make-safe.ts';
import { MemoryTransport } from '../drivers/transport/memory.fixture.ts';
import type { Transport, UsbPlace } from '../drivers/transport/contract.ts';
import { type Log, silentLog } from '../protocol/common/log.ts';
import { ManualClock } from '../protocol/common/manual-clock.ts';
import { VirtualBoard, type BoardOptions } from '../sim/bitaxe/board.ts';
import { BOARD_FAULTS } from '../sim/bitaxe/faults.ts';
import { workOf, ZERO_BITS } from './simulated-chain.fixture.ts';

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
const STEP_MS = 5;

/** Stands for the control ports of all benches of a test file. */
const folder = mkdtempSync(path.join(os.tmpdir(), 'rb-bitaxe-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
let benches = 0;

/** The record of a board that was treated with care. */
export const CLEAN = { raises_too_large: 0, raises_above_voltage: 0, starved_ms: 0, hangs: 0, power_on_without_fan: 0, power_without_fan_ms: 0, released_without_voltage: 0, store_commands: 0, power_above_80c_ms: 0 };

export interface BenchOptions {
  readonly sim?: Partial<BoardOptions> & { readonly board: string };
  readonly log?: Log;
  readonly options?: Record<string, unknown>;
  readonly bcdDevice?: number | null;
  /** Called before every request of the control port. */
  readonly onRequest?: (count: number, packet: Uint8Array) => void;
}

export class BitaxeBench {
  readonly clock = new ManualClock();
  readonly sim: VirtualBoard;
  readonly board: BitaxeBoard;
  readonly troubles: BoardTrouble[] = [];
  readonly requests: string[] = [];
  readonly options: BitaxeRawOptions;
  readonly willFile: string;
  control: MemoryTransport | null = null;
  data: MemoryTransport | null = null;
  plugged = true;
  nonces = 0;
  answers = 0;
  #workId = 0;
  readonly #parts: BenchOptions;

  constructor(parts: BenchOptions = {}) {
    this.#parts = parts;
    this.sim = new VirtualBoard({ zeroBits: ZERO_BITS, thinning: 2 ** 12, board: '602', ...parts.sim }, { control: (bytes) => this.control?.feed(bytes), asic: (bytes) => this.data?.feed(bytes) });
    this.options = bitaxeRawOptions.parse({ board: this.sim.model.version === 'ember' ? 'emberone' : this.sim.model.version, nonce_zero_bits: ZERO_BITS, ...parts.options });
    this.willFile = path.join(folder, `control-${++benches}`);
    writeFileSync(this.willFile, '');
    this.board = new BitaxeBoard({
      deviceId: 'bitaxe-test',
      options: this.options,
      firmware: this.sim.model.version === 'ember' ? 'emberone' : 'bitaxe',
      bcdDevice: parts.bcdDevice === undefined ? 0x0510 : parts.bcdDevice,
      paths: { control: this.willFile, asic: '/dev/ttyTEST1' },
      transport: (name, baud) => this.transport(name, baud),
      createChain: (chain) => new Bm13xxChain(chain),
      clock: this.clock,
      log: parts.log ?? silentLog,
    });
    this.board.events.on('trouble', (trouble) => this.troubles.push(trouble));
    this.board.events.on('nonce', () => this.nonces++);
    this.board.events.on('answer', () => this.answers++);
  }

  /** A line to one of the board's ports. */
  transport(name: string, baud: number): Transport {
    const line = new MemoryTransport(name, baud);
    if (name === this.willFile) {
      this.control = line;
      line.onWrite = (bytes) => {
        this.requests.push(Buffer.from(bytes).toString('hex'));
        this.#parts.onRequest?.(this.requests.length, bytes);
        if (this.plugged && line.isOpen) this.sim.receiveControl(bytes, this.clock.monotonic());
      };
    } else {
      this.data = line;
      this.sim.chain.hostBaud = baud;
      line.onBaud = (speed) => (this.sim.chain.hostBaud = speed);
      line.onWrite = (bytes) => {
        if (this.plugged) this.sim.receiveAsic(bytes);
      };
    }
    return line;
  }

  fault(text: string): void {
    Object.assign(this.sim.faults, BOARD_FAULTS.parse(text));
  }

  clear(name: string): void {
    Object.assign(this.sim.faults, BOARD_FAULTS.cleared(name));
  }

  unplug(): void {
    this.plugged = false;
    this.control?.unplug();
    this.data?.unplug();
  }

  /** One small step of time for both sides. */
  async step(ms = STEP_MS): Promise<void> {
    await turn();
    this.clock.advance(ms);
    this.sim.run(ms, 0);
    await turn();
  }

  async pass(ms: number): Promise<void> {
    for (let at = 0; at < ms; at += STEP_MS) await this.step();
  }

  /** Lets time pass until a promise has settled. @throws what it rejects with, or Error after five minutes of that clock */
  async settle<T>(promise: Promise<T>): Promise<T> {
    let settled = false;
    promise.then(() => (settled = true), () => (settled = true));
    for (let ms = 0; ms < 300_000; ms += STEP_MS) {
      await turn();
      if (settled) return promise;
      await this.step();
    }
    throw new Error('not settled within five minutes');
  }

  start(signal: AbortSignal = new AbortController().signal): Promise<BoardFacts> {
    return this.settle(this.board.start(signal));
  }

  /** Gives it work that its chips search. */
  work(): void {
    this.board.send(workOf(++this.#workId));
  }

  get safe(): boolean {
    return !this.sim.resetHigh && (this.sim.coreV === 0 || this.sim.model.regulator === 'ds4432u');
  }

  /** What stands armed, once carried out on the simulated board. */
  keepWill(): void {
    const bytes = readFileSync(this.willFile);
    if (bytes.length > 0) this.sim.receiveControl(bytes, this.clock.monotonic());
  }

  makeSafe(options: Partial<BitaxeRawOptions> = {}, usb: Partial<UsbPlace> | null = { bcdDevice: 0x0510 }): Promise<SafeReport> {
    const place: UsbPlace | null = usb === null ? null : { vendorId: 'c0de', productId: 'cafe', manufacturer: 'OSMU', product: this.sim.model.version === 'ember' ? 'EmberOne00' : 'Bitaxe', serial: 'x', bcdDevice: null, busPath: '1-1', ...usb };
    const context: DriverContext<BitaxeRawOptions> = {
      id: 'bitaxe-test',
      options: { ...this.options, ...options },
      clock: this.clock,
      log: silentLog,
      ports: {
        locate: () => Promise.resolve(this.plugged ? { found: true, ports: { control: this.willFile, asic: '/dev/ttyTEST1' }, usb: place } : { found: false, reason: 'not there' }),
        transport: (name, baud) => this.transport(name, baud),
      },
    };
    return this.settle(makeBitaxeSafe(context));
  }
}
