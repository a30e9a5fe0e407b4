/** The devices' drivers and options, as `rigbrain check` sees them. Nothing is opened. */
import { deviceProblems } from '../../../config/device-options.ts';
import type { LoadedConfig } from '../../../config/load.ts';
import { formatProblem, sortProblems, type ConfigProblem } from '../../../config/problem.ts';
import type { CheckFinding } from './check-finding.ts';
import { knownDrivers } from './drivers.ts';

/** What is wrong with the devices of a configuration. */
export async function configuredDeviceProblems(loaded: Pick<LoadedConfig, 'config' | 'origins'>): Promise<ConfigProblem[]> {
  const known = await knownDrivers();
  const schemas = new Map(known.map(({ id, descriptor }) => [id, descriptor?.options ?? null] as const));
  return deviceProblems(loaded.config.devices, loaded.origins, schemas);
}

export async function deviceFindings(loaded: LoadedConfig): Promise<CheckFinding[]> {
  const problems = await configuredDeviceProblems(loaded);
  return sortProblems(problems).map((problem) => ({ severity: 'error', code: 'E_CONFIG_INVALID', message: formatProblem(problem) }));
}
