/**
 * What differs between the chips of the BM13xx family, as data: one descriptor a chip, read by every other file here.
 * Numbers come from hardware reference sections 1.4, 2, 3, 5.3, 6 and 7; fields whose sources disagree say so.
 */

export type Bm13xxName = 'BM1362' | 'BM1366' | 'BM1368' | 'BM1370' | 'BM1372' | 'BM1373' | 'BM1397';

/** How a job id goes out and comes back. */
export interface JobIdRule {
  /** Added for every job, modulo `modulo`. */
  readonly step: number;
  readonly modulo: number;
  /** Id sent = (byte 7 of the reply & replyMask) >> replyShift. */
  readonly replyMask: number;
  readonly replyShift: 0 | 1;
  /** The other bits of byte 7: the midstate slot (BM1397) or the sub-core, which equals the low version bits. */
  readonly restMask: number;
}

export interface PllLimits {
  /** Smallest and greatest feedback divider. */
  readonly feedback: readonly [min: number, max: number];
  /** Limits of 25 MHz * feedback / reference, null when only the feedback divider is limited. */
  readonly vcoMhz: readonly [min: number, max: number] | null;
  /** From this VCO frequency on the first register byte is 50 instead of 40; null when it is always 40. */
  readonly highVcoMhz: number | null;
  /** Post dividers are stored minus one (BM1362 and later), not as they are (BM1397). */
  readonly postMinusOne: boolean;
  /** Written twice to register 70 before every PLL0 write, which is then sent twice as well; null when not needed. */
  readonly dividerReset: number | null;
}

/** How the UART speed of the chip is set. */
export interface UartRule {
  /** Register that holds the divider. */
  readonly register: number;
  /** Divider bits of that register, baud = 25 MHz / ((divider + 1) * 8); mask 0: `base` gives the one speed known. */
  readonly dividerShift: number;
  readonly dividerMask: number;
  /** The other bits, as drivers write them. */
  readonly base: number;
  /** Bit that selects a PLL instead of the crystal; null when there is none known. */
  readonly pllClockBit: number | null;
  /** Speed drivers change to; null when they stay at the reset speed. */
  readonly fastBaud: number | null;
}

export interface OperatingRange {
  readonly defaultMhz: number;
  readonly defaultMillivolts: number;
  /** Settings known to be in use; not limits of the silicon. */
  readonly mhz: readonly [min: number, max: number];
  readonly millivolts: readonly [min: number, max: number];
}

export interface Bm13xxChip {
  readonly name: Bm13xxName;
  /** Upper half of register 00. */
  readonly chipId: number;
  readonly cores: number;
  /** Hashes per clock of the whole chip. */
  readonly smallCores: number;
  /** Bytes of a reply once version rolling is on (before that every chip answers with 9). */
  readonly replyBytes: 9 | 11;
  readonly jobFormat: 'full-header' | 'midstate';
  readonly jobId: JobIdRule;
  /** Whether bits 24..18 of the nonce are the upper 7 bits of the chip address. */
  readonly chipInNonce: boolean;
  /** Units of byte 6 of a nonce reply per factor 2 above the ticket difficulty: 1 whole bits, 2 half bits, null unknown. */
  readonly excessPerBit: 1 | 2 | null;
  readonly pll: PllLimits;
  /** Subtracted from the computed hash counting number (it overruns by twice 134 on BM1370). */
  readonly hashCountingCorrection: number;
  /** The only value the chip works with, null when it is computed. */
  readonly hashCountingFixed: number | null;
  /** Time after which one chip needs new work, in ms, divided by the power of two at or above the number of chips. */
  readonly jobIntervalMs: number;
  readonly uart: UartRule;
  /** Register 58 of every chip, and of the last chip of a voltage domain (null: not known). */
  readonly driverStrength: number | null;
  readonly domainEndDriverStrength: number | null;
  /** Stride of set-address frames; null: 256 / chips. */
  readonly addressStride: number | null;
  /** Commands to one chip carry its set address shifted right by this much. */
  readonly commandAddressShift: number;
  /** null when no source gives settings. */
  readonly operating: OperatingRange | null;
}

/** Crystal at CLKI, in Hz. */
export const CLOCK_HZ = 25_000_000;

const UART_FAST_REGISTER: UartRule = { register: 0x28, dividerShift: 8, dividerMask: 0xff, base: 0x11300000, pllClockBit: 26, fastBaud: 1_000_000 };
const FULL_HEADER_8: JobIdRule = { step: 8, modulo: 128, replyMask: 0xf8, replyShift: 0, restMask: 0x07 };
const FULL_HEADER_24: JobIdRule = { step: 24, modulo: 128, replyMask: 0xf0, replyShift: 1, restMask: 0x0f };
const MODERN_PLL = { vcoMhz: null, highVcoMhz: 2400, postMinusOne: true, dividerReset: null } as const;

const MODERN = {
  replyBytes: 11,
  jobFormat: 'full-header',
  chipInNonce: false,
  excessPerBit: null,
  hashCountingCorrection: 0,
  hashCountingFixed: null,
  jobIntervalMs: 500,
  uart: UART_FAST_REGISTER,
  addressStride: null,
  commandAddressShift: 0,
} as const;

const BM1372: Bm13xxChip = {
  ...MODERN,
  name: 'BM1372',
  chipId: 0x1372,
  cores: 128,
  // One source counts 6725, another still has the 2040 of BM1370.
  smallCores: 6725,
  jobId: FULL_HEADER_24,
  pll: { ...MODERN_PLL, feedback: [160, 239] },
  hashCountingFixed: 0x1eb5,
  uart: { register: 0x28, dividerShift: 8, dividerMask: 0, base: 0x80000000, pllClockBit: null, fastBaud: 3_000_000 },
  driverStrength: 0x00011111,
  domainEndDriverStrength: 0x0001f111,
  addressStride: 0x10,
  commandAddressShift: 2,
  operating: { defaultMhz: 327, defaultMillivolts: 1000, mhz: [327, 410], millivolts: [1000, 1250] },
};

export const BM13XX_CHIPS: Readonly<Record<Bm13xxName, Bm13xxChip>> = {
  BM1362: {
    ...MODERN,
    name: 'BM1362',
    chipId: 0x1362,
    cores: 65,
    smallCores: 514,
    jobId: FULL_HEADER_8,
    chipInNonce: true,
    pll: { ...MODERN_PLL, feedback: [0x10, 0xfa], vcoMhz: [2000, 3200] },
    uart: { ...UART_FAST_REGISTER, fastBaud: null },
    driverStrength: 0x00011111,
    domainEndDriverStrength: 0x0001f111,
    operating: null,
  },
  BM1366: {
    ...MODERN,
    name: 'BM1366',
    chipId: 0x1366,
    cores: 112,
    smallCores: 894,
    jobId: FULL_HEADER_8,
    chipInNonce: true,
    excessPerBit: 1,
    pll: { ...MODERN_PLL, feedback: [144, 235] },
    jobIntervalMs: 2000,
    driverStrength: 0x02111111,
    domainEndDriverStrength: 0x0211f111,
    operating: { defaultMhz: 485, defaultMillivolts: 1200, mhz: [400, 575], millivolts: [1100, 1300] },
  },
  BM1368: {
    ...MODERN,
    name: 'BM1368',
    chipId: 0x1368,
    cores: 80,
    smallCores: 1276,
    jobId: FULL_HEADER_24,
    chipInNonce: true,
    excessPerBit: 2,
    pll: { ...MODERN_PLL, feedback: [144, 235] },
    driverStrength: 0x02111111,
    domainEndDriverStrength: 0x0211f111,
    operating: { defaultMhz: 490, defaultMillivolts: 1166, mhz: [400, 575], millivolts: [1100, 1300] },
  },
  BM1370: {
    ...MODERN,
    name: 'BM1370',
    chipId: 0x1370,
    cores: 128,
    smallCores: 2040,
    jobId: FULL_HEADER_24,
    excessPerBit: 2,
    pll: { ...MODERN_PLL, feedback: [160, 239] },
    hashCountingCorrection: 268,
    driverStrength: 0x00011111,
    domainEndDriverStrength: 0x00013111,
    operating: { defaultMhz: 525, defaultMillivolts: 1150, mhz: [400, 625], millivolts: [1000, 1250] },
  },
  BM1372,
  BM1373: { ...BM1372, name: 'BM1373', chipId: 0x1373 },
  BM1397: {
    name: 'BM1397',
    chipId: 0x1397,
    cores: 168,
    smallCores: 672,
    replyBytes: 9,
    jobFormat: 'midstate',
    jobId: { step: 4, modulo: 128, replyMask: 0xfc, replyShift: 0, restMask: 0x03 },
    chipInNonce: false,
    excessPerBit: null,
    pll: { feedback: [60, 200], vcoMhz: null, highVcoMhz: null, postMinusOne: false, dividerReset: 0x0f0f0f00 },
    hashCountingCorrection: 0,
    hashCountingFixed: null,
    jobIntervalMs: 20,
    uart: { register: 0x18, dividerShift: 8, dividerMask: 0x1f, base: 0x00006031, pllClockBit: 16, fastBaud: 3_125_000 },
    driverStrength: null,
    domainEndDriverStrength: null,
    addressStride: null,
    commandAddressShift: 0,
    operating: { defaultMhz: 425, defaultMillivolts: 1400, mhz: [400, 600], millivolts: [1100, 1500] },
  },
};

/** The chip with this id (upper half of register 00), or null. */
export function chipById(chipId: number): Bm13xxChip | null {
  return Object.values(BM13XX_CHIPS).find((chip) => chip.chipId === chipId) ?? null;
}
