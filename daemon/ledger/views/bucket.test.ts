import { expect, it } from 'vitest';
import { coarser, compareBuckets, finer, levelApart, scopeOfBucket } from './bucket.ts';

const B = '2026/11/W47/20/14';

it('names the periods a bucket lies in', () => {
  expect((['root', 'year', 'month', 'week', 'day', 'hour'] as const).map((level) => scopeOfBucket(B, level))).toEqual(['', '2026', '2026/11', '2026/11/W47', '2026/11/W47/20', B]);
});

it('compares by time and not by the number of the week, which begins anew within December and January', () => {
  const inOrder = ['1970/01/W00/01/00', '2025/12/W52/28/23', '2025/12/W01/29/00', '2025/12/W01/31/23', '2027/01/W53/01/00', '2027/01/W01/04/00', '10000/01/W00/01/00'];
  for (let i = 0; i < inOrder.length; i += 1) {
    for (let j = 0; j < inOrder.length; j += 1) expect(Math.sign(compareBuckets(inOrder[i]!, inOrder[j]!))).toBe(Math.sign(i - j));
  }
});

it('tells the coarsest level at which two are apart', () => {
  expect([levelApart(B, B), levelApart(B, '2026/11/W47/20/15'), levelApart(B, '2026/11/W47/21/14'), levelApart(B, '2026/11/W48/23/14'), levelApart(B, '2026/12/W49/01/14'), levelApart(B, '2027/11/W47/20/14')]).toEqual([null, 'hour', 'day', 'week', 'month', 'year']);
});

it('knows which level is coarser, and the next finer one', () => {
  expect([coarser('day', 'year'), coarser('hour', 'hour'), finer('root'), finer('day'), finer('hour')]).toEqual(['year', 'hour', 'year', 'hour', null]);
});
