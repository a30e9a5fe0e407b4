/** Simulated chips on a tty, with a clock: what `rigbrain sim bm1370` runs. */
import { EventEmitter } from 'node:events';
import { prepareKernels } from '../../kernels/choice.ts';
import { VirtualChain, type ChainOptions, type ChainStats } from './chain.ts';
import type { ChipFaults } from './faults.ts';
import { openPty, PTY_BAUD, type Pty } from './pty.ts';

const TICK_MS = 10;
/** Of each tick, for hashing: the rest is for answering. */
const BUDGET_MS = 6;
/** After a pause of the process, chips have not hashed on. */
const MOST_MS = 200;
/** How often the speed of the tty is looked at: often while it is not that of the chips. */
const SPEED_MS = { differs: 20, agrees: 500 } as const;

export interface ChipRigOptions extends ChainOptions {
  /** A symbolic link to the tty, the same after it has gone and come back. */
  readonly link?: string | null;
}

export interface ChipRigEvents {
  plugged: [{ path: string }];
  unplugged: [{ reason: 'asked' | 'fault' | 'lost' }];
}

export interface ChipRig {
  readonly events: EventEmitter<ChipRigEvents>;
  /** Null while it is unplugged. */
  readonly path: string | null;
  readonly faults: ChipFaults;
  stats(): ChainStats;
  /** What the reset line does. */
  reset(): void;
  /** Pulls the plug: the tty goes, the chips lose their state. */
  unplug(): Promise<void>;
  /** Puts it back. */
  plug(): Promise<void>;
  close(): Promise<void>;
}

/** @throws RigError E_SIM_TTY when there is no socat; RangeError when an option is out of range */
export async function startChipRig(options: ChipRigOptions): Promise<ChipRig> {
  await prepareKernels();
  const rig = new Rig(options);
  try {
    await rig.plug();
  } catch (error) {
    await rig.close();
    throw error;
  }
  return rig;
}

class Rig implements ChipRig {
  readonly events = new EventEmitter<ChipRigEvents>();
  readonly #chain: VirtualChain;
  readonly #link: string | null;
  readonly #timers = new Set<NodeJS.Timeout>();
  readonly #tick: NodeJS.Timeout;
  #pty: Pty | null = null;
  #last = performance.now();
  #speedAt = 0;
  #asking = false;
  #closed = false;
  /** Plugging and unplugging, one after the other. */
  #queue: Promise<void> = Promise.resolve();

  constructor(options: ChipRigOptions) {
    this.#link = options.link ?? null;
    this.#chain = new VirtualChain(options, (bytes) => this.#pty?.write(bytes));
    this.#tick = setInterval(() => this.#run(), TICK_MS);
  }

  get path(): string | null {
    return this.#pty?.path ?? null;
  }

  get faults(): ChipFaults {
    return this.#chain.faults;
  }

  stats(): ChainStats {
    return this.#chain.stats();
  }

  reset(): void {
    this.#chain.reset();
  }

  plug(): Promise<void> {
    return this.#next(async () => {
      if (this.#pty !== null || this.#closed) return;
      const pty = await openPty({ link: this.#link, onData: (bytes) => this.#chain.receive(bytes), onLost: () => this.#lost(pty) });
      this.#pty = pty;
      this.#chain.hostBaud = PTY_BAUD;
      this.events.emit('plugged', { path: pty.path });
    });
  }

  unplug(reason: 'asked' | 'fault' = 'asked'): Promise<void> {
    return this.#next(async () => {
      if (this.#pty === null) return;
      await this.#gone();
      this.events.emit('unplugged', { reason });
    });
  }

  async close(): Promise<void> {
    this.#closed = true;
    clearInterval(this.#tick);
    for (const timer of this.#timers) clearTimeout(timer);
    await this.#next(() => this.#gone());
  }

  async #gone(): Promise<void> {
    const pty = this.#pty;
    this.#pty = null;
    this.#chain.reset();
    await pty?.close();
  }

  #lost(pty: Pty): void {
    if (this.#pty !== pty) return;
    this.#pty = null;
    this.#chain.reset();
    this.events.emit('unplugged', { reason: 'lost' });
  }

  #next(step: () => Promise<void>): Promise<void> {
    const done = this.#queue.then(step);
    this.#queue = done.catch(() => undefined);
    return done;
  }

  #run(): void {
    const now = performance.now();
    this.#chain.run(Math.min(now - this.#last, MOST_MS), BUDGET_MS);
    this.#last = now;
    const { disappear } = this.faults;
    if (disappear !== null) {
      this.faults.disappear = null;
      this.#later(disappear.after_s, () => {
        void this.unplug('fault');
        if (disappear.for_s > 0) this.#later(disappear.for_s, () => void this.plug().catch(() => this.events.emit('unplugged', { reason: 'lost' })));
      });
    }
    void this.#lookAtSpeed(now);
  }

  /** A tty has no wire whose speed could be wrong, but it keeps the speed its user has set. */
  async #lookAtSpeed(now: number): Promise<void> {
    const pty = this.#pty;
    if (pty === null || this.#asking) return;
    const agrees = this.#chain.chips.every((chip) => this.#chain.understands(chip));
    if (now - this.#speedAt < (agrees ? SPEED_MS.agrees : SPEED_MS.differs)) return;
    this.#speedAt = now;
    this.#asking = true;
    const speed = await pty.speed();
    this.#asking = false;
    if (this.#pty === pty) this.#chain.hostBaud = speed;
  }

  #later(seconds: number, then: () => void): void {
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      then();
    }, seconds * 1000);
    this.#timers.add(timer);
  }
}
