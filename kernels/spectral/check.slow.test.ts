import { spawnSync } from 'node:child_process';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { packageRoot } from '../paths.ts';

/** Runs scripts/check-kernels.mjs --solver. `skipped` is why the check cannot be made on this machine, null when it was. */
function check(...args: string[]): { status: number | null; text: string; skipped: string | null } {
  const { status, stdout, stderr } = spawnSync(process.execPath, [path.join(packageRoot(), 'scripts', 'check-kernels.mjs'), '--solver', ...args], { encoding: 'utf8', timeout: 580_000 });
  return { status, text: stdout + stderr, skipped: status === 2 ? (/^not checked: (.*)/m.exec(stdout)?.[1] ?? 'for no reason') : null };
}

describe('kernels of the field solver against plain sums, in C', { timeout: 600_000 }, () => {
  it.for([{ arch: 'arm64', kernel: 'neon' }, { arch: 'arm', kernel: 'portable' }])('agree on an emulated $arch processor', ({ arch, kernel }, { skip }) => {
    const { status, text, skipped } = check(arch, '--runs', '4');
    if (skipped !== null) skip(`${arch} kernels not checked: ${skipped}`);
    expect(text).toMatch(new RegExp(`^${kernel} ok 4 fields, off by \\d`, 'm'));
    expect(text).not.toMatch(/WRONG|warning/);
    expect(status).toBe(0);
  });

  it('read and write only what is theirs, and do nothing undefined', ({ skip }) => {
    const { status, text, skipped } = check(process.arch, '--sanitize', '--seed', '2', '--runs', '4');
    if (skipped !== null) skip(`memory of the kernels not checked: ${skipped}`);
    expect(text).toMatch(/^\w+ ok 4 fields/m);
    expect(text).not.toMatch(/WRONG|ERROR|runtime error|warning/);
    expect(status).toBe(0);
  });
});
