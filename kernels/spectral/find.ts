import { findAddon } from '../loader.ts';
import type { Addon } from '../native/addon.ts';

/** The native addon with the solver's kernels, or why there is none: an addon built before there were any counts as none. */
export function findSpectralAddon(root?: string): { readonly addon: Addon | null; readonly problems: readonly string[] } {
  const { addon, from, problems } = findAddon(root);
  if (addon === null) return { addon, problems };
  const able = typeof (addon as Partial<Addon>).spectralKernels === 'function';
  return able ? { addon, problems } : { addon: null, problems: [`${from}: it was built before the solver; run npm run build:native`] };
}
