import { execFileSync, spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { findAddon } from './loader.ts';
import { packageRoot } from './paths.ts';
import { prebuiltFolder, thisSystem } from './prebuilt.ts';

const here = packageRoot();
const script = path.join(here, 'scripts', 'prebuild.mjs');
const dirs: string[] = [];
afterAll(() => dirs.forEach((dir) => rmSync(dir, { recursive: true, force: true })));

function tempDir(): string {
  const dir = mkdtempSync(path.join(os.tmpdir(), 'rb-prebuild-'));
  dirs.push(dir);
  return dir;
}

/** Runs the script with the output in a folder of its own. */
function prebuild(names: readonly string[], env: Record<string, string> = {}, script_ = script): { code: number | null; text: string; out: string } {
  const out = path.join(tempDir(), 'prebuilds');
  const { status, stdout, stderr } = spawnSync(process.execPath, [script_, ...names, '--out', out], { encoding: 'utf8', env: { ...process.env, CFLAGS: '', ...env }, timeout: 150_000 });
  return { code: status, text: stdout + stderr, out };
}

function runs(command: string): boolean {
  return spawnSync(command, ['--version'], { stdio: 'ignore' }).status === 0;
}

describe('prebuiltFolder', () => {
  const linux = { platform: 'linux', arch: 'x64', machine: 'x86_64', musl: false };
  it('is another folder where the binaries would not fit', () => {
    expect(prebuiltFolder(linux)).toBe('linux-x64');
    expect(prebuiltFolder({ ...linux, musl: true })).toBe('linux-x64-musl');
    expect(prebuiltFolder({ ...linux, arch: 'arm64', machine: 'aarch64' })).toBe('linux-arm64');
    // A 32-bit system, as it says itself on an ARMv7 and on a 64-bit processor, and on a Raspberry Pi Zero.
    expect(prebuiltFolder({ ...linux, arch: 'arm', machine: 'armv7l' })).toBe('linux-arm');
    expect(prebuiltFolder({ ...linux, arch: 'arm', machine: 'aarch64' })).toBe('linux-arm');
    expect(prebuiltFolder({ ...linux, arch: 'arm', machine: 'armv6l' })).toBe('linux-armv6');
  });

  it('knows the C library of this machine as node reports it', () => {
    const { header } = process.report.getReport() as unknown as { header: { glibcVersionRuntime?: string } };
    if (process.platform === 'linux') expect(thisSystem().musl).toBe(header.glibcVersionRuntime === undefined);
  });
});

// What Debian's compilers make here; the machine field of the ELF header says what it is for.
const TARGETS = [
  { name: 'linux-x64', arch: 'x64', compiler: 'x86_64-linux-gnu-gcc', machine: 62 },
  { name: 'linux-arm64', arch: 'arm64', compiler: 'aarch64-linux-gnu-gcc', machine: 183 },
  { name: 'linux-arm', arch: 'arm', compiler: 'arm-linux-gnueabihf-gcc', machine: 40 },
];

describe.skipIf(process.platform !== 'linux' || !runs('cc') || thisSystem().musl)('npm run prebuild', () => {
  for (const { name, arch, compiler, machine } of TARGETS) {
    const can = process.arch === arch || runs(compiler);
    it.skipIf(!can)(`makes ${name}${can ? '' : ` (skipped: ${compiler} is not installed)`}`, { timeout: 160_000 }, () => {
      const { code, text, out } = prebuild([name]);
      expect(text).toMatch(new RegExp(`^prebuild: ${name} made \\(\\d+ kB, glibc 2\\.(4|\\d|1\\d|2[0-8]) or later, `, 'm'));
      expect(code).toBe(0);
      const file = path.join(out, name, 'rigbrain.node');
      const bytes = readFileSync(file);
      expect([bytes.toString('latin1', 1, 4), bytes.readUInt16LE(18)]).toEqual(['ELF', machine]);
      if (!runs('readelf')) return;
      const sections = execFileSync('readelf', ['-SW', file], { encoding: 'utf8' });
      expect(sections).not.toContain('.symtab');
      const symbols = execFileSync('readelf', ['-W', '--dyn-syms', file], { encoding: 'utf8' });
      expect(symbols).toMatch(/GLOBAL DEFAULT +\d+ napi_register_module_v1$/m);
      // Whatever it wants, node or glibc has it: it would not be loaded otherwise.
      const wanted = [...symbols.matchAll(/(GLOBAL|WEAK) +DEFAULT +UND (\S+)/g)].filter(([, binding]) => binding === 'GLOBAL').map(([, , symbol]) => symbol as string);
      expect(wanted.filter((symbol) => !symbol.startsWith('napi_') && !symbol.includes('@GLIBC_'))).toEqual([]);
      if (process.arch === arch) {
        const root = path.dirname(out);
        expect(findAddon(root)).toMatchObject({ from: path.join('prebuilds', name, 'rigbrain.node'), problems: [] });
      }
    });
  }

  it('says what is missing, and ships nothing old in its place', { timeout: 60_000 }, () => {
    const { code, text, out } = prebuild(['linux-arm64'], { PATH: process.arch === 'arm64' ? '/nonexistent' : path.join(here, 'nowhere') });
    expect(text).toMatch(/^prebuild: linux-arm64 NOT made \(no C compiler/m);
    if (process.arch !== 'arm64') expect(text).toContain('sudo apt-get install gcc-aarch64-linux-gnu libc6-dev-arm64-cross');
    expect(code).toBe(1);
    expect(existsSync(path.join(out, 'linux-arm64'))).toBe(false);
  });

  it('refuses a binary for one processor only', () => {
    const { code, text } = prebuild([`linux-${process.arch}`], { CFLAGS: '-march=native' });
    expect(text).toContain('-march=native makes a binary for this processor only');
    expect(code).toBe(1);
    expect(prebuild(['linux-pdp11']).text).toContain('there is no linux-pdp11; use linux-x64, linux-arm64, linux-arm');
  });

  it.skipIf(!runs('npm'))('lies where npm packs it, though git does not keep it', { timeout: 60_000 }, () => {
    const root = tempDir();
    for (const name of ['package.json', '.gitignore']) cpSync(path.join(here, name), path.join(root, name));
    const file = path.join('prebuilds', 'linux-arm64', 'rigbrain.node');
    mkdirSync(path.dirname(path.join(root, file)), { recursive: true });
    writeFileSync(path.join(root, file), '');
    const { stdout } = spawnSync('npm', ['pack', '--dry-run', '--json', '--ignore-scripts'], { cwd: root, encoding: 'utf8', timeout: 30_000 });
    const [pack] = JSON.parse(stdout) as [{ files: { path: string }[] }];
    expect(pack.files.map((entry) => entry.path)).toContain(file);
    expect(readFileSync(path.join(root, '.gitignore'), 'utf8').split('\n')).toContain('prebuilds/');
  });

  it.skipIf(!runs('npm'))('does nothing when npm runs it before `npm run build`', { timeout: 60_000 }, () => {
    const root = tempDir();
    cpSync(path.join(here, 'scripts'), path.join(root, 'scripts'), { recursive: true });
    symlinkSync(path.join(here, 'node_modules'), path.join(root, 'node_modules'));
    writeFileSync(path.join(root, 'package.json'), JSON.stringify({ scripts: { prebuild: 'node scripts/prebuild.mjs linux-pdp11', build: 'node --version' } }));
    const run = (name: string) => spawnSync('npm', ['run', name], { cwd: root, encoding: 'utf8', timeout: 30_000 });
    expect(run('build')).toMatchObject({ status: 0, stdout: expect.stringContaining(process.version) });
    // Asked for, it does run: here it complains about its argument.
    expect(run('prebuild').stderr).toContain('there is no linux-pdp11');
  });
});
