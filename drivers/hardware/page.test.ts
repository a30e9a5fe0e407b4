import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { packageRoot } from '../../daemon/version.ts';
import { KNOWN_USB_DEVICES } from '../../protocol/usb/known-devices.ts';
import { hardwarePage } from './page.ts';
import { CHIP_PROOF, DEVICE_PROOF, type Proof } from './proof.ts';

describe('docs/hardware.md', () => {
  it('is what the tables say (refresh it with: npx vitest run drivers/hardware -u)', async () => {
    await expect(await hardwarePage()).toMatchFileSnapshot(path.join(packageRoot(), 'docs', 'hardware.md'));
  });
});

/** A test and the fixtures it is made with, and theirs. */
function sourceOf(file: string): string {
  const full = path.resolve(packageRoot(), file);
  const own = readFileSync(full, 'utf8');
  const fixtures = [...own.matchAll(/from '(\.[^']*\.fixture\.ts)'/g)].map(([, name]) => sourceOf(path.resolve(path.dirname(full), name!)));
  return [own, ...fixtures].join('\n');
}

/** Word a test has for a device, by the device's key. */
const WORD_IN_TESTS: Readonly<Record<string, string>> = {
  ...Object.fromEntries(['compac', '2pac', 'newpac', 'r606', 'terminus-r5', 'compacf', 'r909', 'compac-a1', 'compac-a2', 'terminus-a1', 'terminus-a2', 'block-erupter', 'rockminer', 'lancelot'].map((key) => [key, key])),
  'antminer-u': 'antminer-u1',
  'icarus-pl2303': 'icarus',
  'icarus-lpc': 'icarus',
  'emberone-00': 'ember',
};

describe('the state of proof', () => {
  const proofs: [string, Proof][] = [...Object.entries(DEVICE_PROOF), ...Object.entries(CHIP_PROOF)];

  it('is told for every device with a driver, and for nothing else', () => {
    expect(Object.keys(DEVICE_PROOF).sort()).toEqual(KNOWN_USB_DEVICES.filter(({ family }) => family !== null).map(({ key }) => key).sort());
  });

  it.each(proofs)('of %s names tests that are what it claims', (name, { level, tests }) => {
    for (const file of tests) expect(existsSync(path.join(packageRoot(), file)), file).toBe(true);
    const sources = tests.map(sourceOf);
    if (level === 'none') expect(tests).toEqual([]);
    // A simulator counts when one test joins it to a driver.
    if (level === 'simulator') expect(sources.some((text) => /from '[./]*sim\//.test(text) && /from '[./]*drivers\//.test(text))).toBe(true);
    if (level !== 'none' && Object.hasOwn(WORD_IN_TESTS, name)) expect(sources.some((text) => new RegExp(`[^\\w-]${WORD_IN_TESTS[name]}[^\\w-]`).test(text)), name).toBe(true);
    if (level === 'trace') expect(sources.some((text) => /ector/.test(text) && text.includes('trace_'))).toBe(true);
    if (level === 'fake') expect(tests.every((file) => file.startsWith('drivers/'))).toBe(true);
  });
});
