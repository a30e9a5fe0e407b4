import { expect, test } from 'vitest';
import { uniform } from '../../sim/random.fixture.ts';
import { Ranking } from './ranking.ts';

test('is what sorting gives, however it came about', () => {
  const random = uniform(3);
  const keyOf = (): number | null => (random() < 0.3 ? null : Math.floor(random() * 8));
  const keys: (number | null)[] = Array.from({ length: 40 }, keyOf);
  const ranking = new Ranking(keys);
  for (let round = 0; round < 200; round++) {
    if (random() < 0.4) {
      keys.push(keyOf());
      ranking.add(keys.at(-1)!);
    } else {
      const item = Math.floor(random() * keys.length);
      keys[item] = keyOf();
      ranking.change(item, keys[item]);
    }
    const sorted = keys.map((_, item) => item).sort((a, b) => (keys[a] ?? Infinity) - (keys[b] ?? Infinity) || a - b);
    // Infinity - Infinity is NaN, which counts as equal.
    expect(ranking.slice(0, keys.length)).toEqual(sorted);
    expect(ranking.slice(5, 9)).toEqual(sorted.slice(5, 9));
  }
});
