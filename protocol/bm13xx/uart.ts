/**
 * UART speed. After a reset a chip talks 25 MHz / (8 * 27) = 115,741 baud; the host uses 115,200. Only a reset brings that
 * speed back: if the two sides disagree, pulse NRST. Reference 7.
 */
import { type Bm13xxChip, CLOCK_HZ } from './chips.ts';
import { ALL_CHIPS, encodeWrite } from './command.ts';

/** Speed of the host after a reset. */
export const RESET_BAUD = 115_200;
/** Wait between the change and the next byte, at least. */
export const BAUD_SETTLE_MS = 60;
/** Relative difference between host and chip a UART of 8N1 frames bears on both sides together. */
const TOLERANCE = 0.045;

export interface BaudSetting {
  readonly register: number;
  readonly value: number;
  /** Speed of the chip, exactly. */
  readonly chipBaud: number;
  /** Speed to set on the host: the one asked for. */
  readonly hostBaud: number;
}

/**
 * The register value for a speed.
 * @throws RangeError when the chip cannot come near enough (its speeds are 3,125,000 / n)
 */
export function baudSetting(chip: Bm13xxChip, hostBaud: number): BaudSetting {
  if (!Number.isFinite(hostBaud) || hostBaud <= 0) throw new RangeError(`a speed is above 0 baud, not ${hostBaud}`);
  const { register, dividerMask, dividerShift, base, fastBaud } = chip.uart;
  if (dividerMask === 0) {
    if (hostBaud !== fastBaud) throw new RangeError(`${chip.name} changes to ${fastBaud} baud only, not ${hostBaud}`);
    return { register, value: base, chipBaud: fastBaud, hostBaud };
  }
  const divider = Math.max(0, Math.min(dividerMask, Math.round(CLOCK_HZ / 8 / hostBaud) - 1));
  const chipBaud = CLOCK_HZ / 8 / (divider + 1);
  if (Math.abs(chipBaud - hostBaud) > TOLERANCE * hostBaud) throw new RangeError(`${chip.name} has no speed near ${hostBaud} baud (nearest ${Math.round(chipBaud)})`);
  return { register, value: (base | (divider << dividerShift)) >>> 0, chipBaud, hostBaud };
}

/**
 * Speed a register value gives, in baud; null when another clock than the crystal is selected (its PLL is not known here).
 * BM1397: register 18, bit 16 selects PLL3. Later chips: register 28, bit 26 selects PLL1 (read off the two values known).
 */
export function decodeBaud(chip: Bm13xxChip, value: number): number | null {
  const { dividerMask, dividerShift, base, pllClockBit, fastBaud } = chip.uart;
  if (dividerMask === 0) return value === base ? fastBaud : null;
  if (pllClockBit !== null && ((value >>> pllClockBit) & 1) === 1) return null;
  return CLOCK_HZ / 8 / (((value >>> dividerShift) & dividerMask) + 1);
}

export type BaudChangeStep =
  | { readonly do: 'send'; readonly frame: Uint8Array }
  /** Wait until the last bit has left: a change before that garbles the command. */
  | { readonly do: 'drain' }
  | { readonly do: 'host-baud'; readonly baud: number }
  | { readonly do: 'wait'; readonly ms: number }
  /** Throw away what came in meanwhile, and reset the framer. */
  | { readonly do: 'flush-input' };

/** What to do, in order, to change the speed of a whole chain and of the host. @throws RangeError as `baudSetting` */
export function planBaudChange(chip: Bm13xxChip, hostBaud: number): BaudChangeStep[] {
  const { register, value } = baudSetting(chip, hostBaud);
  return [
    { do: 'send', frame: encodeWrite(ALL_CHIPS, register, value) },
    { do: 'drain' },
    { do: 'host-baud', baud: hostBaud },
    { do: 'wait', ms: BAUD_SETTLE_MS },
    { do: 'flush-input' },
  ];
}
