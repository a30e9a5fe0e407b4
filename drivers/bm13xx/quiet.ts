/** Bringing chips whose power cannot be cut as low as they go. */
import type { Bm13xxChip } from '../../protocol/bm13xx/chips.ts';
import { ALL_CHIPS, encodeWrite } from '../../protocol/bm13xx/command.ts';
import { frequencyChange } from '../../protocol/bm13xx/frequency.ts';
import { RAMP_START_MHZ } from '../../protocol/bm13xx/ramp.ts';
import { REGISTER } from '../../protocol/bm13xx/registers.ts';

/** A chain that is to be quiet at once comes down in few steps. */
const STEP_MHZ = 62.5;
/** Misc control as after a reset: no nonces are reported. */
const NO_REPORTS = 0x0000c100;

/** Frames that bring the clock down to the least, and switch off the reports of nonces; for all chips of a chain. */
export function quietFrames(chip: Bm13xxChip, fromMhz: number): Uint8Array[] {
  const steps: number[] = [];
  for (let mhz = fromMhz - STEP_MHZ; mhz > RAMP_START_MHZ; mhz -= STEP_MHZ) steps.push(mhz);
  const frames = [...steps, RAMP_START_MHZ].flatMap((mhz) => framesOf(chip, mhz));
  // BM1397 reports nonces whatever this register says, and has its speed in it.
  return chip.uart.register === REGISTER.miscControl ? frames : [...frames, encodeWrite(ALL_CHIPS, REGISTER.miscControl, NO_REPORTS)];
}

function framesOf(chip: Bm13xxChip, mhz: number): readonly Uint8Array[] {
  try {
    return frequencyChange(chip, mhz).frames;
  } catch {
    // No dividers come near this one: the next step is lower still.
    return [];
  }
}
