import { expect, test } from 'vitest';
import { Tally } from './tally.ts';

const attempt = (verdict: string): Record<string, unknown> => ({ is_block: true, verdict });

test('a block that was refused, withheld or not answered is not a found block', () => {
  const tally = new Tally();
  for (const verdict of ['accepted', 'rejected', 'withheld', 'unknown']) tally.add('ledger', attempt(verdict));
  for (const status of ['accepted', 'rejected', 'pending']) tally.add('submission', { is_block: true, status });
  for (let i = 0; i < 4; i++) tally.add('math_proof', { is_block: true });
  expect(tally.blocks).toBe(1);
  expect(tally.blocksOf('math_proof')).toBe(4);
});

test('where only proofs stand, proven blocks are all there is to count', () => {
  const tally = new Tally();
  tally.add('math_proof', { is_block: true });
  tally.add('math_proof', { is_block: false });
  expect(tally.blocks).toBe(1);
});
