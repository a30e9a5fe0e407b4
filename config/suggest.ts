/** "Did you mean": the known word nearest to a mistyped one. */

/** Edit distance that counts a swap of two neighbours as one change (optimal string alignment). */
export function editDistance(a: string, b: string): number {
  const rows: number[][] = [Array.from({ length: b.length + 1 }, (_, j) => j)];
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1];
      let best = Math.min(rows[i - 1]![j]! + 1, row[j - 1]! + 1, rows[i - 1]![j - 1]! + (same ? 0 : 1));
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) best = Math.min(best, rows[i - 2]![j - 2]! + 1);
      row.push(best);
    }
    rows.push(row);
  }
  return rows[a.length]![b.length]!;
}

/**
 * The nearest candidate, or null when none is near enough to be a slip of the hand. Case and `-`/`_` do not count. A whole
 * part of a longer name counts too: `zeros` means `default_zeros`.
 */
export function suggest(word: string, given: Iterable<string>): string | null {
  const candidates = [...given];
  const plain = (text: string) => text.toLowerCase().replaceAll('-', '_');
  const wanted = plain(word);
  let best: string | null = null;
  let bestDistance = Math.max(1, Math.floor(wanted.length * 0.4)) + 1;
  for (const candidate of candidates) {
    const distance = editDistance(wanted, plain(candidate));
    if (distance < bestDistance) {
      best = candidate;
      bestDistance = distance;
    }
  }
  return best ?? candidates.find((candidate) => wanted.length >= 4 && plain(candidate).split('_').includes(wanted)) ?? null;
}
