/** What follows from the model of a stick that is a BM13xx chain, without the stick itself. */
import { BM13XX_CHIPS, type Bm13xxChip } from '../../protocol/bm13xx/chips.ts';
import { RAMP_START_MHZ } from '../../protocol/bm13xx/ramp.ts';
import type { GekkoReset, GekkoStick } from '../../protocol/gekko/sticks.ts';
import { GEKKO_TELEMETRY_COMMAND } from '../../protocol/gekko/telemetry.ts';
import { quietFrames } from '../bm13xx/quiet.ts';

/** The chip of a stick that is a BM13xx chain; null for the others. */
export function chainChip(stick: GekkoStick): Bm13xxChip | null {
  return stick.chip === 'BM1384' || stick.chip === 'BM1387' ? null : BM13XX_CHIPS[stick.chip];
}

/** What makes a stick safe without knowing more of it than its model: the regulator off, or the slowest clock. */
export function safePackets(stick: GekkoStick, controlled: boolean): readonly Uint8Array[] {
  const chip = chainChip(stick);
  return controlled || chip === null ? [GEKKO_TELEMETRY_COMMAND.regulatorOff] : quietFrames(chip, RAMP_START_MHZ);
}

/** For a person whose stick does not answer. */
export const SILENT_HINTS: Readonly<Record<GekkoReset, string>> = {
  none: 'Take the stick out and put it in again: that is its only reset.',
  'ftdi-cbus': 'Take the stick out and put it in again: a tty does not reach its reset line. Check the power of the hub too.',
  'cp2105-gpio': 'Its chips have power only while the three GPIO lines of its USB bridge (CP2105) are low, which a tty cannot set: `gpioset` on the gpiochip of the bridge can. Check the power of the hub too.',
};
