/** What the build scripts ask of the generator. */
import { emitAssemblyScript } from './emit-assemblyscript.ts';
import { emitC } from './emit-c.ts';
import { sha256dTopWord } from './sha256d.ts';

/** Text of `sha256d.gen.h`, which every native kernel includes. */
export function nativeSource(): string {
  const { program, result } = sha256dTopWord();
  return emitC(program, result);
}

/** Text of the AssemblyScript module. */
export function wasmSource(): string {
  const { program, result } = sha256dTopWord();
  return emitAssemblyScript(program, result);
}
