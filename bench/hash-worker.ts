/**
 * The other half of a side-by-side measurement: a process that hashes when it is told to, so that a harness can take turns
 * between this program and another one on the same processor. docs/cli.md has the protocol.
 */
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { chooseKernel } from '../kernels/choice.ts';
import { findAddon, findKernels } from '../kernels/loader.ts';
import { RigError } from '../protocol/common/errors.ts';
import { checkForm, formName, type Form } from './hash-forms.ts';
import { benchHeader, hashSlice } from './hash-slice.ts';

/** One call of the kernel: what a slice of no time is. */
const MIN_MS = 1e-6;
/** Longest slice, milliseconds. */
const MAX_MS = 3_600_000;
/** JavaScript and WebAssembly are slower until V8 has compiled them. */
const WARM_UP_MS = 100;

export interface WorkerIo {
  readonly input: Readable;
  out(line: string): void;
  err(line: string): void;
}

/** A form under the name it was asked for by, or why the kernel of that name must not be used. */
export type Chosen = { readonly kernel: string; readonly form: Form } | { readonly kernel: string; readonly wrong: string };

/**
 * The form a name means: `avx512` the most versions it can share work between, `avx512:1` the plain one.
 * @param wanted `auto`, `native`, `wasm` or a kernel name, with or without `:` and a number of versions
 * @param versionRolling false = plain when the name does not say
 * @throws RigError E_HASHER_UNAVAILABLE when there is no such kernel here, E_FLAG_INVALID when it cannot take that many versions
 */
export function chooseForm(wanted: string, versionRolling: boolean): Chosen {
  const [name = '', given, ...rest] = wanted.split(':');
  if (rest.length > 0 || (given !== undefined && !/^\d+$/.test(given))) throw new RigError('E_FLAG_INVALID', `"${wanted}" is not the name of a kernel`, { hint: 'Write a name, or a name and a number of versions: avx512, avx512:1.' });
  const count = given !== undefined ? Number(given) : versionRolling ? null : 1;
  if (!versionRolling && count !== 1) throw new RigError('E_FLAG_INVALID', `"${wanted}" and --no-version-rolling contradict each other`, { hint: 'Leave one of them out.' });
  const failed = failedSelfTest(name);
  if (failed !== null) return { kernel: name, wrong: failed };
  const best = chooseKernel({ kernel: name });
  const kernel = count === 1 ? best.kernel : best.rolled;
  const most = kernel.info.versions;
  if (count !== null && !(count >= 1 && count <= most)) throw new RigError('E_FLAG_INVALID', `${kernel.info.kernel} cannot take ${count} versions in a call`, { hint: `It can take ${most === 1 ? 'only 1' : `1 to ${most}`}.` });
  // `hybrid` stands for the best of its variants: a harness that asked for it waits for that word.
  return { kernel: kernel.info.kernel.startsWith(name) ? name : kernel.info.kernel, form: { scanner: kernel.scanner(), versions: count ?? most } };
}

/** Why the kernel of exactly that name must not be used; null when its self-test did not fail. */
function failedSelfTest(name: string): string | null {
  for (const found of findKernels()) {
    if ('kernel' in found && found.kernel.info.kernel === name) return null;
    if ('problem' in found && found.failed && found.problem.startsWith(`${name}: `)) return found.problem.slice(name.length + 2);
  }
  return null;
}

/**
 * Says READY once the kernel has found a known nonce, then serves lines until `Q` or the end of the input.
 * @returns true, or false when the kernel gave a wrong answer
 */
export async function hashWorker(chosen: Chosen, io: WorkerIo): Promise<boolean> {
  const wrong = 'form' in chosen ? checkForm(chosen.form) : chosen.wrong;
  const { kernel } = chosen;
  if (wrong !== null || !('form' in chosen)) {
    io.out(`READY ${kernel} check=FAILED`);
    io.err(`rigbrain: ${kernel}: ${wrong}`);
    return false;
  }
  const { form } = chosen;
  const { addon } = findAddon();
  if (form.scanner.info.source !== 'native') hashSlice(addon, form, benchHeader(0), WARM_UP_MS);
  io.err(`rigbrain: hashing with ${formName(form)}, ${form.versions === 1 ? 'plain' : `${form.versions} versions in a call`}`);
  io.out(`READY ${kernel} check=OK`);
  let slice = 0;
  const lines = createInterface({ input: io.input, crlfDelay: Infinity });
  try {
    for await (const line of lines) {
      const words = line.trim().split(/\s+/);
      if (words[0] === 'Q' && words.length === 1) break;
      const ms = words[0] === 'S' && words.length === 2 && /^\d+(\.\d+)?$/.test(words[1] ?? '') ? Number(words[1]) : NaN;
      if (ms >= 0 && ms <= MAX_MS) {
        const { hashes, wallNs, cpuNs } = hashSlice(addon, form, benchHeader(++slice), Math.max(ms, MIN_MS));
        io.out(`${hashes} ${(wallNs / 1e9).toFixed(9)} ${(cpuNs / 1e9).toFixed(9)}`);
      } else if (line.trim() !== '') io.err(`rigbrain: cannot read ${JSON.stringify(line.slice(0, 80))}: send "S <ms>" with milliseconds from 0 to ${MAX_MS}, or "Q"`);
    }
  } finally {
    lines.close();
    // Nothing more is read, so it must not keep the process.
    io.input.destroy();
  }
  return true;
}
