/** Simulated GekkoScience sticks on ttys, with a clock: what `rigbrain sim stick` runs. */
import { VirtualChain } from '../chips/chain.ts';
import { CHIP_FAULTS, type ChipFaults } from '../chips/faults.ts';
import { startChipRig } from '../chips/rig.ts';
import { PLAIN_FAULTS } from '../icarus/faults.ts';
import { startLineRig } from '../tty/line-rig.ts';
import type { SimRig } from '../tty/rig.ts';
import { Bm1384Chain } from './bm1384.ts';
import { Bm1387Chain } from './bm1387.ts';
import { STICK_HEAT, STICKS, type StickModel, type StickName } from './sticks.ts';
import { noTelemetryFaults, TELEMETRY_FAULTS, TelemetryController, type TelemetryFaults } from './telemetry.ts';

export interface StickRigOptions {
  readonly stick: StickName;
  /** Default: what the stick has. */
  readonly chips?: number;
  /** As `ChainOptions`. */
  readonly zeroBits?: number;
  readonly rate_hs?: number | null;
  /** A link to the tty; of sticks with telemetry PREFIX-asic and PREFIX-telemetry. */
  readonly link?: string | null;
}

/** @throws RigError E_SIM_TTY when there is neither perl nor socat; RangeError when an option is out of range */
export function startStickRig(options: StickRigOptions): Promise<SimRig> {
  const { chip, chips: own, telemetry }: StickModel = STICKS[options.stick];
  const chips = options.chips ?? own;
  const { zeroBits = 12, rate_hs = null, link = null } = options;
  if (chip === 'bm1384' || chip === 'bm1387') return startOldStick(chip, { chips, zeroBits, rate_hs }, link);
  if (!telemetry) return startChipRig({ model: chip, chips, zeroBits, rate_hs, link });
  return startWithTelemetry(chip as keyof typeof STICK_HEAT, { chips, zeroBits, rate_hs }, link);
}

interface Hashing {
  readonly chips: number;
  readonly zeroBits: number;
  readonly rate_hs: number | null;
}

function startOldStick(chip: 'bm1384' | 'bm1387', hashing: Hashing, link: string | null): Promise<SimRig> {
  return startLineRig<ChipFaults>({
    faults: chip === 'bm1384' ? PLAIN_FAULTS : CHIP_FAULTS,
    links: { asic: link },
    make(send) {
      const say = (bytes: Uint8Array): void => send('asic', bytes);
      const chain = chip === 'bm1384' ? new Bm1384Chain(hashing, say) : new Bm1387Chain(hashing, say);
      return {
        faults: chain.faults,
        receive: (_, bytes, now) => chain.receive(bytes, now),
        run: (ms, budgetMs) => chain.run(ms, budgetMs),
        powerUp: () => chain.reset(),
        reset: () => chain.reset(),
        stats: () => chain.stats(),
        ...(chip === 'bm1387' ? { onSpeed: (baud: number | null) => (chain.hostBaud = baud) } : {}),
      };
    },
  });
}

function startWithTelemetry(model: keyof typeof STICK_HEAT, hashing: Hashing, link: string | null): Promise<SimRig> {
  const named = (end: string): string | null => (link === null ? null : `${link}-${end}`);
  return startLineRig<ChipFaults & TelemetryFaults>({
    faults: TELEMETRY_FAULTS,
    links: { asic: named('asic'), telemetry: named('telemetry') },
    make(send) {
      const chain = new VirtualChain({ model, ...hashing }, (bytes) => send('asic', bytes));
      const faults = Object.assign(chain.faults, noTelemetryFaults());
      const controller = new TelemetryController({ nominal: STICK_HEAT[model], chips: hashing.chips }, faults, (bytes) => send('telemetry', bytes));
      let largestRaiseMhz = 0;
      chain.onClock = (before, after) => (largestRaiseMhz = Math.max(largestRaiseMhz, after - before));
      const power = (): void => {
        const off = controller.coreV <= 0;
        if (off && !chain.asleep) chain.reset();
        chain.asleep = off;
      };
      power();
      return {
        faults,
        receive(role, bytes) {
          if (role === 'asic') chain.receive(bytes);
          else controller.receive(bytes);
          power();
        },
        run(ms, budgetMs) {
          const { chips } = chain;
          const mhz = chain.asleep ? 0 : chips.reduce((sum, chip) => sum + chip.frequencyMhz, 0) / chips.length;
          controller.run(ms, { coreV: controller.coreV, mhz, hashing: !chain.asleep && chips.some((chip) => chip.hashing) && chain.stats().jobs > 0 });
          power();
          chain.run(ms, budgetMs);
        },
        powerUp() {
          controller.powerUp();
          power();
          chain.reset();
        },
        reset: () => chain.reset(),
        stats: () => ({ ...chain.stats(), ...controller.history, core_v: controller.coreV, temp_c: controller.physics.chipC, fan_percent: controller.fanPercent, fan_rpm: controller.physics.fanRpm, largest_raise_mhz: largestRaiseMhz }),
        onSpeed: (baud) => (chain.hostBaud = baud),
      };
    },
  });
}
