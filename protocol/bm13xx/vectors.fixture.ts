import { hexToBytes } from '../common/bytes.ts';
import { BM13XX_CHIPS, type Bm13xxChip, type Bm13xxName } from './chips.ts';

/** Hex of the vectors as bytes. */
export const hex = hexToBytes;

/** A chip by the name a vector gives it. */
export function chipNamed(name: string): Bm13xxChip {
  const chip = BM13XX_CHIPS[name as Bm13xxName];
  if (chip === undefined) throw new Error(`a vector names an unknown chip ${name}`);
  return chip;
}

/** Inputs of a property test: many in the slow lane, few under RIGBRAIN_FAST. */
export const FAST = process.env.RIGBRAIN_FAST === '1';
