/** GekkoScience sticks as data. Hardware reference 9 and 6.4; names are the keys of `usb/known-devices.ts`. */

export type GekkoStickName = 'compac' | '2pac' | 'terminus-r5' | 'newpac' | 'r606' | 'compacf' | 'r909' | 'compac-a1' | 'terminus-a1' | 'compac-a2' | 'terminus-a2';

/** How the chips are reset. */
export type GekkoReset =
  /** No line: taking the stick out is the only reset. */
  | 'none'
  /** Bit-bang mode of the FTDI bridge (mode 20, CBUS1 with values f2, f0, f2): not reachable through a tty. */
  | 'ftdi-cbus'
  /** GPIO latch of the CP2105 (request 37e1, mask 07, state 00 = on, 07 = off): switches the regulator. */
  | 'cp2105-gpio';

export interface GekkoStick {
  readonly title: string;
  readonly chip: 'BM1384' | 'BM1387' | 'BM1397' | 'BM1362' | 'BM1370';
  /** Chips that a healthy stick has; null = differs. */
  readonly chips: number | null;
  /** Hashes per clock of one chip; null = take the BM13xx chip's own. */
  readonly coresPerChip: number | null;
  readonly frequencyMhz: { readonly min: number; readonly max: number; readonly start: number };
  /** Baud after start-up; every stick starts at 115200. */
  readonly baud: number;
  readonly reset: GekkoReset;
  /** Milliseconds of low that a reset needs. */
  readonly resetLowMs: number;
  readonly telemetryPort: boolean;
}

const BM1384 = { chip: 'BM1384', coresPerChip: 55, frequencyMhz: { min: 100, max: 400, start: 100 }, baud: 115_200, reset: 'none', resetLowMs: 0, telemetryPort: false } as const;
const BM1387 = { chip: 'BM1387', coresPerChip: 114, frequencyMhz: { min: 100, max: 600, start: 100 }, baud: 1_500_000, reset: 'ftdi-cbus', resetLowMs: 30, telemetryPort: false } as const;
const BM1397 = { chip: 'BM1397', coresPerChip: null, frequencyMhz: { min: 100, max: 600, start: 100 }, baud: 1_562_500, reset: 'ftdi-cbus', resetLowMs: 1000, telemetryPort: false } as const;
const A_STICK = { coresPerChip: null, frequencyMhz: { min: 100, max: 600, start: 100 }, baud: 115_200, reset: 'cp2105-gpio', resetLowMs: 100, telemetryPort: true } as const;

export const GEKKO_STICKS: Record<GekkoStickName, GekkoStick> = {
  compac: { title: 'GekkoScience Compac', chips: 1, ...BM1384 },
  '2pac': { title: 'GekkoScience 2Pac', chips: 2, ...BM1384 },
  'terminus-r5': { title: 'GekkoScience Terminus R5', chips: null, ...BM1384 },
  newpac: { title: 'GekkoScience NewPac', chips: 2, ...BM1387 },
  r606: { title: 'GekkoScience R606', chips: 12, ...BM1387 },
  compacf: { title: 'GekkoScience CompacF', chips: 1, ...BM1397 },
  r909: { title: 'GekkoScience R909', chips: 6, ...BM1397 },
  'compac-a1': { title: 'GekkoScience Compac A1', chip: 'BM1362', chips: 1, ...A_STICK },
  'terminus-a1': { title: 'GekkoScience Terminus A1', chip: 'BM1362', chips: null, ...A_STICK },
  'compac-a2': { title: 'GekkoScience Compac A2', chip: 'BM1370', chips: 1, ...A_STICK },
  'terminus-a2': { title: 'GekkoScience Terminus A2', chip: 'BM1370', chips: null, ...A_STICK },
};

/** Hashes per second that a chain should do; null where the chip's descriptor has to be asked. */
export function gekkoHashrate(stick: GekkoStick, chips: number, mhz: number): number | null {
  return stick.coresPerChip === null ? null : chips * stick.coresPerChip * mhz * 1e6;
}
