/** A driver of sticks joined to a simulated stick, by lines in memory and a clock that the test moves. */
import type { Device, DriverDescriptor, Nonce, Work } from '../drivers/contract.ts';
import { loadDriver } from '../drivers/registry.ts';
import { MemoryTransport } from '../drivers/transport/memory.fixture.ts';
import type { PortAccess, UsbPlace } from '../drivers/transport/contract.ts';
import { writeU32LE } from '../protocol/common/bytes.ts';
import { RigError } from '../protocol/common/errors.ts';
import { silentLog } from '../protocol/common/log.ts';
import { ManualClock } from '../protocol/common/manual-clock.ts';
import { workOf, zeroBitsOf } from './simulated-chain.fixture.ts';

export type Role = 'asic' | 'telemetry';

/** What is behind the ports. */
export interface Stick {
  receive(role: Role, bytes: Uint8Array, now: number): void;
  run(ms: number, budgetMs: number): void;
  /** The host has set a speed. */
  baud?(baud: number): void;
  /** Unplugged and plugged in again. */
  powerUp(): void;
}

const STEP_MS = 10;
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

export interface StickBench {
  readonly clock: ManualClock;
  readonly device: Device;
  readonly descriptor: DriverDescriptor;
  readonly context: { readonly id: string; readonly options: never; readonly clock: ManualClock; readonly log: typeof silentLog; readonly ports: PortAccess };
  readonly works: Map<number, Work>;
  readonly nonces: Nonce[];
  readonly errors: string[];
  duplicates(): number;
  /** Lets time pass on both sides. */
  live(ms: number): Promise<void>;
  /** Lets time pass until the promise has settled. */
  during<T>(promise: Promise<T>): Promise<T>;
  /** Lets time pass until it is so. @throws Error after ten minutes */
  until(so: () => boolean): Promise<void>;
  line(role?: Role): MemoryTransport | undefined;
  unplug(): void;
  plug(): void;
  /** The process is killed: its ports are closed and it does nothing more, the chips go on. `context` is that of the next one. A role: only that port. */
  kill(role?: Role): void;
  /** Zero bits of the hashes of all nonces so far, each by the work it names. */
  zeros(): number[];
}

export interface BenchOptions {
  readonly driver: 'icarus' | 'gekko' | 'bm13xx-serial';
  readonly options: Record<string, unknown>;
  readonly roles?: readonly Role[];
  readonly usb?: UsbPlace | null;
  /** Bits of the version that may be rolled. */
  readonly versionMask?: number;
  /** Zero bits that the pool takes; default: it takes everything. */
  readonly shareZeroBits?: number;
  /** Gives the first work. Default true. */
  readonly feed?: boolean;
}

/** The greatest number of 32 bytes, little-endian, with so many zero bits at its top. */
function targetOf(zeroBits: number): Uint8Array {
  const target = new Uint8Array(32).fill(0xff);
  for (let bit = 0; bit < zeroBits; bit++) target[31 - (bit >> 3)]! &= ~(0x80 >> (bit & 7));
  return target;
}

/** @param make the stick; `say` is what it says to the host */
export async function stickBench({ driver, options, roles = ['asic'], usb = null, versionMask = 0x1fff_e000, shareZeroBits = 0, feed = true }: BenchOptions, make: (say: (role: Role, bytes: Uint8Array) => void) => Stick): Promise<StickBench> {
  const clock = new ManualClock();
  const lines = new Map<Role, MemoryTransport>();
  const stick = make((role, bytes) => lines.get(role)?.feed(bytes));
  let plugged = true;
  let killed = false;
  const ports: PortAccess = {
    locate: () => Promise.resolve(plugged ? { found: true, ports: Object.fromEntries(roles.map((role) => [role, `/dev/tty-${role}`])), usb } : { found: false, reason: 'not plugged in: no such port' }),
    transport(path, baud) {
      const role = path.slice('/dev/tty-'.length) as Role;
      const line = new MemoryTransport(path, baud);
      lines.set(role, line);
      if (!plugged) line.openError = new RigError('E_DEVICE_PORT', `${path} is not there`);
      if (role === 'asic') stick.baud?.(baud);
      line.onWrite = (bytes) => stick.receive(role, bytes, clock.monotonic());
      line.onBaud = (speed) => role === 'asic' && stick.baud?.(speed);
      return line;
    },
  };
  const descriptor = await loadDriver(driver);
  const context = { id: 'stick', options: descriptor.options.parse(options) as never, clock, log: silentLog, ports };
  const device = await descriptor.create({ ...context, ports: { ...ports, locate: async () => (killed ? { found: false, reason: 'killed' } : ports.locate()) } });
  const works = new Map<number, Work>();
  const nonces: Nonce[] = [];
  const errors: string[] = [];
  let duplicates = 0;
  let next = 1;
  const assign = (): void => {
    const work: Work = { ...workOf(next, versionMask), shareTarget: targetOf(shareZeroBits) };
    // The fixture's headers repeat after 256.
    writeU32LE(work.header, next++, 40);
    works.set(work.id, work);
    device.assign(work);
  };
  device.events.on('nonce', (nonce) => nonces.push(nonce));
  device.events.on('hardware_error', (reason) => errors.push(reason));
  device.events.on('duplicate', () => duplicates++);
  device.events.on('exhausted', assign);
  const step = async (): Promise<void> => {
    stick.run(STEP_MS, 1000);
    await turn();
    clock.advance(STEP_MS);
    await turn();
  };
  if (feed) assign();
  return {
    clock, device, descriptor, context, works, nonces, errors,
    duplicates: () => duplicates,
    async live(ms) {
      for (let at = 0; at < ms; at += STEP_MS) await step();
    },
    async during(promise) {
      let settled = false;
      promise.then(
        () => (settled = true),
        () => (settled = true),
      );
      for (let ms = 0; ms < 600_000 && !settled; ms += STEP_MS) await step();
      return promise;
    },
    async until(so) {
      for (let ms = 0; ms < 600_000; ms += STEP_MS) {
        if (so()) return;
        await step();
      }
      throw new Error(`it did not come to that: ${JSON.stringify(device.state())}`);
    },
    line: (role = 'asic') => lines.get(role),
    unplug() {
      plugged = false;
      for (const line of lines.values()) line.unplug();
    },
    kill(only) {
      killed = true;
      for (const [role, line] of lines) if (only === undefined || role === only) line.unplug('killed');
    },
    plug() {
      plugged = true;
      stick.powerUp();
    },
    zeros: () => nonces.map((nonce) => zeroBitsOf(works.get(nonce.workId)!, { ...nonce, chip: null, core: null, receivedMono: 0 })),
  };
}
