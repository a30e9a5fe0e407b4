/** A simulated Icarus on a tty, with a clock: what `rigbrain sim icarus` runs. */
import { startLineRig } from '../tty/line-rig.ts';
import type { SimRig } from '../tty/rig.ts';
import { PLAIN_FAULTS } from './faults.ts';
import { VirtualMiner, type MinerOptions } from './miner.ts';

export interface MinerRigOptions extends MinerOptions {
  /** A symbolic link to the tty. */
  readonly link?: string | null;
}

/** @throws RigError E_SIM_TTY when there is neither perl nor socat; RangeError when an option is out of range */
export function startMinerRig(options: MinerRigOptions): Promise<SimRig> {
  return startLineRig({
    faults: PLAIN_FAULTS,
    links: { asic: options.link ?? null },
    make(send) {
      const miner = new VirtualMiner(options, (bytes) => send('asic', bytes));
      return {
        faults: miner.faults,
        receive: (_, bytes, now) => miner.receive(bytes, now),
        run: (ms, budgetMs) => miner.run(ms, budgetMs),
        powerUp: () => miner.reset(),
        reset: () => miner.reset(),
        stats: () => miner.stats(),
      };
    },
  });
}
