import { readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';

const css = readFileSync(path.join(import.meta.dirname, 'tokens.css'), 'utf8');
const [light, dark] = css.split('@media') as [string, string];

function tokens(text: string): Map<string, string> {
  return new Map([...text.matchAll(/(--[\w-]+):\s*(#[0-9a-f]{6});/g)].map((match) => [match[1]!, match[2]!]));
}

/** Relative luminance of WCAG 2.2. */
function luminance(hex: string): number {
  const [r, g, b] = [1, 3, 5].map((at) => Number.parseInt(hex.slice(at, at + 2), 16) / 255).map((c) => (c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4));
  return 0.2126 * r! + 0.7152 * g! + 0.0722 * b!;
}

function contrast(a: string, b: string): number {
  const [low, high] = [luminance(a), luminance(b)].sort((x, y) => x - y) as [number, number];
  return (high + 0.05) / (low + 0.05);
}

/** Text and what it stands on. */
const PAIRS = [
  ...['--ink', '--quiet', '--accent', '--good', '--warn', '--bad'].flatMap((text) => ['--ground', '--panel', '--raised'].map((ground) => [text, ground] as const)),
  ['--good', '--good-soft'],
  ['--warn', '--warn-soft'],
  ['--bad', '--bad-soft'],
  ['--ink', '--bad-soft'],
  ['--ink', '--warn-soft'],
  ['--accent-ink', '--accent'],
] as const;

test.each([
  ['light', tokens(light)],
  ['dark', new Map([...tokens(light), ...tokens(dark)])],
])('text can be read on its ground: %s (WCAG 2.2 AA, 4.5)', (_, colours) => {
  const low = PAIRS.map(([text, ground]) => ({ pair: `${text} on ${ground}`, ratio: contrast(colours.get(text)!, colours.get(ground)!) })).filter(({ ratio }) => !(ratio >= 4.5));
  expect(low).toEqual([]);
  // Lines of charts and edges of fields: 3 is enough.
  const faint = ['--accent', '--second', '--null', '--edge'].map((line) => ({ line, ratio: contrast(colours.get(line)!, colours.get('--panel')!) })).filter(({ ratio }) => !(ratio >= 3));
  expect(faint).toEqual([]);
});
