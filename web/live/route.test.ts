import { expect, test } from 'vitest';
import { addressOf, partsOf, tokenOf } from './route.ts';

test('every view has an address', () => {
  expect(partsOf('')).toEqual([]);
  expect(partsOf('#/hunt/a-b/job/c%2Fd')).toEqual(['hunt', 'a-b', 'job', 'c/d']);
  expect(partsOf(addressOf('hunt', 'a b', '%'))).toEqual(['hunt', 'a b', '%']);
  expect(partsOf('#/%zz')).toEqual(['%zz']);
});

test('the token of a printed address is found, and nothing else is taken for one', () => {
  expect(tokenOf('#token=abc-123')).toBe('abc-123');
  expect(tokenOf('#x=1&token=abc')).toBe('abc');
  expect(tokenOf('#/hunt')).toBeNull();
  expect(tokenOf('')).toBeNull();
});
