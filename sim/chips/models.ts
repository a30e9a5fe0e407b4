/**
 * What tells the simulated chips apart, as data. Facts of the silicon (hardware protocol reference, sections 1, 2, 5, 6), written
 * down here a second time on purpose: a simulator that shared the table of the driver would share its mistakes.
 */

export type ModelName = 'bm1362' | 'bm1366' | 'bm1368' | 'bm1370' | 'bm1397';

export interface ChipModel {
  readonly name: ModelName;
  /** The two id bytes of register 00. */
  readonly id: number;
  /** Third byte of register 00; differs between batches of real chips. */
  readonly coreByte: number;
  /** Values of the seven core bits of a nonce that are in use. */
  readonly cores: number;
  /** Hashes per clock of the whole chip: rate = smallCores x frequency. */
  readonly smallCores: number;
  /** What a core hashes side by side: log2 of the versions (or midstate slots). */
  readonly sideBySideBits: 2 | 3 | 4;
  readonly job: 'header' | 'midstates';
  /** Byte 7 of a nonce reply. `slot` is the version value's low bits, or the midstate slot. */
  readonly jobByte: (wireId: number, slot: number) => number;
  /** Byte 6 of a nonce reply counts how far above the ticket the hash is: in whole bits or in half bits. */
  readonly excess: 'bits' | 'half bits';
  /** Post dividers of register 08 are stored less one. */
  readonly postLessOne: boolean;
  /** Whether replies grow to 11 bytes when version rolling is on. */
  readonly longReplies: boolean;
  /** Bits 31 to 28 of register 18 let a quarter of the cores each report nonces; `any`: one of them is enough; `none`: not asked for. */
  readonly reporting: 'quarters' | 'any' | 'none';
  /** Register that must have been written for cores to have a clock; null = none known. */
  readonly clockRegister: number | null;
  /** Register 0C moves the start of the nonce range. */
  readonly offsetRegister: boolean;
  /** Register with the UART divider, and its lowest bit. */
  readonly speed: { readonly register: number; readonly shift: number };
  /** Registers that are not zero after a reset. */
  readonly powerOn: Readonly<Record<number, number>>;
}

const shifted = (mask: number) => (wireId: number, slot: number) => ((wireId << 1) & 0xf0) | (slot & mask);
const plain = (mask: number) => (wireId: number, slot: number) => (wireId & ~mask & 0xff) | (slot & mask);

/** 50 MHz: 25 MHz x 168 / (2 x 7 x 6). */
const PLL_50_MHZ = 0x40a8_0265;
const modern = {
  job: 'header',
  postLessOne: true,
  longReplies: true,
  clockRegister: null,
  speed: { register: 0x28, shift: 8 },
  powerOn: { 0x08: PLL_50_MHZ, 0x18: 0x0000_c100, 0x28: 0x0130_1a00 },
} as const;

export const MODELS: Readonly<Record<ModelName, ChipModel>> = {
  bm1362: { ...modern, name: 'bm1362', id: 0x1362, coreByte: 0x03, cores: 65, smallCores: 514, sideBySideBits: 3, jobByte: plain(7), excess: 'bits', reporting: 'any', offsetRegister: false },
  bm1366: { ...modern, name: 'bm1366', id: 0x1366, coreByte: 0x00, cores: 112, smallCores: 894, sideBySideBits: 3, jobByte: plain(7), excess: 'bits', reporting: 'quarters', offsetRegister: false },
  bm1368: { ...modern, name: 'bm1368', id: 0x1368, coreByte: 0x00, cores: 80, smallCores: 1276, sideBySideBits: 4, jobByte: shifted(15), excess: 'half bits', reporting: 'quarters', offsetRegister: false },
  bm1370: { ...modern, name: 'bm1370', id: 0x1370, coreByte: 0x00, cores: 128, smallCores: 2040, sideBySideBits: 4, jobByte: shifted(15), excess: 'half bits', reporting: 'quarters', offsetRegister: true },
  bm1397: {
    name: 'bm1397', id: 0x1397, coreByte: 0x18, cores: 128, smallCores: 672, sideBySideBits: 2, job: 'midstates', jobByte: plain(3), excess: 'bits',
    postLessOne: false, longReplies: false, reporting: 'none', clockRegister: 0x20, offsetRegister: false,
    speed: { register: 0x18, shift: 8 },
    powerOn: { 0x08: 0x40a8_0276, 0x18: 0x0000_7a31 },
  },
};

/** Frequency of the crystal, MHz. */
export const CRYSTAL_MHZ = 25;

/** Clock in MHz of a value of register 08 (`byte0 fb ref post`); 0 when a divider is zero. */
export function pllMhz(model: ChipModel, word: number): number {
  const extra = model.postLessOne ? 1 : 0;
  const divider = ((word >>> 8) & 0xff) * (((word >>> 4) & 0xf) + extra) * ((word & 0xf) + extra);
  return divider === 0 ? 0 : (CRYSTAL_MHZ * ((word >>> 16) & 0xff)) / divider;
}

/** Speed of the serial line in baud, by the value of the model's speed register. */
export function lineBaud(model: ChipModel, word: number): number {
  const divider = (word >>> model.speed.shift) & (model.speed.register === 0x18 ? 0x1f : 0xff);
  return (CRYSTAL_MHZ * 1e6) / ((divider + 1) * 8);
}
