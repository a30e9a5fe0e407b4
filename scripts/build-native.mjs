// Compiles the native kernels with the C compiler of this machine. Never fails the installation: without a compiler the WASM
// kernel is used, and this says so. CC and CFLAGS are honoured.
import { existsSync } from 'node:fs';
import path from 'node:path';
import { compileNative, extraFlags, findCompiler, hostCompilers, reasonOf } from './compile-native.mjs';
import { root } from './kernel-generator.mjs';

const folder = path.join(root, 'build', 'native');
const output = path.join(folder, 'rigbrain.node');

try {
  if (process.platform === 'win32') throw new Error('Windows has no pthreads');
  const compiler = findCompiler(hostCompilers());
  const { made, bytes } = await compileNative({ arch: process.arch, compiler, flags: extraFlags(), objects: folder, output });
  const first = path.join('prebuilds', `${process.platform}-${process.arch}`, 'rigbrain.node');
  if (existsSync(path.join(root, first))) console.warn(`native kernels: ${first} is loaded before this build: remove it, or make it anew with npm run prebuild`);
  console.log(`native kernels: ${path.relative(root, output)} (${made ? `${(bytes / 1024).toFixed(0)} kB with ${compiler.version.split('\n')[0]}` : 'up to date'})`);
} catch (error) {
  const left = existsSync(output) ? `An earlier build stays in use: ${path.relative(root, output)}` : 'Mining works with the slower WASM kernel';
  console.warn(`native kernels: not built (${reasonOf(error)}). ${left}; install a C compiler and run: npm run build:native`);
}
