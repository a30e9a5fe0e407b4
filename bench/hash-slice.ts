/** One slice of a measurement: a form hashes for some milliseconds on the calling thread. */
import { hashHeader } from '../kernels/header.ts';
import type { Addon, Measurement } from '../kernels/native/addon.ts';
import { rolledVersions, type Form } from './hash-forms.ts';

/** Top-word bits that make a candidate: one hash in a million is hashed again by other code, which costs nothing. */
const MASK = 0x000fffff;
const NONCES = 2 ** 32;

/** A header nobody mined; only its bytes differ from seed to seed. */
export function benchHeader(seed: number): Uint8Array {
  return Uint8Array.from({ length: 80 }, (_, i) => (i * 37 + seed * 101 + (seed >>> 8) * 7) & 0xff);
}

/**
 * Hashes for about that long. Every hash is another pair of version and nonce.
 * @param addon measures native kernels in C, and gives the others their thread's processor time; null = none here
 * @throws Error when a candidate was none: the rate of a kernel that errs is worth nothing
 */
export function hashSlice(addon: Addon | null, form: Form, header: Uint8Array, ms: number): Measurement {
  const versions = rolledVersions(0x20000000, form.versions);
  const { kernel, source } = form.scanner.info;
  const result = addon && source === 'native' ? addon.measure(kernel, header, versions, MASK, ms) : scanSlice(addon, form, header, versions, ms);
  if (result.wrong > 0) throw new Error(`${kernel}: ${result.wrong} of ${result.candidates} hashes looked at again are wrong`);
  return result;
}

/** The same for kernels that are not in the addon. */
function scanSlice(addon: Addon | null, { scanner }: Form, given: Uint8Array, versions: Uint32Array, ms: number): Measurement {
  const out = new Uint32Array(2 * 1024);
  const header = Buffer.from(given);
  const unit = versions.length > 1 ? scanner.rolledNonces : scanner.unitNonces;
  const start = performance.now();
  const startCpu = cpuNs(addon);
  let [hashes, candidates, wrong, first, elapsed] = [0, 0, 0, 0, 0];
  scanner.prepare(header, versions);
  do {
    for (let i = 0; i < 4; i++) {
      const nonces = Math.min(unit, NONCES - first);
      const found = scanner.scan(first, nonces, MASK, out);
      for (let j = 0; j < 2 * found; j += 2) {
        const hash = Buffer.from(hashHeader(header, versions[out[j + 1] as number] as number, first + (out[j] as number)));
        if ((hash.readUInt32BE(28) & MASK) !== 0) wrong++;
      }
      candidates += found;
      hashes += nonces * versions.length;
      first += nonces;
      if (first === NONCES) {
        // All used: the time of the header moves on.
        first = 0;
        header.writeUInt32LE((header.readUInt32LE(68) + 1) >>> 0, 68);
        scanner.prepare(header, versions);
      }
    }
    elapsed = performance.now() - start;
  } while (elapsed < ms);
  const wallNs = elapsed * 1e6;
  return { hashes, candidates, wrong, wallNs, cpuNs: Math.min(cpuNs(addon) - startCpu, wallNs) };
}

/** Of this thread; without the addon of the process, which V8's helper threads make more of. */
function cpuNs(addon: Addon | null): number {
  if (addon) return addon.threadCpuNs();
  const { user, system } = process.cpuUsage();
  return (user + system) * 1000;
}
