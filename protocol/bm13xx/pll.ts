/**
 * The core clock (register 08): f = 25 MHz * feedback / (reference * post1 * post2), register bytes `byte0 feedback
 * reference post`. Reference 3.
 */
import { type Bm13xxChip, CLOCK_HZ } from './chips.ts';
import { checkU32 } from './bytes-check.ts';

const CLOCK_MHZ = CLOCK_HZ / 1_000_000;
/** Errors (and VCO frequencies) closer than this count as equal. */
const SAME = 1e-4;
const { fround } = Math;

export interface PllSetting {
  readonly feedback: number;
  readonly reference: number;
  readonly post1: number;
  readonly post2: number;
  /** Frequency the dividers give, in MHz. */
  readonly mhz: number;
  /** 25 MHz * feedback / reference, in MHz. */
  readonly vcoMhz: number;
}

function setting(feedback: number, reference: number, post1: number, post2: number): PllSetting {
  const vcoMhz = (CLOCK_MHZ * feedback) / reference;
  return { feedback, reference, post1, post2, mhz: vcoMhz / (post1 * post2), vcoMhz };
}

function allowed(chip: Bm13xxChip, candidate: PllSetting): boolean {
  const { feedback, vcoMhz } = chip.pll;
  if (candidate.feedback < feedback[0] || candidate.feedback > feedback[1]) return false;
  return vcoMhz === null || (candidate.vcoMhz >= vcoMhz[0] && candidate.vcoMhz <= vcoMhz[1]);
}

/** Distance from the target as 32-bit floats have it: firmware ranks the candidates with those, and ties are decided by them. */
function errorOf({ feedback, reference, post1, post2 }: PllSetting, target: number): number {
  return Math.abs(fround(target - fround((CLOCK_MHZ * feedback) / (reference * post1 * post2))));
}

/** True when `a` is to be taken instead of `b`: smaller error, then lower VCO, then smaller post dividers. */
function better(a: PllSetting, b: PllSetting, target: number): boolean {
  const errorA = errorOf(a, target);
  const errorB = errorOf(b, target);
  if (Math.abs(errorA - errorB) >= SAME) return errorA < errorB;
  if (Math.abs(a.vcoMhz - b.vcoMhz) >= SAME) return a.vcoMhz < b.vcoMhz;
  return a.post1 * a.post2 < b.post1 * b.post2;
}

/**
 * The dividers that come closest to a frequency. post1 is always above post2: the silicon wants it so.
 * @throws RangeError when the target is not above 0 or no dividers of the chip come within 5 % of it
 */
export function searchPll(chip: Bm13xxChip, targetMhz: number): PllSetting {
  if (!Number.isFinite(targetMhz) || targetMhz <= 0) throw new RangeError(`a frequency is above 0 MHz, not ${targetMhz}`);
  const target = fround(targetMhz);
  let best: PllSetting | null = null;
  for (const reference of [2, 1]) {
    for (let post1 = 7; post1 >= 1; post1--) {
      for (let post2 = post1 - 1; post2 >= 1; post2--) {
        const exact = fround(fround(target / CLOCK_MHZ) * (reference * post1 * post2));
        const candidate = setting(Math.floor(exact + 0.5), reference, post1, post2);
        if (allowed(chip, candidate) && (best === null || better(candidate, best, target))) best = candidate;
      }
    }
  }
  if (best === null || Math.abs(best.mhz - targetMhz) > 0.05 * targetMhz) throw new RangeError(`${chip.name} has no PLL setting near ${targetMhz} MHz`);
  return best;
}

/** Value of register 08. @throws RangeError when a divider does not fit its field */
export function pllValue(chip: Bm13xxChip, pll: PllSetting): number {
  const stored = chip.pll.postMinusOne ? 1 : 0;
  for (const post of [pll.post1, pll.post2]) if (!Number.isInteger(post) || post < 1 || post > 7) throw new RangeError(`a post divider is 1 to 7, not ${post}`);
  for (const divider of [pll.feedback, pll.reference]) if (!Number.isInteger(divider) || divider < 1 || divider > 255) throw new RangeError(`a PLL divider is 1 to 255, not ${divider}`);
  const byte0 = chip.pll.highVcoMhz !== null && pll.vcoMhz >= chip.pll.highVcoMhz ? 0x50 : 0x40;
  const post = ((pll.post1 - stored) << 4) | (pll.post2 - stored);
  return ((byte0 << 24) | (pll.feedback << 16) | (pll.reference << 8) | post) >>> 0;
}

/** The dividers of a value of register 08 (bit 31 of it, "locked", is not looked at), or null when one of them is 0. */
export function decodePll(chip: Bm13xxChip, value: number): PllSetting | null {
  checkU32(value, 'a register value');
  const stored = chip.pll.postMinusOne ? 1 : 0;
  const feedback = (value >>> 16) & 0xff;
  const reference = (value >>> 8) & 0xff;
  const post1 = ((value >>> 4) & 0x0f) + stored;
  const post2 = (value & 0x0f) + stored;
  return feedback === 0 || reference === 0 || post1 === 0 || post2 === 0 ? null : setting(feedback, reference, post1, post2);
}
