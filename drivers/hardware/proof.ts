/** How far each piece of hardware is proved to work. No real hardware was ever attached; the page in docs/ says so from here. */
import type { Bm13xxName } from '../../protocol/bm13xx/chips.ts';
import type { DeviceFamily } from '../../protocol/usb/device.ts';

export interface Proof {
  /**
   * trace: bytes captured from real hardware are read and proved. simulator: its driver mines on a simulator written from the facts and
   * not from the driver. fake: its driver runs only on a fake written beside it, which shares its mistakes. none: never tried.
   */
  readonly level: 'trace' | 'simulator' | 'fake' | 'none';
  /** Tests that show it, from the root of the repository. */
  readonly tests: readonly string[];
  /** What they do not show; null = nothing to add. */
  readonly gap: string | null;
}

const NONE: Proof = { level: 'none', tests: [], gap: null };
const GEKKO_FAKE: Proof = { level: 'fake', tests: ['drivers/gekko/board.test.ts'], gap: null };
const ICARUS_FAKE: Proof = { level: 'fake', tests: ['drivers/icarus/board.test.ts'], gap: null };
const CHAIN = ['test/bm13xx-chain.test.ts', 'test/simulated-chips.test.ts'];

/** By key of `protocol/usb/known-devices.ts`; every device with a driver is here. */
export const DEVICE_PROOF: Readonly<Record<string, Proof>> = {
  'bitaxe-raw': { level: 'simulator', tests: ['test/bitaxe-board.test.ts'], gap: 'tried as boards 102, 204, 207, 303, 402, 602, 650 and 801; the versions beside them in the table have the same parts, 701 and 702 were not tried' },
  'emberone-00': NONE,
  compac: GEKKO_FAKE,
  '2pac': GEKKO_FAKE,
  'terminus-r5': GEKKO_FAKE,
  newpac: GEKKO_FAKE,
  r606: GEKKO_FAKE,
  compacf: NONE,
  r909: NONE,
  'compac-a1': NONE,
  'terminus-a1': NONE,
  'compac-a2': NONE,
  'terminus-a2': NONE,
  'block-erupter': ICARUS_FAKE,
  'antminer-u': ICARUS_FAKE,
  rockminer: ICARUS_FAKE,
  'icarus-pl2303': ICARUS_FAKE,
  'icarus-lpc': ICARUS_FAKE,
  lancelot: ICARUS_FAKE,
  ft230x: { level: 'simulator', tests: ['test/bm13xx-serial.test.ts'], gap: 'chains of BM1362, BM1366, BM1368, BM1370 and BM1397; the adapter itself is not simulated' },
};

export const CHIP_PROOF: Readonly<Record<Bm13xxName, Proof>> = {
  BM1362: { level: 'simulator', tests: CHAIN, gap: null },
  BM1366: {
    level: 'trace',
    tests: ['protocol/bm13xx/replay/replay.test.ts', 'sim/chips/trace.test.ts', ...CHAIN],
    gap: 'the capture is of an S19 XP board under its own firmware: it proves jobs, replies and nonces, while the start-up done here was tried on the simulator only',
  },
  BM1368: { level: 'simulator', tests: CHAIN, gap: null },
  BM1370: { level: 'simulator', tests: CHAIN, gap: null },
  BM1372: NONE,
  BM1373: NONE,
  BM1397: { level: 'simulator', tests: CHAIN, gap: null },
};

/** What a person has to know before plugging it in. */
export const FAMILY_NOTES: Readonly<Record<DeviceFamily, readonly string[]>> = {
  'bitaxe-raw': ['Has a power supply of its own. Closing its ports does not stop its chips, so it is made safe at every end of the program.'],
  gekko: ['Draws 0.5 to 2 A from USB, where the ports of a Raspberry Pi share about 1.2 A: use a powered hub.'],
  icarus: [
    'Most have a bare bridge chip and are not told from other gadgets: name them under `devices:` with `usb_path` or `port`; `rigbrain devices` prints the lines.',
    'Draws its power from USB: use a powered hub for more than one.',
  ],
  'bm13xx-serial': [
    'The lines of BM1362 and later have 1.8 V: an adapter with 3.3 V needs a level shifter.',
    'Power, fan and temperature of a bare board are not in the hands of this program: it can only slow the chips down.',
  ],
};
