/** A simulated board on two ttys, with a clock: what `rigbrain sim bitaxe` runs. */
import { prepareKernels } from '../../kernels/choice.ts';
import { pace } from '../tty/pace.ts';
import { Plug } from '../tty/plug.ts';
import { PTY_BAUD } from '../tty/pty.ts';
import type { SimRig } from '../tty/rig.ts';
import { SpeedWatch } from '../tty/speed-watch.ts';
import { VirtualBoard, type BoardOptions } from './board.ts';
import { BOARD_FAULTS } from './faults.ts';

export interface BoardRigOptions extends BoardOptions {
  /** Links to the ttys: PREFIX-control and PREFIX-asic. */
  readonly link?: string | null;
}

export interface BoardRig extends SimRig {
  readonly board: VirtualBoard;
}

/** @throws RigError E_SIM_TTY when there is no socat; RangeError when there is no such board or an option is out of range */
export async function startBoardRig(options: BoardRigOptions): Promise<BoardRig> {
  await prepareKernels();
  const { link } = options;
  const board = new VirtualBoard(options, { control: (bytes) => plug.write('control', bytes), asic: (bytes) => plug.write('asic', bytes) });
  const { chain } = board;
  const named = (end: string): string | null => (link == null ? null : `${link}-${end}`);
  const plug = new Plug(
    { control: { link: named('control'), onData: (bytes) => board.receiveControl(bytes, performance.now()) }, asic: { link: named('asic'), onData: (bytes) => board.receiveAsic(bytes) } },
    () => board.powerUp(),
  );
  plug.events.on('plugged', () => (chain.hostBaud = PTY_BAUD));
  const speed = new SpeedWatch(() => plug.speed('asic'), () => chain.chips.every((chip) => chain.understands(chip)), (baud) => (chain.hostBaud = baud));
  const unpace = pace((ms, budgetMs) => {
    board.run(ms, budgetMs);
    const { disappear } = board.faults;
    if (disappear !== null) {
      board.faults.disappear = null;
      plug.disappear(disappear);
    }
    speed.look();
  });
  const rig: BoardRig = {
    board,
    events: plug.events,
    get path() {
      return plug.paths.asic ?? null;
    },
    get paths() {
      return plug.paths;
    },
    fault: (text) => void Object.assign(board.faults, BOARD_FAULTS.parse(text)),
    clear: (name) => void Object.assign(board.faults, BOARD_FAULTS.cleared(name)),
    stats: () => ({ ...chain.stats(), ...board.history, temp_c: board.physics.chipC, power_w: board.physics.watts, core_v: board.coreV, fan_percent: board.fanPercent, fan_rpm: board.physics.fanRpm, reset_released: board.resetHigh }),
    reset: () => chain.reset(),
    plug: () => plug.plug(),
    unplug: () => plug.unplug(),
    async close() {
      unpace();
      await plug.close();
    },
  };
  try {
    await rig.plug();
  } catch (error) {
    await rig.close();
    throw error;
  }
  return rig;
}
