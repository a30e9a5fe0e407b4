/** A simulated board on two ttys, with a clock: what `rigbrain sim bitaxe` runs. */
import { startLineRig } from '../tty/line-rig.ts';
import type { SimRig } from '../tty/rig.ts';
import { VirtualBoard, type BoardOptions } from './board.ts';
import { BOARD_FAULTS } from './faults.ts';

export interface BoardRigOptions extends BoardOptions {
  /** Links to the ttys: PREFIX-control and PREFIX-asic. */
  readonly link?: string | null;
}

export interface BoardRig extends SimRig {
  readonly board: VirtualBoard;
}

/** @throws RigError E_SIM_TTY when there is neither perl nor socat; RangeError when there is no such board or an option is out of range */
export async function startBoardRig(options: BoardRigOptions): Promise<BoardRig> {
  const named = (end: string): string | null => (options.link == null ? null : `${options.link}-${end}`);
  let board!: VirtualBoard;
  const rig = await startLineRig<VirtualBoard['faults']>({
    faults: BOARD_FAULTS,
    links: { control: named('control'), asic: named('asic') },
    make(send) {
      board = new VirtualBoard(options, { control: (bytes) => send('control', bytes), asic: (bytes) => send('asic', bytes) });
      const { chain } = board;
      return {
        faults: board.faults,
        // The lines are looked at every 10 ms: a silence is one (of 4 ms, see bridge.ts) when two looks have found nothing.
        receive: (role, bytes, now) => (role === 'control' ? board.receiveControl(bytes, now / 4) : board.receiveAsic(bytes)),
        run: (ms, budgetMs) => board.run(ms, budgetMs),
        powerUp: () => board.powerUp(),
        unplugged: () => board.unplugged(),
        reset: () => chain.reset(),
        stats: () => ({ ...chain.stats(), ...board.history, temp_c: board.physics.chipC, power_w: board.physics.watts, core_v: board.coreV, fan_percent: board.fanPercent, fan_rpm: board.physics.fanRpm, reset_released: board.resetHigh, led: Buffer.from(board.led).toString('hex') }),
        onSpeed: (baud) => (chain.hostBaud = baud),
      };
    },
  });
  return Object.assign(rig, { board });
}
