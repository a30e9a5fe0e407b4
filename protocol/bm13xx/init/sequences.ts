/**
 * Start-up of every chip, as data: the order of the frames, after the reset pulse and at 115,200 baud. Reference 4.
 *
 * The order matters. Misc control (18) has to be written or no nonce is ever reported; the soft reset (A8) of one chip is
 * followed at once by its misc control; core enable (core register 02) comes last. Hashing starts with the first job.
 */
import { CORE_REGISTER, coreWriteValue, REGISTER } from '../registers.ts';
import type { Bm13xxName } from '../chips.ts';
import type { InitStep, RegisterWrite } from './steps.ts';

const { analogB9, analogMux, clockOrderControl0, clockOrderControl1, coreRegisterControl, fastUartConfig, hashCountingNumber, ioDriverStrength, miscControl, orderedClockEnable, pll3OrRosc, softResetControl, ticketMask, uartC4, uartRelay } = REGISTER;
const { clockDelay, clockSelect, clockSelectLate, coreEnable, nonceBinOverflow } = CORE_REGISTER;

const write = (register: number, value: number, waitMs?: number): InitStep => (waitMs === undefined ? { do: 'write', register, value } : { do: 'write', register, value, waitMs });
const core = (register: number, value: number, waitMs?: number): InitStep => write(coreRegisterControl, coreWriteValue(register, value), waitMs);
const coreOf = (register: number, value: number): RegisterWrite => [coreRegisterControl, coreWriteValue(register, value)];
const rollingOn = (times: number): InitStep => ({ do: 'version-rolling', times });

/** Soft reset, nonce reporting and cores of one chip after the other. */
const eachChip = (reset: number, misc: number, select: RegisterWrite, delay: number): InitStep => ({
  do: 'write-each',
  writes: [[softResetControl, reset], [miscControl, misc], select, coreOf(clockDelay, delay), coreOf(coreEnable, 0xaa)],
});

const BM1362: readonly InitStep[] = [
  { do: 'enumerate' },
  { do: 'chain-inactive' },
  { do: 'set-addresses' },
  core(clockSelect, 0x40),
  core(clockDelay, 0x08, 100),
  { do: 'ticket-mask' },
  write(analogMux, 3, 50),
  write(ioDriverStrength, 0x00011111, 100),
  { do: 'domain-ends' },
  { do: 'relays' },
  eachChip(0x00000002, 0xb000c100, coreOf(clockSelect, 0x40), 0x08),
  { do: 'ramp' },
  // The value of the one stick whose start-up is known.
  write(hashCountingNumber, 0x12c9),
  rollingOn(1),
];

const BM1366_START: readonly InitStep[] = [
  rollingOn(3),
  { do: 'enumerate' },
  write(softResetControl, 0x00070000),
  write(miscControl, 0xff0fc100),
  { do: 'chain-inactive' },
  { do: 'set-addresses' },
  core(clockSelect, 0x40),
  core(clockDelay, 0x20),
  { do: 'ticket-mask' },
  write(analogMux, 3),
  write(ioDriverStrength, 0x02111111),
];
const BM1366_EACH = eachChip(0x000701f0, 0xf000c100, coreOf(clockSelect, 0x40), 0x20);

const BM1366: readonly InitStep[] = [
  ...BM1366_START,
  { do: 'write-first', register: uartRelay, value: 0x007c0003 },
  BM1366_EACH,
  { do: 'ramp' },
  { do: 'hash-counting' },
  rollingOn(1),
  { do: 'baud' },
];

const BM1368: readonly InitStep[] = [
  rollingOn(4),
  { do: 'enumerate' },
  { do: 'chain-inactive' },
  write(softResetControl, 0x00070000),
  write(miscControl, 0xff0fc100),
  core(clockSelectLate, 0x00),
  core(clockDelay, 0x18),
  write(ticketMask, 0x000000ff),
  write(analogMux, 3),
  write(ioDriverStrength, 0x02111111),
  { do: 'set-addresses' },
  eachChip(0x000701f0, 0xf000c100, coreOf(clockSelectLate, 0x00), 0x18),
  { do: 'wait', ms: 500 },
  { do: 'ticket-mask' },
  { do: 'ramp' },
  { do: 'hash-counting' },
  rollingOn(1),
  { do: 'baud' },
];

const BM1370: readonly InitStep[] = [
  rollingOn(3),
  { do: 'enumerate' },
  rollingOn(1),
  write(softResetControl, 0x00070000),
  write(miscControl, 0xf000c100),
  { do: 'chain-inactive' },
  { do: 'set-addresses' },
  core(clockSelectLate, 0x00),
  core(clockDelay, 0x0c),
  { do: 'ticket-mask' },
  write(ioDriverStrength, 0x00011111),
  eachChip(0x000701f0, 0xf000c100, coreOf(clockSelectLate, 0x00), 0x0c),
  write(analogB9, 0x00004480),
  write(analogMux, 2),
  write(analogB9, 0x00004480),
  core(nonceBinOverflow, 0xee),
  { do: 'ramp' },
  { do: 'hash-counting' },
  { do: 'baud' },
];

const BM1373: readonly InitStep[] = [
  { do: 'enumerate' },
  { do: 'chain-inactive' },
  { do: 'set-addresses' },
  core(nonceBinOverflow, 0x04),
  { do: 'ticket-mask' },
  write(ioDriverStrength, 0x00011111),
  { do: 'write-last', register: ioDriverStrength, value: 0x0001f111 },
  write(pll3OrRosc, 0x5aa55aa5),
  write(uartC4, 0),
  { do: 'baud' },
  write(softResetControl, 0xf00701f0, 20),
  write(miscControl, 0xff00c100),
  write(0x19, 0),
  core(clockSelectLate, 0x00),
  core(clockDelay, 0x5a),
  core(coreEnable, 0xaa),
  write(analogMux, 2),
  { do: 'ramp' },
  { do: 'hash-counting' },
  rollingOn(1),
];

const BM1397: readonly InitStep[] = [
  { do: 'enumerate' },
  { do: 'chain-inactive' },
  { do: 'set-addresses' },
  write(clockOrderControl0, 0),
  write(clockOrderControl1, 0, 100),
  write(orderedClockEnable, 1, 50),
  core(clockDelay, 0x74, 100),
  { do: 'ticket-mask' },
  write(pll3OrRosc, 0xc0700111, 50),
  write(fastUartConfig, 0x0600000f, 100),
  write(miscControl, 0x00007a31),
  { do: 'ramp' },
  { do: 'baud' },
];

/** The sequence for a chain on one UART, in the order drivers of small boards use. */
export const INIT_SEQUENCES: Readonly<Record<Bm13xxName, readonly InitStep[]>> = { BM1362, BM1366, BM1368, BM1370, BM1372: BM1373, BM1373, BM1397 };

/** Factory firmware on boards with voltage domains (captured on an S19 XP): relays and speed before the single chips. */
export const BM1366_BOARD: readonly InitStep[] = [
  ...BM1366_START,
  { do: 'domain-ends' },
  { do: 'relays' },
  { do: 'baud' },
  BM1366_EACH,
  { do: 'ramp' },
  write(hashCountingNumber, 0x151c),
  rollingOn(1),
];
