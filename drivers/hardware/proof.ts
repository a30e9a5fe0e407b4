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
const CHAIN = ['test/bm13xx-chain.test.ts', 'test/simulated-chips.test.ts'];

function simulated(tests: readonly string[], gap: string | null = null): Proof {
  return { level: 'simulator', tests, gap };
}

const GEKKO_OLD = simulated(['test/sticks-gekko-old.test.ts']);
const GEKKO_CHAIN = simulated(['test/sticks-gekko-a.test.ts']);
const ICARUS = simulated(['test/sticks-icarus.test.ts']);
const BITAXE = ['test/bitaxe-board.test.ts', 'test/bitaxe-faults.test.ts', 'test/bitaxe-chaos.test.ts', 'test/bitaxe-pty.slow.test.ts'];

/** By key of `protocol/usb/known-devices.ts`; every device with a driver is here. */
export const DEVICE_PROOF: Readonly<Record<string, Proof>> = {
  'bitaxe-raw': simulated(BITAXE, 'tried as boards 102, 204, 207, 303, 402, 602, 650, 702 and 801, and found out as these and 401 and 403'),
  'emberone-00': simulated(BITAXE, 'its regulator and its fan are not in the hands of the driver, and of its thermometers one is read'),
  compac: GEKKO_OLD,
  '2pac': GEKKO_OLD,
  'terminus-r5': GEKKO_OLD,
  newpac: GEKKO_OLD,
  r606: GEKKO_OLD,
  compacf: GEKKO_CHAIN,
  r909: GEKKO_CHAIN,
  'compac-a1': GEKKO_CHAIN,
  'terminus-a1': GEKKO_CHAIN,
  'compac-a2': GEKKO_CHAIN,
  'terminus-a2': GEKKO_CHAIN,
  'block-erupter': ICARUS,
  'antminer-u': simulated(['test/sticks-icarus.test.ts'], 'tried as a U1; what sets clock and voltage of U1, U2 and U3 is not known well enough, so they stay as they are'),
  rockminer: { ...NONE, gap: 'only the length of its replies is known; it is driven like one chip' },
  'icarus-pl2303': ICARUS,
  'icarus-lpc': ICARUS,
  lancelot: ICARUS,
  ft230x: simulated(['test/bm13xx-serial.test.ts'], 'chains of BM1362, BM1366, BM1368, BM1370 and BM1397; the adapter itself is not simulated'),
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
  gekko: [
    'Draws 0.5 to 2 A from USB, where the ports of a Raspberry Pi share about 1.2 A: use a powered hub.',
    'Compac, 2Pac, Terminus R5, NewPac, R606, CompacF and R909 have no sensor and no power switch that this program reaches: stopped, they stay powered at 50 MHz, without work. Their core voltage is set by hand.',
    'NewPac, R606, CompacF and R909 talk faster while they run. They are brought back to 115,200 baud at the end; after a kill -9 the next start finds them at either speed.',
    'A1 and A2 are switched off by the controller on their telemetry port: on stop, on heat, when a sensor cannot be believed and at the end of the process. Without that port there is neither temperature nor voltage, and they can only be slowed down.',
    'Power of A1 and A2 is computed with the greater of the two shunts that are known (40.96 A at full scale); a stick with the smaller one shows too much.',
  ],
  icarus: [
    'Most have a bare bridge chip and are not told from other gadgets: name them under `devices:` with `usb_path` or `port`; `rigbrain devices` prints the lines.',
    'Draws its power from USB: use a powered hub for more than one.',
    'Has no power switch: stopped, it is given work that ends within milliseconds, and then waits.',
  ],
  'bm13xx-serial': [
    'The lines of BM1362 and later have 1.8 V: an adapter with 3.3 V needs a level shifter.',
    'Power, fan and temperature of a bare board are not in the hands of this program: it can only slow the chips down.',
  ],
};
