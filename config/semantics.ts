/** Rules between keys, which the schema of each key cannot see. */
import { nearestOrigin, pathKey, type ConfigPath, type Origins } from './origin.ts';
import type { ConfigProblem } from './problem.ts';
import type { RigConfig } from './schema.ts';

export function semanticProblems(config: RigConfig, origins: Origins): ConfigProblem[] {
  const problems: ConfigProblem[] = [];
  const report = (path: ConfigPath, reason: string) => problems.push({ origin: nearestOrigin(origins, path), path: pathKey(path), reason, suggestion: null });

  for (const list of ['pools', 'devices'] as const) {
    const seen = new Map<string, number>();
    config[list].forEach(({ id }, index) => {
      if (id === undefined) return;
      const first = seen.get(id);
      if (first === undefined) seen.set(id, index);
      else report([list, index, 'id'], `the same id as ${list}.${first}; ids must be different`);
    });
  }
  config.pools.forEach((pool, index) => {
    if (pool.cookie_file !== undefined && pool.password !== undefined) report(['pools', index, 'cookie_file'], 'give either cookie_file or user and password, not both');
    if (pool.tls?.insecure === true && pool.tls.fingerprint_sha256 !== undefined) report(['pools', index, 'tls', 'insecure'], 'a pinned fingerprint and insecure exclude each other');
  });
  return problems;
}
