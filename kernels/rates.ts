/** How fast kernels are on this machine: a short measurement, each against the others. */
import type { Kernel, Scanner } from './engine.ts';

/** Hashes per second of processor time on one thread: with one version, and with as many as the kernel takes at once. */
export interface Rate {
  readonly plain: number;
  readonly rolled: number;
}

/** By the name of the kernel. */
export type Rates = Readonly<Record<string, Rate>>;

/** About what one slice takes: the event loop may be held for that long, and no longer. */
const SLICE_NS = 700_000;
/** What the whole measurement takes. */
const BUDGET_NS = 50_000_000;
/** A unit is about 0.1 ms; more than so many in a slice only a clock that stood still can suggest. */
const MAX_UNITS = 32;
const MIN_SLICES = 3;
const MAX_SLICES = 15;
/** A kernel below this share of the best after a slice, and after one more to make sure, is not measured further: it cannot win. */
const CONTENDER = 0.6;

/** One kernel with one version, or with as many as it takes. */
interface Contest {
  readonly name: string;
  readonly mode: keyof Rate;
  readonly scanner: Scanner;
  readonly versions: number;
  readonly unit: number;
  /** Nonces of a slice. */
  nonces: number;
  /** What a call costs by itself, and a call with that many nonces: the least seen, in nanoseconds. */
  callNs: number;
  sliceNs: number;
}

/** A header nobody mined. */
const HEADER = Uint8Array.from({ length: 80 }, (_, i) => (i * 151 + 7) & 0xff);

/**
 * Measures kernels in short slices, in turn, so that a busy moment hits all of them: about 50 ms of this thread in all. Yields
 * after every slice, for a caller with an event loop to look after.
 * @param threadCpuNs processor time of this thread: what other programs take of the time must not count
 */
export function* measureRates(kernels: readonly Kernel[], threadCpuNs: () => number): Generator<void, Rates> {
  const contests = kernels.flatMap(contestsOf);
  let spent = 0;
  for (const contest of contests) {
    // Two units tell how many fill a slice.
    contest.nonces = 2 * contest.unit;
    slice(contest, threadCpuNs);
    contest.nonces = contest.unit * Math.min(MAX_UNITS, Math.max(1, Math.round((SLICE_NS * rateOf(contest)) / 1e9 / (contest.versions * contest.unit))));
    contest.sliceNs = Infinity;
    yield;
    slice(contest, threadCpuNs);
    spent += 1.5 * SLICE_NS;
    yield;
  }
  const far = (contest: Contest): boolean => rateOf(contest) < CONTENDER * Math.max(...contests.filter(({ mode }) => mode === contest.mode).map(rateOf));
  for (const contest of contests.filter(far)) {
    slice(contest, threadCpuNs);
    spent += SLICE_NS;
    yield;
  }
  const contenders = (['plain', 'rolled'] as const).flatMap((mode) => {
    const near = contests.filter((contest) => contest.mode === mode && !far(contest));
    return near.length > 1 ? near : [];
  });
  if (contenders.length > 0) {
    const rounds = Math.min(MAX_SLICES, Math.max(MIN_SLICES, Math.floor((BUDGET_NS - spent) / (contenders.length * 1.2 * SLICE_NS))));
    for (let round = 0; round < rounds; round++) {
      for (const contest of contenders) {
        slice(contest, threadCpuNs);
        yield;
      }
    }
  }
  return Object.fromEntries(
    kernels.map(({ info: { kernel } }) => {
      const rate = (mode: keyof Rate): number | undefined => contests.filter((contest) => contest.name === kernel && contest.mode === mode).map(rateOf)[0];
      const plain = rate('plain') ?? 0;
      return [kernel, { plain: Math.round(plain), rolled: Math.round(rate('rolled') ?? plain) }];
    }),
  );
}

function contestsOf({ info, scanner }: Kernel): Contest[] {
  const make = (mode: keyof Rate, versions: number): Contest => {
    const own = scanner();
    own.prepare(HEADER, Array.from({ length: versions }, (_, i) => 0x20000000 + i * 0x2000));
    return { name: info.kernel, mode, scanner: own, versions, unit: mode === 'plain' ? own.unitNonces : own.rolledNonces, nonces: 0, callNs: Infinity, sliceNs: Infinity };
  };
  return info.versions > 1 ? [make('plain', 1), make('rolled', info.versions)] : [make('plain', 1)];
}

/**
 * Hashes per second of the best slice: what else runs, on the other half of the core too, can only slow one down. For the same
 * reason the least cost of a call is taken off: one that was disturbed would make the kernel look faster than it is.
 */
function rateOf({ versions, nonces, callNs, sliceNs }: Contest): number {
  // A clock that stands still or jumps must not make it endless.
  return (nonces * versions * 1e9) / Math.max(sliceNs - callNs, sliceNs / 2, 1);
}

/** Runs one slice and keeps what it took if that is the least yet. */
function slice(contest: Contest, threadCpuNs: () => number): void {
  const { scanner, unit, nonces } = contest;
  const out = new Uint32Array(16);
  // The processor has to wake its wide units and change its clock for them: not part of the measurement.
  scanner.scan(0, unit, 0xffffffff, out);
  const begin = threadCpuNs();
  // No nonces: what a call costs by itself, which the hashing threads pay once a job.
  scanner.scan(0, 0, 0xffffffff, out);
  const start = threadCpuNs();
  scanner.scan(0, nonces, 0xffffffff, out);
  const end = threadCpuNs();
  contest.callNs = Math.min(contest.callNs, start - begin);
  contest.sliceNs = Math.min(contest.sliceNs, end - start);
}

/** Each rate the better of two measurements. */
export function better(one: Rates, two: Rates): Rates {
  return Object.fromEntries(
    Object.entries(two).map(([kernel, rate]) => [kernel, { plain: Math.max(rate.plain, one[kernel]?.plain ?? 0), rolled: Math.max(rate.rolled, one[kernel]?.rolled ?? 0) }]),
  );
}
