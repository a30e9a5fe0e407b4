/** Faults of devices whose replies have no checksum: those of chips that such a line can have. */
import { CHIP_FAULT_NAMES, noChipFaults, type ChipFaults } from '../chips/faults.ts';
import { faultTable } from '../tty/fault-names.ts';

export const PLAIN_FAULTS = faultTable<ChipFaults>(
  {
    ...Object.fromEntries(['mute', 'garbage', 'disappear', 'stray-byte', 'lost-byte', 'bad-nonce', 'duplicate-nonces'].map((name) => [name, CHIP_FAULT_NAMES[name]!])),
  },
  noChipFaults,
);
