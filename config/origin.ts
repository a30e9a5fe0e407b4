/**
 * Where each value of the configuration came from. Paths are dotted, list items by index: `pools.0.url`.
 */

export type Origin =
  | { readonly kind: 'default' }
  | { readonly kind: 'file'; readonly file: string; readonly line: number; readonly column: number }
  | { readonly kind: 'env'; readonly name: string }
  | { readonly kind: 'flag'; readonly flag: string };

/** Origin of every value that somebody set; what is not in it is a default. */
export type Origins = ReadonlyMap<string, Origin>;

export type ConfigPath = readonly (string | number)[];

export const DEFAULT_ORIGIN: Origin = { kind: 'default' };

/** The key of a path in `Origins`. */
export function pathKey(path: ConfigPath): string {
  return path.join('.');
}

/** Origin of exactly this value. */
export function originOf(origins: Origins, path: ConfigPath): Origin {
  return origins.get(pathKey(path)) ?? DEFAULT_ORIGIN;
}

/** Origin of the value, or of the nearest thing around it that somebody wrote: where to point for a missing key. */
export function nearestOrigin(origins: Origins, path: ConfigPath): Origin {
  for (let length = path.length; length > 0; length--) {
    const found = origins.get(pathKey(path.slice(0, length)));
    if (found !== undefined) return found;
  }
  return origins.get('') ?? DEFAULT_ORIGIN;
}

/** `config/rig.yaml:12:3`, `environment RIGBRAIN_MQTT__URL`, `flag --zeros` or `default`. */
export function describeOrigin(origin: Origin): string {
  switch (origin.kind) {
    case 'default':
      return 'default';
    case 'file':
      return `${origin.file}:${origin.line}:${origin.column}`;
    case 'env':
      return `environment ${origin.name}`;
    case 'flag':
      return `flag ${origin.flag}`;
  }
}
