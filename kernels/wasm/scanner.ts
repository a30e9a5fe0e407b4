import type { Scanner } from '../engine.ts';
import type { KernelInfo } from '../types.ts';
import { midstateOf, tailOf } from '../js/sha256.ts';
import { Instance, type WasmMemory, type WasmModule } from './web-assembly.ts';

export const WASM_KERNEL: KernelInfo = { kernel: 'wasm-simd', isa: 'WebAssembly SIMD', lanes: 4, versions: 64, source: 'wasm' };

/** Short calls let V8 tier up early and keep a job switch under 1 ms, on small boards too. */
const UNIT_NONCES = 1024;
/** With all versions, as many hashes. */
const ROLLED_NONCES = 16;

/** What the generated module exports; see generator/emit-assemblyscript.ts. */
interface Exports {
  readonly memory: WasmMemory;
  /** Address of the 3 words of the tail. */
  tail(): number;
  /** Address of the midstates, 8 words each. */
  midstates(): number;
  /** Address of the candidates, pairs of nonce offset and index of the midstate; room for `capacity` pairs. */
  output(): number;
  capacity(): number;
  /** Makes the tables for `count` midstates, at most 64. */
  prepare(count: number): void;
  /** Hashes `batches` times 4 nonces from `first` under the one midstate. At most `capacity` hashes. @returns how many candidates */
  scanPlain(first: number, batches: number, mask: number): number;
  /** The same under `count` midstates, 2 or more, as given to `prepare`. */
  scanRolled(first: number, batches: number, mask: number, count: number): number;
}

/** The WASM kernel on the calling thread. @throws Error when the module does not fit this runtime */
export function wasmScanner(module: WasmModule): Scanner {
  const exports = new Instance(module).exports as unknown as Exports;
  const tail = new Int32Array(exports.memory.buffer, exports.tail(), 3);
  const midstates = new Int32Array(exports.memory.buffer, exports.midstates(), 8 * WASM_KERNEL.versions);
  const capacity = exports.capacity();
  const candidates = new Uint32Array(exports.memory.buffer, exports.output(), 2 * capacity);
  let prepared = 1;
  return {
    info: WASM_KERNEL,
    unitNonces: UNIT_NONCES,
    rolledNonces: ROLLED_NONCES,
    prepare(header, versions) {
      for (let m = 0; m < versions.length; m++) midstates.set(midstateOf(header, versions[m] as number), 8 * m);
      tail.set(tailOf(header));
      prepared = versions.length;
      exports.prepare(prepared);
    },
    scan(first, count, mask, out) {
      // The module has room for so many hashes a call, in whole vectors.
      const step = Math.floor(capacity / prepared / WASM_KERNEL.lanes) * WASM_KERNEL.lanes;
      let kept = 0;
      for (let done = 0; done < count; done += step) {
        const batches = Math.ceil(Math.min(count - done, step) / WASM_KERNEL.lanes);
        const start = (first + done) | 0;
        const found = prepared === 1 ? exports.scanPlain(start, batches, mask | 0) : exports.scanRolled(start, batches, mask | 0, prepared);
        for (let i = 0; i < found; i++) {
          const offset = done + (candidates[2 * i] as number);
          if (offset >= count || kept + 1 >= out.length) continue;
          out[kept++] = offset;
          out[kept++] = candidates[2 * i + 1] as number;
        }
      }
      return kept / 2;
    },
  };
}
