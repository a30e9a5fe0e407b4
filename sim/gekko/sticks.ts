/** The GekkoScience sticks there are (reference 9). */
import type { ModelName } from '../chips/models.ts';

export interface StickModel {
  readonly title: string;
  readonly chip: 'bm1384' | 'bm1387' | ModelName;
  readonly chips: number;
  /** Whether it has a second port with a controller that switches its power. */
  readonly telemetry: boolean;
}

export const STICKS = {
  compac: { title: 'Compac', chip: 'bm1384', chips: 1, telemetry: false },
  '2pac': { title: '2Pac', chip: 'bm1384', chips: 2, telemetry: false },
  newpac: { title: 'NewPac', chip: 'bm1387', chips: 2, telemetry: false },
  r606: { title: 'R606', chip: 'bm1387', chips: 12, telemetry: false },
  compacf: { title: 'Compac F', chip: 'bm1397', chips: 1, telemetry: false },
  r909: { title: 'R909', chip: 'bm1397', chips: 6, telemetry: false },
  'compac-a1': { title: 'Compac A1', chip: 'bm1362', chips: 1, telemetry: true },
  'compac-a2': { title: 'Compac A2', chip: 'bm1370', chips: 1, telemetry: true },
} as const satisfies Readonly<Record<string, StickModel>>;
export type StickName = keyof typeof STICKS;

/** Heat of one chip of a stick with telemetry; volts and watts are a guess at what such a stick is fed. */
export const STICK_HEAT = {
  bm1362: { mhz: 400, volts: 0.3, watts: 6 },
  bm1370: { mhz: 400, volts: 0.3, watts: 12 },
} as const;
