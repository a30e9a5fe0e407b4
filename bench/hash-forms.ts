/** The forms a kernel can run in, and the known answer each must give before its speed means anything. */
import type { Scanner } from '../kernels/engine.ts';
import { findKernels } from '../kernels/loader.ts';
import { RigError } from '../protocol/common/errors.ts';

/** A kernel with a number of versions hashed in each call: 1 = plain, more = rolled. */
export interface Form {
  readonly scanner: Scanner;
  readonly versions: number;
}

/** Name of a form: `avx512:64`. */
export function formName({ scanner, versions }: Form): string {
  return `${scanner.info.kernel}:${versions}`;
}

/** Block 0 of the Bitcoin chain without its nonce. Its hash ends in 32 zero bits. */
const GENESIS = Buffer.from(
  '0100000000000000000000000000000000000000000000000000000000000000000000003ba3edfd7a7b12b27ac72c3e67768f617fc81bc3888a51323a9fb8aa4b1e5e4a29ab5f49ffff001d00000000',
  'hex',
);
const GENESIS_NONCE = 2083236893;
const FULL_MASK = 0xffffffff;

/** That many different versions, the first being `base`, in the bits that BIP320 gives to miners. */
export function rolledVersions(base: number, count: number): Uint32Array {
  return Uint32Array.from({ length: count }, (_, i) => (base ^ (i << 13)) >>> 0);
}

/**
 * Searches for the nonce of block 0 in a call of that very form, with the version of block 0 in every place in turn.
 * @returns null when it was found each time and nothing else was, else what was wrong
 */
export function checkForm({ scanner, versions }: Form): string | null {
  const { lanes } = scanner.info;
  const out = new Uint32Array(256);
  const offset = 3 * lanes + 1;
  for (let place = 0; place < versions; place++) {
    // Turned round so that the real version, which is the first, stands at `place`.
    const rolled = rolledVersions(1, versions);
    scanner.prepare(GENESIS, Array.from(rolled, (_, i) => rolled[(i - place + versions) % versions] as number));
    const found = scanner.scan(GENESIS_NONCE - offset, 8 * lanes, FULL_MASK, out);
    if (found !== 1 || out[0] !== offset || out[1] !== place) return `the nonce of block 0 was not found as version ${place + 1} of ${versions}`;
  }
  return null;
}

/** Whether a form is meant: by any word that chooses kernels elsewhere, with or without its number of versions, or by naming none. */
function isWanted(form: Form, wanted: readonly string[]): boolean {
  const { kernel, source } = form.scanner.info;
  const names = ['auto', kernel, source, ...(kernel.startsWith('hybrid-') ? ['hybrid'] : [])];
  return wanted.length === 0 || names.some((name) => wanted.includes(name) || wanted.includes(`${name}:${form.versions}`));
}

/**
 * Every kernel of this machine, plain and, where it can share work between versions, rolled.
 * @param wanted names of kernels (`avx512`: both forms), forms (`avx512:1`) or several kernels (`hybrid`, `native`, `wasm`); none = all
 * @throws RigError E_HASHER_UNAVAILABLE when a name is none of this machine's
 */
export function formsHere(wanted: readonly string[] = []): { readonly forms: readonly Form[]; readonly problems: readonly string[] } {
  const forms: Form[] = [];
  const problems: string[] = [];
  for (const found of findKernels()) {
    if ('problem' in found) {
      problems.push(found.problem);
      continue;
    }
    const most = found.kernel.info.versions;
    for (const versions of new Set([1, most])) {
      const form = { scanner: found.kernel.scanner(), versions };
      if (!isWanted(form, wanted)) continue;
      const wrong = checkForm(form);
      if (wrong === null) forms.push(form);
      else problems.push(`${formName(form)}: ${wrong}`);
    }
  }
  const missing = wanted.filter((name) => !forms.some((form) => isWanted(form, [name])));
  if (missing.length > 0) {
    throw new RigError('E_HASHER_UNAVAILABLE', `cannot measure ${missing.join(', ')} here`, { hint: `Here are ${forms.map(formName).join(', ') || 'none of those named'}. ${problems.join('; ')}`.trim() });
  }
  return { forms, problems: wanted.length === 0 ? problems : [] };
}
