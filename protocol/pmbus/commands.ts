/** PMBus commands that the boards' regulators need, as data. Source: PMBus 1.3 part II; which are used: hardware reference 12. */

export type PmbusKind = 'send' | 'byte' | 'word' | 'block';
/** How the number in a word is written. `ratio` is ULINEAR16 of a multiple of VOUT_COMMAND. */
export type PmbusFormat = 'raw' | 'linear11' | 'linear11-integer' | 'vout' | 'ratio';

export interface PmbusCommand {
  readonly code: number;
  readonly kind: PmbusKind;
  readonly format: PmbusFormat;
  /** Unit of the number; null for flags and texts. */
  readonly unit: 'V' | 'A' | 'degC' | 'kHz' | 'ms' | 'ratio' | null;
}

function command(code: number, kind: PmbusKind, format: PmbusFormat = 'raw', unit: PmbusCommand['unit'] = null): PmbusCommand {
  return { code, kind, format, unit };
}

export const PMBUS = {
  operation: command(0x01, 'byte'),
  onOffConfig: command(0x02, 'byte'),
  clearFaults: command(0x03, 'send'),
  phase: command(0x04, 'byte'),
  voutMode: command(0x20, 'byte'),
  voutCommand: command(0x21, 'word', 'vout', 'V'),
  voutMax: command(0x24, 'word', 'vout', 'V'),
  voutMarginHigh: command(0x25, 'word', 'ratio', 'ratio'),
  voutMarginLow: command(0x26, 'word', 'ratio', 'ratio'),
  voutScaleLoop: command(0x29, 'word', 'linear11', 'ratio'),
  voutMin: command(0x2b, 'word', 'vout', 'V'),
  frequencySwitch: command(0x33, 'word', 'linear11-integer', 'kHz'),
  vinOn: command(0x35, 'word', 'linear11', 'V'),
  vinOff: command(0x36, 'word', 'linear11', 'V'),
  voutOvFaultLimit: command(0x40, 'word', 'ratio', 'ratio'),
  voutOvWarnLimit: command(0x42, 'word', 'ratio', 'ratio'),
  voutUvWarnLimit: command(0x43, 'word', 'ratio', 'ratio'),
  voutUvFaultLimit: command(0x44, 'word', 'ratio', 'ratio'),
  ioutOcFaultLimit: command(0x46, 'word', 'linear11', 'A'),
  ioutOcFaultResponse: command(0x47, 'byte'),
  ioutOcWarnLimit: command(0x4a, 'word', 'linear11', 'A'),
  otFaultLimit: command(0x4f, 'word', 'linear11-integer', 'degC'),
  otFaultResponse: command(0x50, 'byte'),
  otWarnLimit: command(0x51, 'word', 'linear11-integer', 'degC'),
  vinOvFaultLimit: command(0x55, 'word', 'linear11', 'V'),
  vinOvFaultResponse: command(0x56, 'byte'),
  vinUvWarnLimit: command(0x58, 'word', 'linear11', 'V'),
  tonDelay: command(0x60, 'word', 'linear11-integer', 'ms'),
  tonRise: command(0x61, 'word', 'linear11-integer', 'ms'),
  tonMaxFaultLimit: command(0x62, 'word', 'linear11-integer', 'ms'),
  tonMaxFaultResponse: command(0x63, 'byte'),
  toffDelay: command(0x64, 'word', 'linear11-integer', 'ms'),
  toffFall: command(0x65, 'word', 'linear11-integer', 'ms'),
  statusByte: command(0x78, 'byte'),
  statusWord: command(0x79, 'word'),
  statusVout: command(0x7a, 'byte'),
  statusIout: command(0x7b, 'byte'),
  statusInput: command(0x7c, 'byte'),
  statusTemperature: command(0x7d, 'byte'),
  statusCml: command(0x7e, 'byte'),
  statusOther: command(0x7f, 'byte'),
  statusMfr: command(0x80, 'byte'),
  readVin: command(0x88, 'word', 'linear11', 'V'),
  readVout: command(0x8b, 'word', 'vout', 'V'),
  readIout: command(0x8c, 'word', 'linear11', 'A'),
  readTemperature1: command(0x8d, 'word', 'linear11', 'degC'),
  icDeviceId: command(0xad, 'block'),
  icDeviceRevision: command(0xae, 'block'),
  /** TPS546: five bytes that shape the control loop. */
  compensationConfig: command(0xb1, 'block'),
  /** TPS546: which of a stack gives the clock. */
  syncConfig: command(0xe4, 'byte'),
  /** TPS546: how many regulators work together. */
  stackConfig: command(0xec, 'word'),
  /** TPS546: which settings come from the pin straps, not from memory, at the next start. */
  pinDetectOverride: command(0xee, 'word'),
} as const satisfies Record<string, PmbusCommand>;

export type PmbusCommandName = keyof typeof PMBUS;

/**
 * Commands that write the regulator's non-volatile memory (STORE_DEFAULT_ALL, STORE_DEFAULT_CODE, STORE_USER_ALL,
 * STORE_USER_CODE) or reload it. A board was bricked by storing; nothing here may ever send one.
 */
export const PMBUS_FORBIDDEN: ReadonlySet<number> = new Set([0x11, 0x12, 0x13, 0x14, 0x15, 0x16, 0x17, 0x18]);
