import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import type { Kernel } from '../engine.ts';
import { JS_KERNEL, jsScanner } from '../js/scanner.ts';
import { WASM_KERNEL, wasmScanner } from '../wasm/scanner.ts';
import { Module } from '../wasm/web-assembly.ts';
import { WorkerEngine } from './engine.ts';

/** Where the build puts the WASM module, below the package. */
export const WASM_FILE = path.join('dist', 'kernels', 'wasm', 'sha256d.wasm');

/** @throws Error when the module was not built or this runtime has no WASM SIMD */
export function wasmKernel(root: string): Kernel {
  const file = path.join(root, WASM_FILE);
  if (!existsSync(file)) throw new Error(`${WASM_FILE} is not there: run npm run build:wasm`);
  const module = new Module(readFileSync(file));
  return { info: WASM_KERNEL, scanner: () => wasmScanner(module), open: (options) => new WorkerEngine(module, options) };
}

/** Works everywhere. */
export function jsKernel(): Kernel {
  return { info: JS_KERNEL, scanner: jsScanner, open: (options) => new WorkerEngine(null, options) };
}
