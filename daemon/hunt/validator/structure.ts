/**
 * Figures that the public tools of this field give under these or like names, each in a form that is well defined. All of them are the
 * same for a field shifted by whole points or turned in phase. They describe the last state; none is part of the fitness, and none
 * has been shown to predict anything. What could not be defined honestly is listed in docs/hunt-metrics.md.
 */
import { densityMean } from './density.ts';
import { boxDimension } from './box-dimension.ts';
import { braggPeaks } from './bragg.ts';
import type { FieldParts, FinalState } from './geometry-norms.ts';
import { DENSITY_FLOOR } from '../../solver/geometry.ts';
import type { ComplexField } from '../../solver/complex-field.ts';
import { referenceDensity, type SolverParameters } from '../../../kernels/spectral/parameters.ts';

export interface StructureMetrics {
  /** Dimension by counting boxes of the surface on which the density is at its mean; null for a level field. Not a fractal's: one to three octaves are all a grid has. */
  readonly box_dimension: number | null;
  /** (lambda b3 <rho^2> + g_nl <rho (K * rho)>) / (eps <rho>): 1 = saturation alone balances growth, less = diffusion takes part. No sign of stability. */
  readonly nonlinear_balance: number;
  /** Mean of (1 - Omega^2) / (1 - floor): 0 = flat, 1 = at the floor everywhere; below 0 where Poisson's Omega^2 is above 1. Null without a floor to go to. */
  readonly omega_saturation: number | null;
  /** sqrt(d / (d - 1)) |T - tr(T)/d| / |T| with T = <(kappa J J + eta R R) / (rho + delta)>, the mean stress: 0 = alike in all directions, 1 = along one. Null without any stress. */
  readonly stress_shear: number | null;
  /** Modes of the density's spectrum (a mode and its mirror are one) that stand out of those of like wave number tenfold: lines of a lattice. Noise has none or one. */
  readonly bragg_peaks: number | null;
  /** Part of the density's variance in those modes. */
  readonly bragg_share: number | null;
  /** dS / d ln E when the strongest mode of A that is not its mean is made stronger; S the entropy of rho / sum rho, E = sum rho. (For rho made stronger as a whole it would be 0 always.) */
  readonly informational_compliance: number | null;
  /** ln of how much more concentrated the spectrum of A is than that of |A|, its phases taken away: sum P^2 / (sum P)^2 of the one over the other. "SPDC" in public tools, an analogy by their own account. */
  readonly c4_contrast: number | null;
}

export function structureMetrics(p: SolverParameters, state: FinalState, parts: FieldParts): StructureMetrics {
  const { psi } = state;
  const isLevel = !(varianceOver(parts.rho) > 1e-24);
  const bragg = isLevel ? null : braggPeaks(parts);
  return {
    box_dimension: isLevel ? null : boxDimension(parts.rho, parts.grid.n, parts.grid.dim),
    nonlinear_balance: nonlinearBalance(p, parts),
    omega_saturation: omegaSaturation(p, state.omegaSquared),
    stress_shear: stressShear(p, psi, parts),
    bragg_peaks: bragg === null ? null : bragg.peaks,
    bragg_share: bragg === null ? null : bragg.share,
    informational_compliance: compliance(psi, parts),
    c4_contrast: phaseContrast(psi, parts),
  };
}

/** Variance over the squared mean. */
function varianceOver(rho: Float64Array): number {
  const mean = densityMean(rho);
  return rho.reduce((sum, value) => sum + (value / mean - 1) ** 2, 0) / rho.length;
}

function nonlinearBalance(p: SolverParameters, { rho, grid, fft }: FieldParts): number {
  const re = rho.slice();
  const im = new Float64Array(re.length);
  fft.forward(re, im);
  for (let i = 0; i < re.length; i++) {
    const kernel = Math.exp(-grid.kSquared[i]! / (2 * p.sncgl_sigma_k ** 2));
    re[i]! *= kernel;
    im[i]! *= kernel;
  }
  fft.inverse(re, im);
  let lost = 0;
  for (let i = 0; i < rho.length; i++) lost += p.sncgl_lambda * p.sncgl_b3 * rho[i]! ** 2 + p.sncgl_g_nonlocal * rho[i]! * re[i]!;
  return lost / rho.length / (p.sncgl_epsilon * densityMean(rho));
}

function omegaSaturation(p: SolverParameters, omegaSquared: Float64Array): number | null {
  if (p.sdg_alpha === 0 || p.sdg_omega_sq_min === 1) return null;
  return omegaSquared.reduce((sum, value) => sum + (1 - value), 0) / omegaSquared.length / (1 - p.sdg_omega_sq_min);
}

function stressShear(p: SolverParameters, psi: ComplexField, { gradient, rho }: FieldParts): number | null {
  const delta = DENSITY_FLOOR * referenceDensity(p);
  const d = gradient.length;
  const tensor = Array.from({ length: d }, () => new Float64Array(d));
  const current = new Float64Array(d);
  const slope = new Float64Array(d);
  for (let i = 0; i < rho.length; i++) {
    gradient.forEach((g, axis) => {
      current[axis] = psi.re[i]! * g.im[i]! - psi.im[i]! * g.re[i]!;
      slope[axis] = psi.re[i]! * g.re[i]! + psi.im[i]! * g.im[i]!;
    });
    for (let a = 0; a < d; a++) for (let b = 0; b < d; b++) tensor[a]![b]! += (p.sdg_kappa * current[a]! * current[b]! + p.sdg_eta * slope[a]! * slope[b]!) / (rho[i]! + delta);
  }
  const trace = tensor.reduce((sum, row, a) => sum + row[a]!, 0);
  let size = 0;
  let rest = 0;
  tensor.forEach((row, a) => row.forEach((value, b) => {
    size += value ** 2;
    rest += (value - (a === b ? trace / d : 0)) ** 2;
  }));
  // What rounding leaves of a field without slopes has no direction.
  return trace > 1e-20 * densityMean(rho) * rho.length ? Math.sqrt((d / (d - 1)) * (rest / size)) : null;
}

/** The derivative itself, no small step: dp = (d rho - rho dE / E) / E and dS = - sum dp ln p. */
function compliance(psi: ComplexField, { rho, fft }: FieldParts): number | null {
  const re = psi.re.slice();
  const im = psi.im.slice();
  fft.forward(re, im);
  let strongest = 0;
  let power = 0;
  let total = 0;
  for (let i = 0; i < re.length; i++) {
    const value = re[i]! ** 2 + im[i]! ** 2;
    total += value;
    if (i === 0 || !(value > power)) continue;
    power = value;
    strongest = i;
  }
  if (!(power > 1e-20 * total)) return null;
  const mode = { re: new Float64Array(re.length), im: new Float64Array(re.length) };
  mode.re[strongest] = re[strongest]!;
  mode.im[strongest] = im[strongest]!;
  fft.inverse(mode.re, mode.im);
  const energy = rho.reduce((sum, value) => sum + value, 0);
  let energyChange = 0;
  const change = rho.map((_, i) => {
    const value = 2 * (psi.re[i]! * mode.re[i]! + psi.im[i]! * mode.im[i]!);
    energyChange += value;
    return value;
  });
  let entropyChange = 0;
  for (let i = 0; i < rho.length; i++) if (rho[i]! > 0) entropyChange -= ((change[i]! - (rho[i]! * energyChange) / energy) / energy) * Math.log(rho[i]! / energy);
  return entropyChange / (energyChange / energy);
}

function phaseContrast(psi: ComplexField, { rho, fft }: FieldParts): number | null {
  const concentration = (re: Float64Array, im: Float64Array): number => {
    fft.forward(re, im);
    let sum = 0;
    let squares = 0;
    for (let i = 0; i < re.length; i++) {
      const power = re[i]! ** 2 + im[i]! ** 2;
      sum += power;
      squares += power ** 2;
    }
    return squares / sum ** 2;
  };
  const contrast = Math.log(concentration(psi.re.slice(), psi.im.slice()) / concentration(rho.map(Math.sqrt), new Float64Array(rho.length)));
  return Number.isFinite(contrast) ? contrast : null;
}
