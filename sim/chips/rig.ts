/** Simulated chips on a tty, with a clock: what `rigbrain sim bm1370` runs. */
import { prepareKernels } from '../../kernels/choice.ts';
import { pace } from '../tty/pace.ts';
import { Plug } from '../tty/plug.ts';
import { PTY_BAUD } from '../tty/pty.ts';
import type { SimRig } from '../tty/rig.ts';
import { SpeedWatch } from '../tty/speed-watch.ts';
import { VirtualChain, type ChainOptions, type ChainStats } from './chain.ts';
import { clearedChipFault, parseChipFault, type ChipFaults } from './faults.ts';

export interface ChipRigOptions extends ChainOptions {
  /** A symbolic link to the tty, the same after it has gone and come back. */
  readonly link?: string | null;
}

export interface ChipRig extends SimRig {
  readonly faults: ChipFaults;
  stats(): ChainStats & Readonly<Record<string, unknown>>;
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
  readonly #chain: VirtualChain;
  readonly #plug: Plug;
  readonly #speed: SpeedWatch;
  readonly #unpace: () => void;

  constructor(options: ChipRigOptions) {
    this.#chain = new VirtualChain(options, (bytes) => this.#plug.write('asic', bytes));
    const chain = this.#chain;
    this.#plug = new Plug({ asic: { link: options.link ?? null, onData: (bytes) => chain.receive(bytes) } }, () => chain.reset());
    this.#plug.events.on('plugged', () => (chain.hostBaud = PTY_BAUD));
    this.#speed = new SpeedWatch(() => this.#plug.speed('asic'), () => chain.chips.every((chip) => chain.understands(chip)), (baud) => (chain.hostBaud = baud));
    this.#unpace = pace((ms, budgetMs) => this.#run(ms, budgetMs));
  }

  get events(): Plug['events'] {
    return this.#plug.events;
  }

  get path(): string | null {
    return this.#plug.paths.asic ?? null;
  }

  get paths(): Plug['paths'] {
    return this.#plug.paths;
  }

  get faults(): ChipFaults {
    return this.#chain.faults;
  }

  fault(text: string): void {
    Object.assign(this.faults, parseChipFault(text));
  }

  clear(name: string): void {
    Object.assign(this.faults, clearedChipFault(name));
  }

  stats(): ChainStats & Readonly<Record<string, unknown>> {
    return { ...this.#chain.stats() };
  }

  reset(): void {
    this.#chain.reset();
  }

  plug(): Promise<void> {
    return this.#plug.plug();
  }

  unplug(): Promise<void> {
    return this.#plug.unplug();
  }

  async close(): Promise<void> {
    this.#unpace();
    await this.#plug.close();
  }

  #run(ms: number, budgetMs: number): void {
    this.#chain.run(ms, budgetMs);
    const { disappear } = this.faults;
    if (disappear !== null) {
      this.faults.disappear = null;
      this.#plug.disappear(disappear);
    }
    this.#speed.look();
  }
}
