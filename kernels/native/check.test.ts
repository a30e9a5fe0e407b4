import { spawnSync } from 'node:child_process';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { packageRoot } from '../paths.ts';

/** Runs scripts/check-kernels.mjs. `skipped` is why the check cannot be made on this machine, null when it was. */
function check(...args: string[]): { status: number | null; text: string; skipped: string | null } {
  const { status, stdout, stderr } = spawnSync(process.execPath, [path.join(packageRoot(), 'scripts', 'check-kernels.mjs'), ...args], { encoding: 'utf8', timeout: 280_000 });
  return { status, text: stdout + stderr, skipped: status === 2 ? (/^not checked: (.*)/m.exec(stdout)?.[1] ?? 'for no reason') : null };
}

describe('kernels against plain SHA-256, in C', () => {
  const foreign = [
    { arch: 'arm64', kernels: ['armv8-sha2', 'neon', 'scalar'] },
    { arch: 'arm', kernels: ['neon', 'scalar'] },
  ];

  it.for(foreign)('agree on an emulated $arch processor: $kernels', { timeout: 300_000 }, (target, { skip }) => {
    const { status, text, skipped } = check(target.arch);
    if (skipped !== null) skip(`${target.arch} kernels not checked: ${skipped}`);
    for (const kernel of target.kernels) expect(text).toMatch(new RegExp(`^${kernel} ok \\d+ hashes$`, 'm'));
    expect(text).not.toMatch(/WRONG|warning/);
    expect(status).toBe(0);
  });

  it('read and write only what is theirs, and do nothing undefined', { timeout: 300_000 }, ({ skip }) => {
    const { status, text, skipped } = check(process.arch, '--sanitize', '--runs', '60', '--seed', '2');
    if (skipped !== null) skip(`memory of the kernels not checked: ${skipped}`);
    expect(text).toMatch(/^scalar ok \d+ hashes$/m);
    expect(text).not.toMatch(/WRONG|ERROR|runtime error|warning/);
    expect(status).toBe(0);
  });

  it('are run by threads that never race for memory, lose a hit or find one twice', { timeout: 300_000 }, ({ skip }) => {
    const { status, text, skipped } = check(process.arch, '--threads', '--sanitize', '--runs', '60', '--seed', '3');
    if (skipped !== null) skip(`threads not checked: ${skipped}`);
    expect(text).toMatch(/^threads ok 60 searches, \d+ hits$/m);
    expect(text).not.toMatch(/WRONG|WARNING|warning/);
    expect(status).toBe(0);
  });

  it('says what is wrong with a processor it does not know', () => {
    expect(check('pdp11')).toMatchObject({ status: 1, text: expect.stringContaining('unknown processor "pdp11": one of x64, arm64, arm') as string });
  });
});
