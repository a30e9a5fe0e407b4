/**
 * Start-up of the sticks with BM13xx chips, in the order their makers' driver uses, in the words of other chains. Values and order
 * are those of `protocol/gekko/bm13xx-init.ts`, which a test holds this against. Differences, and why: version rolling (A4) goes
 * first, because chips that were not reset answer with 11 bytes already and would not be counted; registers are not read back.
 */
import type { InitStep, RegisterWrite } from '../../protocol/bm13xx/init/steps.ts';

const write = (register: number, value: number, waitMs = 10): InitStep => ({ do: 'write', register, value, waitMs });
const wait = (ms: number): InitStep => ({ do: 'wait', ms });
const each = (...writes: RegisterWrite[]): InitStep => ({ do: 'write-each', writes, waitMs: 10 });
/** They wait 100 ms after it; the step itself waits 10. */
const INACTIVE: readonly InitStep[] = [{ do: 'chain-inactive' }, wait(90)];
const COUNT_ROLLING: readonly InitStep[] = [{ do: 'version-rolling', times: 3 }, { do: 'enumerate' }];

const COMPACF: readonly InitStep[] = [
  { do: 'enumerate' },
  ...INACTIVE,
  ...INACTIVE,
  ...INACTIVE,
  { do: 'set-addresses' },
  write(0x80, 0),
  write(0x84, 0, 100),
  write(0x20, 1, 50),
  write(0x3c, 0x8000_8074, 100),
  { do: 'ticket-mask' },
  write(0x68, 0xc070_0111, 50),
  write(0x68, 0xc070_0111, 50),
  write(0x28, 0x0600_000f, 100),
  { do: 'baud' },
  { do: 'ramp' },
];

const A1: readonly InitStep[] = [
  ...COUNT_ROLLING,
  ...INACTIVE,
  { do: 'set-addresses' },
  write(0x3c, 0x8000_8540),
  write(0x3c, 0x8000_8008, 100),
  { do: 'ticket-mask' },
  write(0x54, 3, 50),
  write(0x58, 0x0001_1111, 100),
  each([0xa8, 0x0000_0002], [0x18, 0xb000_c100], [0x3c, 0x8000_8540], [0x3c, 0x8000_8008], [0x3c, 0x8000_82aa]),
  { do: 'ramp' },
  write(0x10, 0x0000_12c9),
  { do: 'version-rolling', times: 1 },
];

const A2: readonly InitStep[] = [
  ...COUNT_ROLLING,
  write(0xa8, 0x0007_0000),
  ...INACTIVE,
  { do: 'set-addresses' },
  write(0x3c, 0x8000_8d04),
  write(0x3c, 0x8000_800e, 100),
  { do: 'ticket-mask' },
  write(0x58, 0x0001_1111, 150),
  // Each chip is a domain of its own: first and last of it at once.
  each([0x58, 0x0001_f111]),
  { do: 'ramp' },
  write(0x68, 0x5aa5_5aa5),
  write(0x10, 0x0000_0f25),
  each([0x2c, 0x0013_0007]),
  write(0xa8, 0x0007_01f0),
  write(0x18, 0xf000_c100),
  write(0x18, 0xf000_c100, 60),
  write(0x3c, 0x8000_8b00),
  write(0x3c, 0x8000_800e),
  write(0x3c, 0x8000_82aa),
  write(0x54, 3),
  // The soft reset may have switched it off.
  { do: 'version-rolling', times: 1 },
];

export const GEKKO_SEQUENCES = { BM1397: COMPACF, BM1362: A1, BM1370: A2 } as const;
