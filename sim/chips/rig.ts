/** Simulated chips on a tty, with a clock: what `rigbrain sim bm1370` runs. */
import { startLineRig } from '../tty/line-rig.ts';
import type { SimRig } from '../tty/rig.ts';
import { VirtualChain, type ChainOptions, type ChainStats } from './chain.ts';
import { CHIP_FAULTS, type ChipFaults } from './faults.ts';

export interface ChipRigOptions extends ChainOptions {
  /** A symbolic link to the tty, the same after it has gone and come back. */
  readonly link?: string | null;
}

export interface ChipRig extends SimRig {
  readonly faults: ChipFaults;
  stats(): ChainStats & Readonly<Record<string, unknown>>;
}

/** @throws RigError E_SIM_TTY when there is neither perl nor socat; RangeError when an option is out of range */
export async function startChipRig(options: ChipRigOptions): Promise<ChipRig> {
  let chain!: VirtualChain;
  const rig = await startLineRig<ChipFaults>({
    faults: CHIP_FAULTS,
    links: { asic: options.link ?? null },
    make(send) {
      chain = new VirtualChain(options, (bytes) => send('asic', bytes));
      return {
        faults: chain.faults,
        receive: (_, bytes) => chain.receive(bytes),
        run: (ms, budgetMs) => chain.run(ms, budgetMs),
        powerUp: () => chain.reset(),
        reset: () => chain.reset(),
        stats: () => ({ ...chain.stats() }),
        onSpeed: (baud) => (chain.hostBaud = baud),
      };
    },
  });
  return Object.assign(rig, { faults: chain.faults, stats: () => ({ ...chain.stats() }) });
}
