/**
 * VID: output voltages as codes of a table that processor makers agreed on. Every table here is a straight line. No board
 * driven here uses VID; the tables let a regulator in that mode be read instead of misread.
 */

export type VidTable = 'vr11' | 'vr12' | 'vr13' | 'imvp9' | 'amd625mv';

interface VidLine {
  readonly firstCode: number;
  readonly lastCode: number;
  /** Volts at `firstCode`. */
  readonly volts: number;
  /** Volts that each further code adds. */
  readonly step: number;
}

/** Codes outside the line mean "off". Sources: Intel VR11/VR12/VR13/IMVP9 and AMD SVI specifications. */
const LINES: Record<VidTable, VidLine> = {
  vr11: { firstCode: 0x02, lastCode: 0xb2, volts: 1.6, step: -0.00625 },
  vr12: { firstCode: 0x01, lastCode: 0xff, volts: 0.25, step: 0.005 },
  vr13: { firstCode: 0x01, lastCode: 0xff, volts: 0.5, step: 0.01 },
  imvp9: { firstCode: 0x01, lastCode: 0xff, volts: 0.2, step: 0.01 },
  amd625mv: { firstCode: 0x00, lastCode: 0xd8, volts: 1.55, step: -0.00625 },
};

/** Volts of a VID code; null for a code that means "off". */
export function decodeVid(code: number, table: VidTable): number | null {
  const line = LINES[table];
  if (!Number.isInteger(code) || code < line.firstCode || code > line.lastCode) return null;
  return line.volts + (code - line.firstCode) * line.step;
}

/** The code of the highest voltage of the table that is not above `volts`. @throws RangeError outside the table */
export function encodeVid(volts: number, table: VidTable): number {
  const line = LINES[table];
  const steps = (volts - line.volts) / line.step;
  // A millionth of a step of slack, so that a voltage of the table gives its own code in spite of binary fractions.
  const whole = line.step > 0 ? Math.floor(steps + 1e-6) : Math.ceil(steps - 1e-6);
  const code = line.firstCode + whole;
  if (!(whole >= 0 && code <= line.lastCode)) throw new RangeError(`${volts} V is not in VID table ${table}`);
  return code;
}
