// What the addon is made of on each processor family. Shared by the local build and the prebuilt binaries.

/** Without -ffp-contract=fast, -std=c11 keeps multiplications and additions apart. */
const SPECTRAL = ['-O3', '-ffp-contract=fast', '-Wno-psabi'];

/**
 * Files with flags of their own, by processor. A published binary must run everywhere, so only the file of a kernel gets the
 * flags of its instruction set: never -march=native. A `kernel_*` or `spectral_*` file that is not listed for a processor is not
 * part of its build, but for the portable ones.
 */
const FLAGS = {
  x64: {
    'kernel_sse2.c': ['-msse2'],
    'kernel_avx2.c': ['-mavx2'],
    'kernel_avx512.c': ['-mavx512f', '-mavx512vl'],
    'kernel_shani.c': ['-msha', '-msse4.1'],
    'kernel_shani_avx512.c': ['-msha', '-msse4.1', '-mavx512vl', '-mprefer-vector-width=128'],
    'kernel_hybrid.c': [],
    'spectral_baseline.c': SPECTRAL,
    'spectral_avx2.c': ['-mavx2', '-mfma', ...SPECTRAL],
    'spectral_avx512.c': ['-mavx512f', '-mavx512dq', '-mavx512vl', '-mfma', ...SPECTRAL],
  },
  arm64: { 'spectral_baseline.c': SPECTRAL, 'kernel_neon.c': [], 'kernel_armv8sha2.c': ['-march=armv8-a+crypto'] },
  arm: { 'spectral_baseline.c': SPECTRAL, 'kernel_neon.c': ['-mfpu=neon'] },
};

/**
 * Files the generator writes: `make` turns the generator's module into text. Without `arch` they belong to every processor. A `.h`
 * is included by the C files; a `.c` or `.S` is compiled with its own `flags`, and `define` is then defined in every other file.
 */
const GENERATED = [
  { file: 'sha256d.gen.h', make: (generator) => generator.nativeSource() },
  // ELF only: the directives of other systems differ.
  ...(process.platform === 'linux'
    ? [
        { file: 'hybrid.gen.h', arch: ['x64'], make: (generator) => generator.hybridHeader() },
        { file: 'hybrid.S', arch: ['x64'], define: 'RB_HYBRID', make: (generator) => generator.hybridAssembly() },
      ]
    : []),
];

/** Kernels that every processor gets. */
const PORTABLE = new Set(['kernel_scalar.c', 'spectral_baseline.c']);

/** Binaries that can be prebuilt, each named by the folder the loader looks in. `machine` is e_machine of the ELF header. */
export const PREBUILDS = [
  { name: 'linux-x64', arch: 'x64', cross: 'x86_64-linux-gnu-gcc', package: 'gcc-x86-64-linux-gnu libc6-dev-amd64-cross', machine: 62 },
  { name: 'linux-arm64', arch: 'arm64', cross: 'aarch64-linux-gnu-gcc', package: 'gcc-aarch64-linux-gnu libc6-dev-arm64-cross', machine: 183 },
  { name: 'linux-arm', arch: 'arm', cross: 'arm-linux-gnueabihf-gcc', package: 'gcc-arm-linux-gnueabihf libc6-dev-armhf-cross', machine: 40 },
];

/**
 * The sources of a processor family.
 * @param {string} arch as `process.arch` has it; one that is not known gets the portable kernel only
 * @param {readonly string[]} names files of kernels/native or of kernels/spectral
 * @returns {{ sources: { name: string, flags: string[] }[], generated: { file: string, make: Function, flags: string[] }[], defines: string[] }}
 */
export function partsOf(arch, names) {
  const flags = FLAGS[arch] ?? {};
  const generated = GENERATED.filter((entry) => entry.arch === undefined || entry.arch.includes(arch)).map((entry) => ({ flags: [], ...entry }));
  return {
    sources: names
      .filter((name) => /\.[cS]$/.test(name) && (!/^(kernel|spectral)_/.test(name) || PORTABLE.has(name) || name in flags))
      .map((name) => ({ name, flags: flags[name] ?? [] })),
    generated,
    defines: generated.flatMap((entry) => (entry.define === undefined ? [] : [`-D${entry.define}=1`])),
  };
}
