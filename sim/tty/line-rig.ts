/** A simulated device on its ttys, with a clock and a plug: the same for all of them. */
import { prepareKernels } from '../../kernels/choice.ts';
import type { FaultTable } from './fault-names.ts';
import { pace } from './pace.ts';
import { Plug, type Disappearance, type LineRole } from './plug.ts';
import { PTY_BAUD } from './pty-contract.ts';
import type { SimRig } from './rig.ts';

/** What lives behind the ttys. Bytes and time are given to it. */
export interface LineDevice<F extends { disappear: Disappearance | null }> {
  /** Change its fields at any time. */
  readonly faults: F;
  /** @param now ms, of a clock that only goes forward, and stands still while this process is too busy to listen */
  receive(role: LineRole, bytes: Uint8Array, now: number): void;
  /** Lets time pass. @param budgetMs that may be spent on hashing */
  run(ms: number, budgetMs: number): void;
  /** What taking its power away and giving it back does. */
  powerUp(): void;
  /** What pulling the USB cable does; absent = it lives on USB power. */
  unplugged?(): void;
  /** What the reset line of the chips does. */
  reset(): void;
  stats(): Readonly<Record<string, unknown>>;
  /** The speed of the chips' line was changed by its user; null = unknown. Absent where it does not matter. */
  readonly onSpeed?: (baud: number | null) => void;
}

export interface LineRigOptions<F extends { disappear: Disappearance | null }> {
  readonly faults: FaultTable<F>;
  /** The device's ttys, and the links to them. */
  readonly links: Readonly<Partial<Record<LineRole, string | null>>>;
  /** Makes the device; `send` is what it says. */
  readonly make: (send: (role: LineRole, bytes: Uint8Array) => void) => LineDevice<F>;
}

/** What one look at the lines counts as, at most. */
const MOST_SILENCE_MS = 10;

/** @throws RigError E_SIM_TTY when there is neither perl nor socat; what `make` throws */
export async function startLineRig<F extends { disappear: Disappearance | null }>({ faults, links, make }: LineRigOptions<F>): Promise<SimRig> {
  await prepareKernels();
  const device = make((role, bytes) => plug.write(role, bytes));
  const { onSpeed } = device;
  let now = 0;
  const lines = Object.fromEntries(
    (Object.entries(links) as [LineRole, string | null][]).map(([role, link]) => [role, { link, onData: (bytes: Uint8Array) => device.receive(role, bytes, now), onSpeed: role === 'asic' ? onSpeed : undefined }]),
  );
  const plug = new Plug(lines, () => (device.unplugged ? device.unplugged() : device.powerUp()));
  plug.events.on('plugged', () => onSpeed?.(PTY_BAUD));
  const unpace = pace((ms, budgetMs) => {
    // A process that was busy must not make silences on its lines that were none.
    now += Math.min(ms, MOST_SILENCE_MS);
    device.run(ms, budgetMs);
    const { disappear } = device.faults;
    if (disappear !== null) {
      device.faults.disappear = null;
      plug.disappear(disappear);
    }
  });
  const rig: SimRig = {
    events: plug.events,
    get path() {
      return plug.paths.asic ?? null;
    },
    get paths() {
      return plug.paths;
    },
    fault: (text) => void Object.assign(device.faults, faults.parse(text)),
    clear: (name) => void Object.assign(device.faults, faults.cleared(name)),
    stats: () => device.stats(),
    reset: () => device.reset(),
    powerCycle: () => device.powerUp(),
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
