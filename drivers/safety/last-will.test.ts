import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { armLastWill, disarmLastWill, fulfilLastWills } from './last-will.ts';

const dir = mkdtempSync(path.join(os.tmpdir(), 'rb-will-'));
afterAll(() => rmSync(dir, { recursive: true, force: true }));
const port = (name: string): string => {
  const file = path.join(dir, name);
  writeFileSync(file, '');
  return file;
};

test('what is armed is written once, in order; what was disarmed is not, and a port that has gone stops nobody', () => {
  const [first, second] = [port('first'), port('second')];
  armLastWill('gone', { path: path.join(dir, 'not-there'), packets: [Uint8Array.of(1)] });
  armLastWill('a', { path: first, packets: [Uint8Array.of(9)] });
  armLastWill('a', { path: first, packets: [Uint8Array.of(1, 2), Uint8Array.of(3)] });
  armLastWill('b', { path: second, packets: [Uint8Array.of(4)] });
  disarmLastWill('b');
  expect(fulfilLastWills()).toEqual(['a']);
  expect([...readFileSync(first)]).toEqual([1, 2, 3]);
  expect(readFileSync(second)).toHaveLength(0);
  expect(fulfilLastWills()).toEqual([]);
});
