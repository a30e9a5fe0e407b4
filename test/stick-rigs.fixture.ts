/** Simulated sticks on the bench, one kind after the other. */
import { GEKKO_STICKS } from '../protocol/gekko/sticks.ts';
import { VirtualChain } from '../sim/chips/chain.ts';
import type { ModelName } from '../sim/chips/models.ts';
import { Bm1384Chain } from '../sim/gekko/bm1384.ts';
import { Bm1387Chain } from '../sim/gekko/bm1387.ts';
import { STICK_HEAT } from '../sim/gekko/sticks.ts';
import { noTelemetryFaults, TELEMETRY_FAULTS, TelemetryController } from '../sim/gekko/telemetry.ts';
import { type MinerName, VirtualMiner } from '../sim/icarus/miner.ts';
import { stickBench, type BenchOptions, type StickBench } from './stick-bench.fixture.ts';

/** Zero bits of every nonce. */
export const OLD_ZERO_BITS = 10;
export const CHAIN_ZERO_BITS = 8;

/** Sticks with BM1384 and BM1387, and their chips. */
export const OLD_STICKS = { compac: 1, '2pac': 2, 'terminus-r5': 5, newpac: 2, r606: 12 } as const;
export type OldModel = keyof typeof OLD_STICKS;

export interface OldBench extends StickBench {
  readonly chain: Bm1384Chain | Bm1387Chain;
}

export async function oldBench(model: OldModel, chips: number = OLD_STICKS[model], options: Record<string, unknown> = {}, bench: Partial<BenchOptions> = {}): Promise<OldBench> {
  let chain!: Bm1384Chain | Bm1387Chain;
  const it = await stickBench({ driver: 'gekko', options: { model, nonce_zero_bits: OLD_ZERO_BITS, ...options }, ...bench }, (say) => {
    const Kind = model === 'newpac' || model === 'r606' ? Bm1387Chain : Bm1384Chain;
    chain = new Kind({ chips, zeroBits: OLD_ZERO_BITS }, (bytes) => say('asic', bytes));
    return {
      receive: (_, bytes, now) => chain.receive(bytes, now),
      run: (ms, budget) => chain.run(ms, budget),
      baud: (baud) => (chain.hostBaud = baud),
      powerUp: () => chain.reset(),
    };
  });
  return { ...it, chain };
}

/** Sticks with BM13xx chips. */
export const CHAIN_STICKS = { 'compac-a1': 'bm1362', 'compac-a2': 'bm1370', 'terminus-a1': 'bm1362', 'terminus-a2': 'bm1370', compacf: 'bm1397', r909: 'bm1397' } as const;
export type ChainModel = keyof typeof CHAIN_STICKS;
/** Of sticks whose number of chips differs. */
export const TERMINUS_CHIPS = 3;

export interface ChainBench extends StickBench {
  readonly chain: VirtualChain;
  readonly controller: TelemetryController;
  wrong(fault: string): void;
  cured(fault: string): void;
  /** Greatest raise of the clock, MHz, and highest clock met with the regulator off. */
  readonly seen: { raise: number; unpowered: number };
}

export async function chainBench(model: ChainModel, options: Record<string, unknown> = {}, bench: Partial<BenchOptions> = {}): Promise<ChainBench> {
  let chain!: VirtualChain;
  let controller!: TelemetryController;
  let faults!: ReturnType<typeof noTelemetryFaults>;
  const seen = { raise: 0, unpowered: 0 };
  const chip = CHAIN_STICKS[model];
  const controlled = chip !== 'bm1397';
  const it = await stickBench({ driver: 'gekko', options: { model, nonce_zero_bits: CHAIN_ZERO_BITS, ...options }, roles: controlled ? ['asic', 'telemetry'] : ['asic'], ...bench }, (say) => {
    chain = new VirtualChain({ model: chip, chips: GEKKO_STICKS[model].chips ?? TERMINUS_CHIPS, zeroBits: CHAIN_ZERO_BITS, rate_hs: 3000 }, (bytes) => say('asic', bytes));
    chain.onClock = (before, after) => (seen.raise = Math.max(seen.raise, after - before));
    faults = Object.assign(chain.faults, noTelemetryFaults());
    controller = new TelemetryController({ nominal: STICK_HEAT[controlled ? chip : 'bm1362'], chips: 1 }, faults, (bytes) => say('telemetry', bytes));
    const power = (): void => {
      if (!controlled) return;
      const off = controller.coreV <= 0;
      if (off && !chain.asleep) chain.reset();
      chain.asleep = off;
    };
    power();
    return {
      receive(role, bytes) {
        if (role === 'asic') chain.receive(bytes);
        else controller.receive(bytes);
        power();
      },
      run(ms, budget) {
        const mhz = chain.asleep ? 0 : (chain.chips[0]?.frequencyMhz ?? 0);
        if (controller.coreV <= 0) seen.unpowered = Math.max(seen.unpowered, mhz);
        controller.run(ms, { coreV: controller.coreV, mhz, hashing: !chain.asleep && chain.chips.some((one) => one.hashing) && chain.stats().jobs > 0 });
        power();
        chain.run(ms, budget);
      },
      baud: (baud) => (chain.hostBaud = baud),
      powerUp() {
        controller.powerUp();
        power();
        chain.reset();
      },
    };
  });
  return { ...it, chain, controller, seen, wrong: (fault) => void Object.assign(faults, TELEMETRY_FAULTS.parse(fault)), cured: (fault) => void Object.assign(faults, TELEMETRY_FAULTS.cleared(fault)) };
}

export interface IcarusBench extends StickBench {
  readonly miner: VirtualMiner;
}

export async function icarusBench(model: MinerName): Promise<IcarusBench> {
  let miner!: VirtualMiner;
  const it = await stickBench({ driver: 'icarus', options: { model: model === 'antminer-u1' ? 'antminer-u' : model, nonce_zero_bits: OLD_ZERO_BITS } }, (say) => {
    miner = new VirtualMiner({ model, zeroBits: OLD_ZERO_BITS }, (bytes) => say('asic', bytes));
    return { receive: (_, bytes, now) => miner.receive(bytes, now), run: (ms, budget) => miner.run(ms, budget), powerUp: () => miner.reset() };
  });
  return { ...it, miner };
}

/** Bare chips on a serial port, without a reset line. */
export async function bareBench(model: ModelName, options: Record<string, unknown>): Promise<StickBench & { readonly chain: VirtualChain }> {
  let chain!: VirtualChain;
  const it = await stickBench({ driver: 'bm13xx-serial', options: { nonce_zero_bits: CHAIN_ZERO_BITS, ...options } }, (say) => {
    chain = new VirtualChain({ model, chips: 2, zeroBits: CHAIN_ZERO_BITS, rate_hs: 3000 }, (bytes) => say('asic', bytes));
    return { receive: (_, bytes) => chain.receive(bytes), run: (ms, budget) => chain.run(ms, budget), baud: (baud) => (chain.hostBaud = baud), powerUp: () => chain.reset() };
  });
  return { ...it, chain };
}

/** One of every way chips on a plain line are driven. */
export const STICK_MODELS = ['bm1366', 'bm1397', 'block-erupter', '2pac', 'newpac', 'compac-a1', 'compac-a2', 'compacf'] as const;

/** A stick that may be brought into any state, and what says whether it was left as it should be. */
export interface TriedStick {
  readonly bench: StickBench;
  readonly faults: { mute: boolean };
  /** Plain words for what is wrong with the stick's state; null = it is safe. */
  problem(): string | null;
}

/** A stick above its slowest clock, by its model. */
export async function triedStick(model: (typeof STICK_MODELS)[number]): Promise<TriedStick> {
  if (model === 'block-erupter') {
    const bench = await icarusBench(model);
    return { bench, faults: bench.miner.faults, problem: () => (bench.miner.idle || (bench.miner.run(5, 5), bench.miner.idle) ? null : 'it searches on') };
  }
  if (model === 'bm1366' || model === 'bm1397') {
    const bench = await bareBench(model, { frequency_mhz: 200 });
    return { bench, faults: bench.chain.faults, problem: () => (bench.chain.chips.every(({ frequencyMhz }) => frequencyMhz <= 56.3) ? null : `it runs at ${bench.chain.chips[0]!.frequencyMhz} MHz`) };
  }
  if (Object.hasOwn(CHAIN_STICKS, model)) {
    const bench = await chainBench(model as ChainModel, { frequency_mhz: 300 });
    const controlled = model !== 'compacf';
    return {
      bench,
      faults: bench.chain.faults,
      problem() {
        const mhz = bench.chain.chips[0]!.frequencyMhz;
        if (controlled) return bench.controller.coreV === 0 ? null : `its regulator is on, at ${bench.controller.coreV} V`;
        return mhz <= 56.3 ? null : `it runs at ${mhz} MHz`;
      },
    };
  }
  const bench = await oldBench(model as OldModel, undefined, { frequency_mhz: 200 });
  // 100 MHz is what it comes up with by itself: a start cut short before it said anything leaves that.
  return { bench, faults: bench.chain.faults, problem: () => ((bench.chain.stats().mhz as number) <= 100 ? null : `it runs at ${bench.chain.stats().mhz as number} MHz`) };
}

/** Starts the device of a bench and waits until it hashes. */
export async function startHashing<B extends ChainBench | OldBench>(bench: B): Promise<B> {
  await bench.device.start(new AbortController().signal);
  await bench.until(() => bench.device.state().status === 'hashing');
  return bench;
}
