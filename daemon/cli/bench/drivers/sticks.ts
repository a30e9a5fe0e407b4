/** The 16 devices of the driver bench: every family, some with more than one chip. */
import path from 'node:path';
import type { DeviceConfig } from '../../../../config/schema.ts';
import type { DeviceSpec } from '../../../../sim/fleet.ts';

/** Zero bits of every nonce: what silicon does in 2^32 hashes takes 2^8 here, and comes as often. */
export const ZERO_BITS = 8;
/** Most hashes a second of one device, so that 16 of them leave the daemon a processor. */
const RATE_HS = 20_000;
const HASHING = { zeroBits: ZERO_BITS, rate_hs: RATE_HS } as const;
const OPTIONS = { nonce_zero_bits: ZERO_BITS } as const;

export interface Stick {
  readonly id: string;
  readonly spec: DeviceSpec;
  readonly config: DeviceConfig;
}

type Maker = (link: string) => Omit<Stick, 'id'>;

const bitaxe = (board: string): Maker => (link) => ({
  spec: { kind: 'bitaxe', board, ...HASHING, link },
  config: { id: '', driver: 'bitaxe-raw', enabled: true, options: { ...OPTIONS, port: `${link}-asic`, control_port: `${link}-control`, board } },
});
const gekko = (stick: 'compac' | '2pac' | 'newpac' | 'r606' | 'compacf'): Maker => (link) => ({
  spec: { kind: 'stick', stick, ...HASHING, link },
  config: { id: '', driver: 'gekko', enabled: true, options: { ...OPTIONS, model: stick, port: link } },
});
const controlled = (stick: 'compac-a1' | 'compac-a2'): Maker => (link) => ({
  spec: { kind: 'stick', stick, ...HASHING, link },
  config: { id: '', driver: 'gekko', enabled: true, options: { ...OPTIONS, model: stick, port: `${link}-asic`, telemetry_port: `${link}-telemetry` } },
});
const icarus: Maker = (link) => ({
  spec: { kind: 'icarus', model: 'block-erupter', ...HASHING, link },
  config: { id: '', driver: 'icarus', enabled: true, options: { ...OPTIONS, port: link } },
});
const chain = (model: 'bm1366' | 'bm1368', chips: number): Maker => (link) => ({
  spec: { kind: 'chips', model, chips, ...HASHING, link },
  config: { id: '', driver: 'bm13xx-serial', enabled: true, options: { ...OPTIONS, port: link, chips } },
});

const KINDS: Readonly<Record<string, Maker>> = {
  'gamma-1': bitaxe('602'),
  'gamma-2': bitaxe('602'),
  'ultra-1': bitaxe('204'),
  'max-1': bitaxe('102'),
  'chain-1': chain('bm1366', 4),
  'chain-2': chain('bm1368', 1),
  'compac-1': gekko('compac'),
  'compac-2': gekko('compac'),
  'pac2-1': gekko('2pac'),
  'newpac-1': gekko('newpac'),
  'r606-1': gekko('r606'),
  'compacf-1': gekko('compacf'),
  'a1-1': controlled('compac-a1'),
  'a2-1': controlled('compac-a2'),
  'erupter-1': icarus,
  'erupter-2': icarus,
};

/** The first `count` devices, their ttys linked to names in a folder. */
export function sticksIn(folder: string, count = Object.keys(KINDS).length): Stick[] {
  return Object.entries(KINDS)
    .slice(0, count)
    .map(([id, make]) => {
      const { spec, config } = make(path.join(folder, id));
      return { id, spec, config: { ...config, id } };
    });
}

export const MOST_STICKS = Object.keys(KINDS).length;
