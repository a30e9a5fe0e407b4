/** The spectral solver's part of the native addon; addon_spectral.c is the other side. */

export interface SpectralKernel {
  readonly name: string;
  readonly isa: string;
  /** Doubles in a vector. */
  readonly lanes: number;
  /** Processor features it needs: RB_FEATURE_ bits, see native/kernel.h. */
  readonly features: number;
}

/** Opaque; only the addon that made it can use it. Freed when it is collected, or at `spectralClose`. */
export interface SpectralHandle {
  readonly spectralHandle: never;
}

/** What `spectralRead` copies. */
export const SPECTRAL_ARRAY = { spectrumRe: 0, spectrumIm: 1, inverseOmegaSquared: 2, densityRatio: 3 } as const;

export interface SpectralAddon {
  /** Kernels compiled in, likely fastest first, whether or not this processor can run them. */
  spectralKernels(): SpectralKernel[];
  /**
   * @param n 16 to 256, in three dimensions to 64
   * @param numbers D (real, imaginary), gamma, lambda b3, lambda c3, g_nl, kappa, eta, delta, 1 / rho_ref, 1 / (rho_ref rho_vac), alpha,
   *   least and greatest Omega^-2, 1 for the algebraic geometry
   * @param tables of n numbers: cos and sin of each n-th of a turn, 1 where an index is kept by the 2/3 rule, wave number of an index.
   *   Of n^dim: k^2, K^, elliptic inverse, real and imaginary parts of e, e2, q, f1, f2, f3, the field as wave numbers, and (with
   *   a source) the template as wave numbers. Coefficients and fields are zero where the 2/3 rule drops a mode.
   */
  spectralOpen(kernel: string, n: number, dim: number, numbers: Float64Array, tables: readonly Float64Array[], withSource: boolean): SpectralHandle;
  /** On the calling thread. */
  spectralStep(handle: SpectralHandle, count: number): void;
  spectralRead(handle: SpectralHandle, which: number, out: Float64Array): void;
  spectralClose(handle: SpectralHandle): void;
}
