/** What the options come to for the chain. */
import { BM13XX_CHIPS, type Bm13xxChip } from '../../protocol/bm13xx/chips.ts';
import { RAMP_START_MHZ } from '../../protocol/bm13xx/ramp.ts';
import { RESET_BAUD } from '../../protocol/bm13xx/uart.ts';
import { BM1366_BOARD } from '../../protocol/bm13xx/init/sequences.ts';
import { RigError } from '../../protocol/common/errors.ts';
import type { ChainSettings } from '../bm13xx/contract.ts';
import type { SerialOptions } from './options.ts';

/** For a chip no source has settings of: what its factory board runs at is the most, and well below that the start. */
const UNKNOWN_RANGE = { defaultMhz: 400, mostMhz: 525 } as const;

/** Highest clock this chip is known to be used with, MHz. Lower ones do no harm. */
export function mostMhz(chip: Bm13xxChip): number {
  return chip.operating?.mhz[1] ?? UNKNOWN_RANGE.mostMhz;
}

/** The clock to run at. @throws RigError E_DEVICE_COMMAND when the one asked for is too high for the chip */
export function clockOf(chip: Bm13xxChip, options: Pick<SerialOptions, 'frequency_mhz'>): number {
  const asked = options.frequency_mhz ?? chip.operating?.defaultMhz ?? UNKNOWN_RANGE.defaultMhz;
  if (asked > mostMhz(chip)) throw new RigError('E_DEVICE_COMMAND', `frequency_mhz ${asked} is more than a ${chip.name} takes (${mostMhz(chip)})`, { hint: `Set frequency_mhz to at most ${mostMhz(chip)}, or leave it out.` });
  return asked;
}

/** The chip the options name; null = auto. */
export function chipOf({ chip }: Pick<SerialOptions, 'chip'>): Bm13xxChip | null {
  return chip === 'auto' ? null : BM13XX_CHIPS[chip];
}

/** Clocks that may be set, before and after the chip is known. */
export function clockLimits(chip: Bm13xxChip | null): readonly [min: number, max: number] {
  return [RAMP_START_MHZ, chip === null ? Math.max(...Object.values(BM13XX_CHIPS).map(mostMhz)) : mostMhz(chip)];
}

/** @throws RigError E_CONFIG_INVALID when options do not go together */
export function chainSettings(options: SerialOptions): ChainSettings {
  const { chips, domains } = options;
  if (domains !== undefined && (chips === undefined || chips % domains !== 0)) {
    throw new RigError('E_CONFIG_INVALID', `domains: ${domains} domains of as many chips each need \`chips\`, a multiple of it`, { hint: `Set chips to the number of chips of the board, such as ${domains * 10}.` });
  }
  const chip = chipOf(options);
  // Of the others nobody has written down where in their start-up the ends of domains are set.
  if (domains !== undefined && chip?.name !== 'BM1362' && chip?.name !== 'BM1366') {
    throw new RigError('E_CONFIG_INVALID', 'domains: the start-up of boards with voltage domains is known of BM1362 and BM1366 only', { hint: 'Name the chip, or leave domains out.' });
  }
  if (chip !== null) clockOf(chip, options);
  const topology = domains === undefined ? null : { domains, chipsPerDomain: chips! / domains };
  return {
    chip: chip?.name ?? null,
    chipsExpected: chips ?? null,
    hostBaud: options.baud === 'auto' ? 'chip' : options.baud === RESET_BAUD ? null : options.baud,
    zeroBits: options.nonce_zero_bits,
    topology,
    // The one order that was seen on the wire of such a board.
    sequence: chip?.name === 'BM1366' && topology !== null ? BM1366_BOARD : null,
  };
}
