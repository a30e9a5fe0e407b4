import type { Scanner } from '../engine.ts';
import type { KernelInfo } from '../types.ts';
import { midstateOf, tailOf } from '../js/sha256.ts';
import { Instance, type WasmMemory, type WasmModule } from './web-assembly.ts';

export const WASM_KERNEL: KernelInfo = { kernel: 'wasm-simd', isa: 'WebAssembly SIMD', lanes: 4, versions: 1, source: 'wasm' };

/** Short calls let V8 tier up early and keep a job switch under 1 ms. */
const UNIT_NONCES = 2048;

/** What the generated module exports; see generator/emit-assemblyscript.ts. */
interface Exports {
  readonly memory: WasmMemory;
  /** Address of the 11 input words. */
  input(): number;
  /** Address of the candidates' offsets; room for `capacity` of them. */
  output(): number;
  capacity(): number;
  prepare(): void;
  /** Hashes `batches` times 4 nonces from `first`; at most capacity / 4 batches. @returns how many candidates */
  scan(first: number, batches: number, mask: number): number;
}

/** The WASM kernel on the calling thread. @throws Error when the module does not fit this runtime */
export function wasmScanner(module: WasmModule): Scanner {
  const exports = new Instance(module).exports as unknown as Exports;
  const input = new Int32Array(exports.memory.buffer, exports.input(), 11);
  const candidates = new Uint32Array(exports.memory.buffer, exports.output(), exports.capacity());
  return {
    info: WASM_KERNEL,
    unitNonces: UNIT_NONCES,
    rolledNonces: UNIT_NONCES,
    prepare(header, versions) {
      input.set(midstateOf(header, versions[0] as number));
      input.set(tailOf(header), 8);
      exports.prepare();
    },
    scan(first, count, mask, out) {
      let kept = 0;
      for (let done = 0; done < count; done += candidates.length) {
        const batches = Math.ceil(Math.min(count - done, candidates.length) / WASM_KERNEL.lanes);
        const found = exports.scan((first + done) | 0, batches, mask | 0);
        for (let i = 0; i < found; i++) {
          const offset = done + (candidates[i] as number);
          if (offset >= count || kept + 1 >= out.length) continue;
          out[kept++] = offset;
          out[kept++] = 0;
        }
      }
      return kept / 2;
    },
  };
}
