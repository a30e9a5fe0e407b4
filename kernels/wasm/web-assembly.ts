/** The part of the WebAssembly API this room uses: TypeScript has its types only together with the browser's. */

/** A compiled module. Opaque; may be sent to a worker thread. */
export type WasmModule = object;

interface Api {
  readonly Module: new (bytes: Uint8Array) => WasmModule;
  readonly Instance: new (module: WasmModule) => { readonly exports: Record<string, unknown> };
}

export interface WasmMemory {
  readonly buffer: ArrayBuffer;
}

export const { Module, Instance } = (globalThis as unknown as { WebAssembly: Api }).WebAssembly;
