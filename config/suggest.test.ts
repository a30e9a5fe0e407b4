import { describe, expect, it } from 'vitest';
import { editDistance, suggest } from './suggest.ts';

describe('editDistance', () => {
  it.each([
    ['', 'abc', 3],
    ['kitten', 'sitting', 3],
    ['url', 'ulr', 1],
    ['same', 'same', 0],
  ])('%s -> %s is %i', (a, b, distance) => {
    expect(editDistance(a, b)).toBe(distance);
  });
});

describe('suggest', () => {
  it('finds the nearest word, whatever the case and dashes', () => {
    expect(suggest('MAX-ATTEMPT', ['max_attempts', 'max_rounds'])).toBe('max_attempts');
    expect(suggest('pool', ['pools', 'node', 'log'])).toBe('pools');
  });

  it('knows a long name by a whole part of it', () => {
    expect(suggest('zeros', ['live', 'default_zeros', 'max_rounds'])).toBe('default_zeros');
    expect(suggest('max', ['max_rounds'])).toBeNull();
  });

  it('stays silent when nothing is near', () => {
    expect(suggest('banana', ['mqtt', 'mining'])).toBeNull();
    expect(suggest('x', ['url', 'user'])).toBeNull();
  });
});
