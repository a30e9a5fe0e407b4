/** The kinds of firmware that speak bitaxe-raw, as data. Hardware reference 11. */

/** How replies are framed; see `reply.ts`. */
export type ReplyFormat = 'v0' | 'v1' | 'bonanza';

export type BitaxeRawFirmwareName = 'bitaxe' | 'emberone' | 'bonanza' | 'birds';

export interface GpioPin {
  readonly pin: number;
  /** The level that makes it safe: reset held, power off. */
  readonly safeHigh: boolean;
}

export interface BitaxeRawFirmware {
  readonly title: string;
  /** by-version: V0 or V1 by the bcdDevice; null = not known. */
  readonly replyFormat: 'by-version' | 'bonanza' | null;
  /** What page 09 does. The wrong guess restarts a board instead of cooling it. null = nothing, or not known. */
  readonly pageNine: 'fan' | 'system' | null;
  readonly infoPage: boolean;
  /** The pin that holds the ASICs in reset; low holds. */
  readonly resetPin: GpioPin | null;
  /** Further pins that cut power, in the order to set them after reset. */
  readonly powerPins: readonly GpioPin[];
  /** The host's speed on the data port is that of the ASIC line; false = it is fixed. */
  readonly mirrorsBaud: boolean;
  /** Closing the control port makes the board safe. Elsewhere the chips run on: whoever drives them must switch them off. */
  readonly closingMakesSafe: boolean;
}

const low = (pin: number): GpioPin => ({ pin, safeHigh: false });

export const BITAXE_RAW_FIRMWARE: Record<BitaxeRawFirmwareName, BitaxeRawFirmware> = {
  bitaxe: { title: 'bitaxe-raw on a Bitaxe', replyFormat: 'by-version', pageNine: null, infoPage: false, resetPin: low(0), powerPins: [], mirrorsBaud: true, closingMakesSafe: false },
  emberone: { title: 'EmberOne bridge', replyFormat: 'by-version', pageNine: 'system', infoPage: false, resetPin: low(0), powerPins: [low(2), low(1)], mirrorsBaud: true, closingMakesSafe: false },
  bonanza: { title: 'bitaxe-raw on a Bonanza', replyFormat: 'bonanza', pageNine: 'fan', infoPage: true, resetPin: low(2), powerPins: [low(1)], mirrorsBaud: false, closingMakesSafe: true },
  birds: { title: 'BIRDS bridge', replyFormat: null, pageNine: 'fan', infoPage: false, resetPin: null, powerPins: [], mirrorsBaud: false, closingMakesSafe: false },
};

/** The pins to set, in order, to leave a board safe: reset first, so that chips do not run while their supply falls. */
export function safePins(firmware: BitaxeRawFirmware): readonly GpioPin[] {
  return firmware.resetPin === null ? firmware.powerPins : [firmware.resetPin, ...firmware.powerPins];
}

export interface DeviceVersion {
  readonly hardware: number;
  readonly firmwareMinor: number;
  readonly firmwarePatch: number;
  readonly replyFormat: 'v0' | 'v1';
}

/**
 * The version in the USB descriptor's bcdDevice, JJMN: board revision, firmware minor and patch. Firmware x.1 and later
 * tells a status in every reply. @throws RangeError unless an unsigned 16-bit number
 */
export function decodeBcdDevice(bcdDevice: number): DeviceVersion {
  if (!Number.isInteger(bcdDevice) || bcdDevice < 0 || bcdDevice > 0xffff) throw new RangeError(`bcdDevice has 16 bits, not ${bcdDevice}`);
  const firmwareMinor = (bcdDevice >> 4) & 0x0f;
  return { hardware: bcdDevice >> 8, firmwareMinor, firmwarePatch: bcdDevice & 0x0f, replyFormat: firmwareMinor >= 1 ? 'v1' : 'v0' };
}

/** How a firmware frames replies; null when neither it nor the version tells. */
export function replyFormatOf(firmware: BitaxeRawFirmware, bcdDevice: number | null): ReplyFormat | null {
  if (firmware.replyFormat !== 'by-version') return firmware.replyFormat;
  return bcdDevice === null ? null : decodeBcdDevice(bcdDevice).replyFormat;
}
