import { describe, expect, it } from 'vitest';
import { Backoff } from './backoff.ts';

describe('Backoff', () => {
  it('doubles from 1 s to 60 s and stays there', () => {
    const backoff = new Backoff(() => 1 - Number.EPSILON);
    expect(Array.from({ length: 8 }, () => backoff.next(0))).toEqual([1000, 2000, 4000, 8000, 16000, 32000, 60000, 60000]);
  });

  it('shortens each pause by up to half', () => {
    expect(new Backoff(() => 0).next(0)).toBe(500);
    expect(new Backoff(() => 0.5).next(0)).toBe(750);
  });

  it('starts over only after a connection that lasted 60 s', () => {
    const backoff = new Backoff(() => 0);
    backoff.next(0);
    backoff.next(0);
    expect(backoff.next(59_999)).toBe(2000);
    expect(backoff.next(60_000)).toBe(500);
  });

  it('survives a pool that is away for a year', () => {
    const backoff = new Backoff(() => 0);
    for (let i = 0; i < 600_000; i++) backoff.next(0);
    expect(backoff.next(0)).toBe(30_000);
  });
});
