// Compiles the addon for one processor family with a plain C compiler: no node-gyp, no python.
import { execFile, execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, readdirSync, renameSync, statSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import os from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { generator, root } from './kernel-generator.mjs';
import { partsOf } from './native-targets.mjs';

const run = promisify(execFile);
const here = path.join(root, 'kernels', 'native');
const spectral = path.join(root, 'kernels', 'spectral');

const COMMON = ['-fPIC', '-fvisibility=hidden'];
const C = ['-std=c11', '-O2', '-Wall', '-Wextra', '-DNAPI_VERSION=8'];
// The generated code offers some intermediate values that not every instruction set reads.
const KERNEL = ['-Wno-unused-variable'];

/**
 * The first of these commands (each may carry flags of its own) that runs.
 * @throws Error naming those that were tried
 */
export function findCompiler(wanted) {
  for (const name of wanted) {
    const [command, ...flags] = name.trim().split(/\s+/);
    try {
      return { command, flags, version: execFileSync(command, [...flags, '--version'], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }) };
    } catch {
      // Try the next one.
    }
  }
  throw new Error(`no C compiler (tried ${wanted.join(', ')})`);
}

/** The compilers for this machine: the one CC names, or the usual names. */
export function hostCompilers() {
  return process.env.CC ? [process.env.CC] : ['cc', 'gcc', 'clang'];
}

/** The flags in CFLAGS. */
export function extraFlags() {
  return (process.env.CFLAGS ?? '').split(/\s+/).filter(Boolean);
}

function includeDir() {
  const require = createRequire(import.meta.url);
  const dirs = [path.resolve(process.execPath, '../../include/node'), '/usr/include/node'];
  try {
    dirs.unshift(require('node-api-headers').include_dir);
  } catch {
    // Not installed (production install): node's own headers will do.
  }
  const found = dirs.find((dir) => existsSync(path.join(dir, 'node_api.h')));
  if (!found) throw new Error('node_api.h not found (npm install node-api-headers)');
  return found;
}

/** First lines of what a command or this program said about a failure. */
export function reasonOf(error) {
  return String(error.stderr || error.message).trim().split('\n').slice(0, 3).join('; ');
}

function writeIfChanged(file, text) {
  if (!existsSync(file) || readFileSync(file, 'utf8') !== text) writeFileSync(file, text);
}

/**
 * Compiles and links the addon, unless nothing has changed since the last time.
 * @param {{ arch: string, compiler: ReturnType<typeof findCompiler>, flags?: string[], link?: string[], objects: string, output: string }} options
 *   `objects` is the folder for intermediate files, one for each target; `output` the addon
 * @returns {Promise<{ made: boolean, bytes: number }>}
 * @throws Error with the compiler's words in `stderr`
 */
export async function compileNative({ arch, compiler, flags = [], link = [], objects, output }) {
  const parts = partsOf(arch, readdirSync(here));
  const solver = partsOf(arch, readdirSync(spectral));
  const module = await generator();
  const generated = parts.generated.map((entry) => ({ ...entry, text: entry.make(module) }));
  const headers = includeDir();
  const linking = process.platform === 'darwin' ? ['-bundle', '-undefined', 'dynamic_lookup'] : ['-shared', '-pthread', '-Wl,-z,noexecstack'];

  const fingerprint = createHash('sha256');
  const facts = [output, compiler, arch, flags, link, linking, headers, COMMON, C, KERNEL, parts, solver.sources, generated.map(({ file, text }) => [file, text])];
  fingerprint.update(JSON.stringify(facts));
  for (const folder of [here, spectral]) for (const name of readdirSync(folder).sort()) if (/\.[chS]$/.test(name)) fingerprint.update(readFileSync(path.join(folder, name)));
  const stamp = fingerprint.digest('hex');
  const stampFile = path.join(objects, 'stamp');
  if (existsSync(output) && existsSync(stampFile) && readFileSync(stampFile, 'utf8') === stamp) return { made: false, bytes: statSync(output).size };

  mkdirSync(objects, { recursive: true });
  mkdirSync(path.dirname(output), { recursive: true });
  for (const { file, text } of generated) writeIfChanged(path.join(objects, file), text);
  const jobs = [
    ...parts.sources.map(({ name, flags: own }) => ({ from: path.join(here, name), own })),
    ...solver.sources.map(({ name, flags: own }) => ({ from: path.join(spectral, name), own })),
    ...generated.filter(({ file }) => /\.[cS]$/.test(file)).map(({ file, flags: own }) => ({ from: path.join(objects, file), own })),
  ].map((job) => ({ ...job, to: path.join(objects, `${path.basename(job.from).replace(/\.c$/, '')}.o`) }));
  const queue = [...jobs];
  const compile = async () => {
    for (let job = queue.pop(); job !== undefined; job = queue.pop()) {
      const kernel = path.basename(job.from).startsWith('kernel_') ? KERNEL : [];
      const language = job.from.endsWith('.S') ? [] : [...C, ...parts.defines, ...flags, ...kernel];
      const args = [...compiler.flags, ...COMMON, ...language, ...job.own, `-I${headers}`, `-I${here}`, `-I${objects}`, '-c', job.from, '-o', job.to];
      const { stderr } = await run(compiler.command, args, { timeout: 300_000 });
      if (stderr) console.warn(stderr.trim());
    }
  };
  await Promise.all(Array.from({ length: Math.max(1, os.availableParallelism()) }, compile));
  // Linked under another name first: a running daemon has the old file mapped.
  await run(compiler.command, [...compiler.flags, ...linking, ...link, ...jobs.map((job) => job.to), '-o', `${output}.new`], { timeout: 120_000 });
  renameSync(`${output}.new`, output);
  writeFileSync(stampFile, stamp);
  return { made: true, bytes: statSync(output).size };
}
