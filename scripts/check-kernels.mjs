// Builds the kernels with a small C program that compares them with plain code (SHA-256 for the hash kernels), and runs it: for processors that this machine
// is not (Debian's cross compilers and qemu), and with the compiler's memory checks for the one that it is. With --threads the same
// for the threads that search, with the compiler's check for data races; with --solver for the field solver's kernels.
//   node scripts/check-kernels.mjs [x64|arm64|arm] [--sanitize] [--threads | --solver] [--runs N] [--seed N]
// Prints a line per kernel, or one for the threads. Exit code 1 when a kernel is wrong, 2 when the check could not be made here (with the reason).
import { execFileSync, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { findCompiler, hostCompilers } from './compile-native.mjs';
import { generator, root } from './kernel-generator.mjs';
import { PREBUILDS, partsOf } from './native-targets.mjs';

/** `-cpu max` has every extension; the interpreter of the cross compiler's libc is not on this machine, hence static programs. */
const EMULATORS = { x64: 'qemu-x86_64', arm64: 'qemu-aarch64', arm: 'qemu-arm' };
/** The programs: what each needs besides the kernels, and the checks its compiler adds, to the kernels or not. */
const KERNELS = { folder: path.join(root, 'kernels', 'native'), prefix: 'kernel_', main: 'kernel_check.c', needs: new Set(['dispatch.c', 'sha256.c']), sanitize: ['-fsanitize=address,undefined', '-fno-sanitize-recover=all', '-g'], kernelsToo: true, runs: '200' };
const THREADS = {
  ...KERNELS,
  main: 'search_check.c',
  needs: new Set([...KERNELS.needs, 'search.c', 'worker.c', 'job.c', 'hit_ring.c', 'wake.c', 'thread_settings.c']),
  sanitize: ['-fsanitize=thread', '-g'],
  // They know nothing of threads, and take long to compile.
  kernelsToo: false,
  runs: '50',
};
const SOLVER = { ...KERNELS, folder: path.join(root, 'kernels', 'spectral'), prefix: 'spectral_', main: 'spectral_check.c', needs: new Set(['kernels.c', 'state.c']), runs: '12' };

class Skipped extends Error {}

function compilerFor(arch) {
  const target = PREBUILDS.find((entry) => entry.arch === arch);
  const own = process.arch === arch;
  try {
    return findCompiler(own ? hostCompilers() : [target.cross]);
  } catch {
    throw new Skipped(own ? 'no C compiler' : `${target.cross} is missing: sudo apt-get install ${target.package}`);
  }
}

function emulatorFor(arch) {
  if (process.arch === arch) return [];
  const command = EMULATORS[arch];
  if (spawnSync(command, ['--version']).status !== 0) throw new Skipped(`${command} is missing: sudo apt-get install qemu-user`);
  return [command, '-cpu', 'max'];
}

/** Whether a program made with the memory checks runs here: their library may be missing, or the system may forbid what it does. */
function canSanitize(compiler, flags) {
  const dir = mkdtempSync(path.join(os.tmpdir(), 'check-kernels-'));
  try {
    writeFileSync(path.join(dir, 'empty.c'), 'int main(void) { return 0; }\n');
    execFileSync(compiler.command, [...compiler.flags, ...flags, path.join(dir, 'empty.c'), '-o', path.join(dir, 'empty')], { stdio: 'ignore' });
    return spawnSync(path.join(dir, 'empty')).status === 0;
  } catch {
    return false;
  } finally {
    rmSync(dir, { recursive: true });
  }
}

/** Makes the program unless nothing has changed since the last time. @returns {Promise<string>} its path */
async function program(kind, arch, compiler, sanitize) {
  const name = path.basename(kind.main, '.c');
  const checks = sanitize ? kind.sanitize : [];
  const folder = path.join(root, 'build', 'check', `${arch}-${name}${sanitize ? '-sanitized' : ''}`);
  const output = path.join(folder, name);
  const sources = kind.folder;
  const parts = partsOf(arch, readdirSync(sources));
  const module = await generator();
  const generated = (kind === SOLVER ? [] : parts.generated).map((entry) => ({ ...entry, text: entry.make(module) }));
  const common = ['-std=c11', sanitize ? '-O1' : '-O2', '-Wall', '-Wextra', '-Wno-unused-variable'];

  // Checks that are inlined everywhere take a minute to optimize, and find the same without.
  const slim = kind === SOLVER && sanitize ? ['-O1'] : [];
  const wanted = createHash('sha256').update(JSON.stringify([compiler, common, checks, slim, parts, generated]));
  for (const name of readdirSync(sources, { recursive: true }).sort()) if (/\.[chS]$/.test(name)) wanted.update(readFileSync(path.join(sources, name)));
  const stamp = wanted.digest('hex');
  const stampFile = path.join(folder, 'stamp');
  if (existsSync(output) && existsSync(stampFile) && readFileSync(stampFile, 'utf8') === stamp) return output;

  mkdirSync(folder, { recursive: true });
  for (const { file, text } of generated) writeFileSync(path.join(folder, file), text);
  const jobs = [
    { from: path.join(sources, 'check', kind.main), flags: [] },
    ...parts.sources.filter(({ name }) => name.startsWith(kind.prefix) || kind.needs.has(name)).map(({ name, flags }) => ({ from: path.join(sources, name), flags })),
    ...generated.filter(({ file }) => /\.[cS]$/.test(file)).map(({ file, flags }) => ({ from: path.join(folder, file), flags })),
  ];
  const objects = [];
  for (const { from, flags } of jobs) {
    const object = path.join(folder, `${path.basename(from)}.o`);
    const own = kind.kernelsToo || !path.basename(from).startsWith(kind.prefix) ? checks : [];
    const language = from.endsWith('.S') ? [] : [...common, ...own, ...(kind === SOLVER ? [] : parts.defines)];
    execFileSync(compiler.command, [...compiler.flags, ...language, ...flags, ...slim, `-I${sources}`, `-I${folder}`, '-c', from, '-o', object], { stdio: ['ignore', 'inherit', 'inherit'] });
    objects.push(object);
  }
  const link = [...checks, '-pthread', ...(process.arch === arch ? [] : ['-static'])];
  execFileSync(compiler.command, [...compiler.flags, ...link, ...objects, '-lm', '-o', output], { stdio: ['ignore', 'inherit', 'inherit'] });
  writeFileSync(stampFile, stamp);
  return output;
}

const { values, positionals } = parseArgs({ allowPositionals: true, options: { sanitize: { type: 'boolean', default: false }, threads: { type: 'boolean', default: false }, solver: { type: 'boolean', default: false }, runs: { type: 'string' }, seed: { type: 'string' } } });
const arch = positionals[0] ?? process.arch;
const kind = values.solver ? SOLVER : values.threads ? THREADS : KERNELS;
try {
  if (!(arch in EMULATORS) || positionals.length > 1) throw new Error(`unknown processor "${positionals.join(' ')}": one of ${Object.keys(EMULATORS).join(', ')}`);
  const emulator = emulatorFor(arch);
  const compiler = compilerFor(arch);
  if (values.sanitize && (emulator.length > 0 || !canSanitize(compiler, kind.sanitize))) throw new Skipped('these checks do not work with this compiler or system');
  const command = [...emulator, await program(kind, arch, compiler, values.sanitize), values.runs ?? kind.runs, values.seed ?? '1'];
  process.exitCode = spawnSync(command[0], command.slice(1), { stdio: 'inherit' }).status === 0 ? 0 : 1;
} catch (error) {
  console.log(`${error instanceof Skipped ? 'not checked' : 'failed'}: ${error.message}`);
  process.exitCode = error instanceof Skipped ? 2 : 1;
}
