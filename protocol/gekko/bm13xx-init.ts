/**
 * Start-up of the sticks with BM13xx chips (CompacF and R909, A1, A2) as their own driver does it, which differs from the
 * orders used on other boards. Data only; `ticket`, PLL and the per-chip part belong to the driver where marked.
 */
import { encodeChainInactive, encodeRead, encodeSetAddress, encodeWrite } from '../bm13xx/command.ts';
import type { Target } from '../bm13xx/command.ts';

export interface Bm13xxStickStep {
  readonly frame: Uint8Array;
  readonly waitMsAfter: number;
  readonly meaning: string;
}

export type Bm13xxStick = 'compacf' | 'a1' | 'a2';

/** One line of a sequence. `one`: to the chip in turn; `all`: to the whole chain. */
type Line =
  | readonly ['inactive', waitMsAfter: number]
  | readonly ['addresses', waitMsAfter: number]
  | readonly ['all', register: number, value: number, waitMsAfter: number, meaning: string]
  | readonly ['read', register: number, waitMsAfter: number, meaning: string]
  | readonly ['each', waitMsAfter: number, writes: readonly (readonly [register: number, value: number, meaning: string])[]]
  /** To the last chip only. */
  | readonly ['last', register: number, value: number, waitMsAfter: number, meaning: string]
  | readonly ['first', register: number, value: number, waitMsAfter: number, meaning: string];

/** Driver of kanoi, per hardware reference 4 and 9: the link of A1 and A2 stays at 115200 baud. */
const LINES: Record<Bm13xxStick, readonly Line[]> = {
  compacf: [
    ['inactive', 100],
    ['inactive', 100],
    ['inactive', 100],
    ['addresses', 10],
    ['all', 0x80, 0, 10, 'clock order 0'],
    ['all', 0x84, 0, 100, 'clock order 1'],
    ['all', 0x20, 1, 50, 'ordered clock enable'],
    ['all', 0x3c, 0x8000_8074, 100, 'core clock delay'],
    ['all', 0x14, 0x0000_00c0, 0, 'ticket mask: difficulty 4'],
    ['all', 0x68, 0xc070_0111, 50, 'PLL3'],
    ['all', 0x68, 0xc070_0111, 50, 'PLL3 again'],
    ['all', 0x28, 0x0600_000f, 100, 'fast UART'],
    ['all', 0x18, 0x0000_6131, 10, 'baud divider 1: 1.5625 Mbaud, then the host'],
  ],
  a1: [
    ['inactive', 100],
    ['addresses', 10],
    ['all', 0x3c, 0x8000_8540, 10, 'hash clock control'],
    ['all', 0x3c, 0x8000_8008, 100, 'clock delay 8'],
    ['all', 0x54, 3, 50, 'analog mux'],
    ['all', 0x58, 0x0001_1111, 100, 'I/O drivers'],
    ['each', 10, [
      [0xa8, 0x0000_0002, 'soft reset'],
      [0x18, 0xb000_c100, 'misc control'],
      [0x3c, 0x8000_8540, 'hash clock control'],
      [0x3c, 0x8000_8008, 'clock delay 8'],
      [0x3c, 0x8000_82aa, 'core enable'],
    ]],
    ['all', 0x10, 0x0000_12c9, 10, 'hash counting number'],
    ['all', 0xa4, 0x9000_ffff, 10, 'version rolling on'],
  ],
  // Their driver also sends a malformed frame (header 53 with the body of a write) right after the first soft reset; the
  // same register is written properly further down, so it is left out here.
  a2: [
    ['all', 0xa8, 0x0007_0000, 10, 'soft reset'],
    ['inactive', 100],
    ['addresses', 10],
    ['all', 0x3c, 0x8000_8d04, 10, 'core register 0D = 04'],
    ['all', 0x3c, 0x8000_800e, 100, 'clock delay 0E'],
    ['all', 0x58, 0x0001_1111, 50, 'I/O drivers'],
    ['read', 0x58, 100, 'read back'],
    ['last', 0x58, 0x0001_f111, 10, 'I/O drivers of the last chip'],
    ['all', 0x68, 0x5aa5_5aa5, 10, 'ring oscillator pads off'],
    ['all', 0x10, 0x0000_0f25, 10, 'hash counting number'],
    ['first', 0x2c, 0x0013_0007, 10, 'UART relay'],
    ['all', 0xa8, 0x0007_01f0, 10, 'soft reset'],
    ['all', 0x18, 0xf000_c100, 10, 'misc control'],
    ['all', 0x18, 0xf000_c100, 10, 'misc control again'],
    ['read', 0x18, 50, 'read back'],
    ['all', 0x3c, 0x8000_8b00, 10, 'core register 0B = 0'],
    ['all', 0x3c, 0x8000_800e, 10, 'clock delay 0E'],
    ['all', 0x3c, 0x8000_82aa, 10, 'core enable'],
    ['all', 0x54, 3, 10, 'analog mux 3'],
  ],
};

/**
 * The steps for a chain of `chips`. A1: the ticket mask belongs before the analog mux, the PLL before the hash counting number.
 * @throws RangeError when there is no chip
 */
export function bm13xxStickInit(stick: Bm13xxStick, chips: number): Bm13xxStickStep[] {
  if (!Number.isInteger(chips) || chips < 1 || chips > 256) throw new RangeError(`a chain has 1 .. 256 chips, not ${chips}`);
  const targets: readonly Target[] = Array.from({ length: chips }, (_, i) => ({ chipAddress: Math.floor(256 / chips) * i }));
  const step = (frame: Uint8Array, waitMsAfter: number, meaning: string): Bm13xxStickStep => ({ frame, waitMsAfter, meaning });
  return LINES[stick].flatMap((line): Bm13xxStickStep[] => {
    switch (line[0]) {
      case 'inactive':
        return [step(encodeChainInactive(), line[1], 'chain inactive')];
      case 'addresses':
        return targets.map((target) => step(encodeSetAddress((target as { chipAddress: number }).chipAddress), line[1], 'set address'));
      case 'all':
        return [step(encodeWrite('all', line[1], line[2]), line[3], line[4])];
      case 'read':
        return [step(encodeRead('all', line[1]), line[2], line[3])];
      case 'each':
        return targets.flatMap((target) => line[2].map(([register, value, meaning]) => step(encodeWrite(target, register, value), line[1], meaning)));
      case 'last':
        return [step(encodeWrite(targets.at(-1)!, line[1], line[2]), line[3], line[4])];
      case 'first':
        return [step(encodeWrite(targets[0]!, line[1], line[2]), line[3], line[4])];
    }
  });
}
