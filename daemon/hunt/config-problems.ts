/** The hunts of the configuration, as `rigbrain check` and a start of the daemon see them. */
import type { RigConfig } from '../../config/schema.ts';
import { nearestOrigin, pathKey, type Origins } from '../../config/origin.ts';
import { configInvalid, type ConfigProblem } from '../../config/problem.ts';
import { huntConfigProblems } from './from-config.ts';

export function huntProblems(config: Pick<RigConfig, 'hunt' | 'simulation'>, origins: Origins): ConfigProblem[] {
  if (!config.hunt.enabled) return [];
  return huntConfigProblems(config).map(({ path, reason, code }) => ({ origin: nearestOrigin(origins, path), path: pathKey(path), reason, suggestion: null, code }));
}

/** @throws RigError E_HUNT_SETTINGS, E_SOLVER_ARGUMENT or E_HUNT_QUEUE that names file, line and key */
export function assertHunts(config: Pick<RigConfig, 'hunt' | 'simulation'>, origins: Origins): void {
  const problems = huntProblems(config, origins);
  if (problems.length > 0) throw configInvalid(problems);
}
