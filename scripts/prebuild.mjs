// Makes the binaries that `npm pack` ships, so that a machine without a compiler hashes at full speed:
//   npm run prebuild [-- linux-arm64 ...] [--out DIR]
// Uses this machine's compiler for its own processor (CC is honoured) and Debian's cross compilers for the others. Says of each
// binary whether it was made, and what is missing. Exit code 1 when nothing was made, or not what was asked for by name.
import { readFileSync, rmSync } from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { compileNative, extraFlags, findCompiler, hostCompilers, reasonOf } from './compile-native.mjs';
import { root } from './kernel-generator.mjs';
import { PREBUILDS } from './native-targets.mjs';

/**
 * npm takes `prebuild` for what has to run before `build`, too. Binaries left by an ordinary build would be loaded instead of
 * later local ones, so that is not wanted. npm writes the script it was asked for into its process title.
 */
function onlyBeforeBuild() {
  try {
    for (let pid = process.ppid, i = 0; pid > 1 && i < 3; i++) {
      const title = readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ');
      const asked = /^npm (?:run|run-script|rum|urn) (\S+)/.exec(title)?.[1];
      if (asked !== undefined) return asked === 'build';
      pid = Number(/^PPid:\s*(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0);
    }
  } catch {
    // No /proc: nothing can be prebuilt there by accident either.
  }
  return false;
}

/** What keeps a binary from being shipped; null when nothing does. */
function problemWith(file, target) {
  const bytes = readFileSync(file);
  if (bytes.toString('latin1', 0, 4) !== '\x7fELF') return 'the compiler does not make ELF files';
  if (bytes.readUInt16LE(18) !== target.machine) return `the compiler does not make ${target.arch} binaries`;
  // musl's name is libc.musl-*.so.1: a binary for it must not lie where glibc systems look, and the other way round.
  if (!bytes.includes('libc.so.6\0')) return 'it is not linked with glibc';
  return null;
}

/** The newest glibc version a binary names. */
function glibcOf(file) {
  const versions = [...readFileSync(file).toString('latin1').matchAll(/GLIBC_(\d+)\.(\d+)/g)].map(([, major, minor]) => [Number(major), Number(minor)]);
  return versions.sort((a, b) => a[0] - b[0] || a[1] - b[1]).at(-1)?.join('.') ?? 'any';
}

async function make(target, out) {
  const output = path.join(out, target.name, 'rigbrain.node');
  const native = process.platform === 'linux' && process.arch === target.arch;
  const flags = extraFlags();
  try {
    const compiler = findCompiler(native ? hostCompilers() : [target.cross]);
    const own = [...compiler.flags, ...flags].find((flag) => /^-m\w+=native$/.test(flag));
    if (own) throw new Error(`${own} makes a binary for this processor only: take it out of CC and CFLAGS`);
    // Stripped by the linker: the names of local functions are of no use to anybody who has no sources.
    const portable = ['-include', path.join(root, 'kernels', 'native', 'old_glibc.h')];
    const { bytes } = await compileNative({ arch: target.arch, compiler, flags: [...portable, ...flags], link: ['-s'], objects: path.join(root, 'build', 'prebuild', target.name), output });
    const problem = problemWith(output, target);
    if (problem) throw new Error(problem);
    console.log(`prebuild: ${target.name} made (${(bytes / 1024).toFixed(0)} kB, glibc ${glibcOf(output)} or later, ${compiler.version.split('\n')[0]})`);
    return true;
  } catch (error) {
    // An older one must not be shipped in its place.
    rmSync(path.dirname(output), { recursive: true, force: true });
    const missing = /^no C compiler/.test(error.message) && !native;
    console.warn(`prebuild: ${target.name} NOT made (${reasonOf(error)})${missing ? `. On Debian: sudo apt-get install ${target.package}` : ''}`);
    return false;
  }
}

if (!onlyBeforeBuild()) {
  const { values, positionals } = parseArgs({ allowPositionals: true, options: { out: { type: 'string', default: path.join(root, 'prebuilds') } } });
  const unknown = positionals.filter((name) => !PREBUILDS.some((target) => target.name === name));
  if (unknown.length > 0) {
    console.error(`prebuild: there is no ${unknown.join(', ')}; use ${PREBUILDS.map((target) => target.name).join(', ')}`);
    process.exit(1);
  }
  const made = [];
  for (const target of PREBUILDS) if (positionals.length === 0 || positionals.includes(target.name)) made.push(await make(target, path.resolve(values.out)));
  process.exitCode = made.includes(true) && (positionals.length === 0 || !made.includes(false)) ? 0 : 1;
}
