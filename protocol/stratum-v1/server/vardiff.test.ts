import { describe, expect, it } from 'vitest';
import { xorshift } from '../../common/xorshift.fixture.ts';
import { DifficultyBook } from './difficulty.ts';
import { boundDifficulty, roundDifficulty, Vardiff, type VardiffOptions } from './vardiff.ts';

const OPTIONS: VardiffOptions = { shareMs: 10_000, min: 0.001, max: null };
const DIFFICULTY_ONE_HASHES = 2 ** 32;

/** A miner of a steady rate: shares at random, as hashing gives them. */
function simulate(hashrateHs: number, start: number, seconds: number, { cap = Infinity, seed = 7, options = OPTIONS } = {}) {
  const next = xorshift(seed);
  const random = () => (next(1_000_000) + 0.5) / 1_000_000;
  const vardiff = new Vardiff(options, 0);
  let difficulty = start;
  const changes: { at: number; to: number }[] = [];
  let shares = 0;
  let nextShare = 0;
  const meanMs = () => ((difficulty * DIFFICULTY_ONE_HASHES) / hashrateHs) * 1000;
  const draw = (now: number) => (nextShare = now - Math.log(random()) * meanMs());
  draw(0);
  for (let now = 1000; now <= seconds * 1000; now += 1000) {
    for (let burst = 0; nextShare <= now && burst < 5000; burst++) {
      vardiff.share(difficulty, Math.max(nextShare, now - 1000));
      shares += 1;
      draw(nextShare);
    }
    const wanted = vardiff.tick(difficulty, cap, now);
    if (wanted !== null) {
      difficulty = wanted;
      vardiff.changed(now);
      changes.push({ at: now, to: wanted });
      draw(now);
    }
  }
  return { difficulty, changes, shares };
}

describe('vardiff', () => {
  it.each([
    ['a USB stick', 10e9],
    ['a Bitaxe', 1.2e12],
    ['a large miner', 200e12],
    ['a rack of them', 20e15],
    ['a microcontroller', 50e3],
  ])('brings %s to a share in ten seconds, within minutes', (_what, rate) => {
    const { difficulty, shares } = simulate(rate, 1024, 1800);
    const wanted = Math.max(0.001, (rate * 10) / DIFFICULTY_ONE_HASHES);
    expect(difficulty / wanted).toBeGreaterThan(0.4);
    expect(difficulty / wanted).toBeLessThan(2.5);
    if (wanted > 0.001) expect(shares).toBeGreaterThan(60);
  });

  it('is quick when shares come much too fast', () => {
    const { changes } = simulate(200e12, 1024, 10);
    expect(changes[0]!.at).toBeLessThanOrEqual(3000);
    expect(changes.at(-1)!.to).toBeGreaterThan(60_000);
  });

  it('leaves a miner alone that is about right, most of the time', () => {
    for (let seed = 1; seed <= 5; seed++) expect(simulate(4.4e11, 1024, 3600, { seed }).changes.length).toBeLessThan(20);
  });

  it('never goes above what the source asks for, nor below its least', () => {
    expect(simulate(200e12, 1024, 600, { cap: 5000.5 }).difficulty).toBe(5000.5);
    expect(simulate(1, 1024, 3600).difficulty).toBe(0.001);
    expect(simulate(200e12, 1024, 600, { options: { ...OPTIONS, max: 2048 } }).difficulty).toBe(2048);
  });

  it('comes down in steps when a miner falls silent', () => {
    const vardiff = new Vardiff(OPTIONS, 0);
    for (let now = 10_000; now <= 600_000; now += 10_000) vardiff.share(1000, now);
    expect(vardiff.tick(1000, Infinity, 640_000)).toBe(null);
    const first = vardiff.tick(1000, Infinity, 655_000)!;
    expect(first).toBeLessThanOrEqual(500);
    expect(first).toBeGreaterThanOrEqual(62);
  });

  it('writes difficulties as people do', () => {
    expect([16383.7, 1.4, 0.0246, 0.999, 1e9 + 0.2].map(roundDifficulty)).toEqual([16384, 1, 0.025, 1, 1e9]);
    expect(boundDifficulty(0.5, 4.6565423739069247e-10, OPTIONS)).toBe(4.6565423739069247e-10);
    expect(boundDifficulty(1e-9, 1, OPTIONS)).toBe(0.001);
  });
});

describe('difficulties of jobs', () => {
  it('are those in force when the job was sent', () => {
    const book = new DifficultyBook(10);
    expect(book.requiredFor(0)).toBe(10);
    book.set(40, 5);
    book.set(160, 9);
    expect([4, 5, 8, 9, 100].map((sequence) => book.requiredFor(sequence))).toEqual([10, 40, 40, 160, 160]);
    book.set(20, 12);
    expect([4, 5, 9, 12].map((sequence) => book.requiredFor(sequence))).toEqual([10, 20, 20, 20]);
  });

  it('are forgotten oldest first', () => {
    const book = new DifficultyBook(1);
    for (let i = 1; i <= 50; i++) book.set(i, i);
    expect(book.requiredFor(0)).toBeGreaterThan(1);
    expect(book.requiredFor(49)).toBe(49);
  });

  it('of a change that no job was sent with are none', () => {
    const book = new DifficultyBook(1);
    book.set(100, 5);
    book.set(7, 5);
    expect(book.requiredFor(5)).toBe(7);
    expect(book.requiredFor(4)).toBe(1);
  });
});
