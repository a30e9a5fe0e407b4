// Compiles the native kernels with the C compiler of this machine: no node-gyp, no python. Never fails the installation:
// without a compiler the WASM kernel is used, and this says so. CC and CFLAGS are honoured.
import { execFile, execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, readdirSync, renameSync, statSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import os from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { generator, root } from './kernel-generator.mjs';

const run = promisify(execFile);
const sources = path.join(root, 'kernels', 'native');
const out = path.join(root, 'build', 'native');
const addon = path.join(out, 'rigbrain.node');

const COMMON = ['-std=c11', '-O2', '-fPIC', '-fvisibility=hidden', '-Wall', '-Wextra', '-DNAPI_VERSION=8'];
// The generated code offers some intermediate values that not every instruction set reads.
const KERNEL = ['-Wno-unused-variable'];
// A published binary must run everywhere, so only the file of a kernel gets the flags of its instruction set: never -march=native.
const FLAGS = {
  x64: { 'kernel_sse2.c': ['-msse2'], 'kernel_avx2.c': ['-mavx2'], 'kernel_avx512.c': ['-mavx512f', '-mavx512vl'] },
  arm64: { 'kernel_neon.c': [] },
  arm: { 'kernel_neon.c': ['-mfpu=neon'] },
}[process.arch] ?? {};

function findCompiler() {
  const wanted = process.env.CC ? [process.env.CC] : ['cc', 'gcc', 'clang'];
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

async function build() {
  if (process.platform === 'win32') throw new Error('Windows has no pthreads');
  const compiler = findCompiler();
  const generated = (await generator()).nativeSource();
  const files = readdirSync(sources).filter((name) => name.endsWith('.c') && (!name.startsWith('kernel_') || name === 'kernel_scalar.c' || name in FLAGS));
  const extra = (process.env.CFLAGS ?? '').split(/\s+/).filter(Boolean);
  const link = process.platform === 'darwin' ? ['-bundle', '-undefined', 'dynamic_lookup'] : ['-shared', '-pthread'];
  const headers = includeDir();

  const fingerprint = createHash('sha256');
  for (const part of [compiler.command, compiler.version, process.arch, generated, headers, ...COMMON, ...KERNEL, JSON.stringify(FLAGS), ...compiler.flags, ...extra, ...link]) fingerprint.update(`${part}\0`);
  for (const name of readdirSync(sources).sort()) if (/\.[ch]$/.test(name)) fingerprint.update(readFileSync(path.join(sources, name)));
  const stamp = fingerprint.digest('hex');
  const stampFile = path.join(out, 'stamp');
  if (existsSync(addon) && existsSync(stampFile) && readFileSync(stampFile, 'utf8') === stamp) return 'up to date';

  mkdirSync(out, { recursive: true });
  writeFileSync(path.join(out, 'sha256d.gen.h'), generated);
  const queue = [...files];
  const objects = files.map((name) => path.join(out, name.replace(/\.c$/, '.o')));
  const compile = async () => {
    for (let name = queue.pop(); name !== undefined; name = queue.pop()) {
      const own = name.startsWith('kernel_') ? [...KERNEL, ...(FLAGS[name] ?? [])] : [];
      const args = [...compiler.flags, ...COMMON, ...extra, ...own, `-I${headers}`, `-I${out}`, '-c', path.join(sources, name), '-o', path.join(out, name.replace(/\.c$/, '.o'))];
      const { stderr } = await run(compiler.command, args, { timeout: 300_000 });
      if (stderr) console.warn(stderr.trim());
    }
  };
  await Promise.all(Array.from({ length: Math.max(1, os.availableParallelism()) }, compile));
  // Linked under another name first: a running daemon has the old file mapped.
  await run(compiler.command, [...compiler.flags, ...link, ...objects, '-o', `${addon}.new`], { timeout: 120_000 });
  renameSync(`${addon}.new`, addon);
  writeFileSync(stampFile, stamp);
  return `${(statSync(addon).size / 1024).toFixed(0)} kB with ${compiler.version.split('\n')[0]}`;
}

try {
  const result = await build();
  console.log(`native kernels: ${path.relative(root, addon)} (${result})`);
} catch (error) {
  const reason = String(error.stderr || error.message).trim().split('\n').slice(0, 3).join('; ');
  console.warn(`native kernels: not built (${reason}). Mining works with the slower WASM kernel; install a C compiler and run: npm run build:native`);
}
