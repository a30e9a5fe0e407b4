/** What one simulation of a hunt is told. */
import { DEFAULT_PARAMETERS, type SdgParameters, type SimulationParameters, type SncglParameters, type SolverParameters } from '../../kernels/spectral/parameters.ts';
import { canonicalJson, sha256Hex } from './canonical-json.ts';

/** What makes a run what it is: the same content gives the same numbers. */
export interface JobContent {
  readonly global_seed: number;
  readonly simulation: SimulationParameters;
  readonly sncgl_params: SncglParameters;
  readonly sdg_params: SdgParameters;
}

/** Where the parameters of a job come from. `reevaluation`: the champion again, with another seed. */
export const ORIGINS = ['uniform', 'crossover', 'mutation', 'steered', 'reevaluation'] as const;
export type Origin = (typeof ORIGINS)[number];

export interface HuntJob extends JobContent {
  /** Given once, when the job is made; files, rows and messages about the job all carry it. */
  readonly job_uuid: string;
  /** SHA-256 of the content's canonical JSON: two jobs with the same are the same run. */
  readonly config_hash: string;
  readonly generation: number;
  readonly origin: Origin;
  readonly parent_1: string | null;
  readonly parent_2: string | null;
}

export const configHash = ({ global_seed, simulation, sncgl_params, sdg_params }: JobContent): string => sha256Hex(canonicalJson({ global_seed, simulation, sncgl_params, sdg_params }));

export const solverParameters = ({ simulation, sncgl_params, sdg_params }: JobContent): SolverParameters => ({ ...simulation, ...sncgl_params, ...sdg_params });

/** The three groups that files keep apart. */
export function contentOf(p: SolverParameters, global_seed: number): JobContent {
  const group = <T extends object>(isMember: (key: string) => boolean): T => Object.fromEntries(Object.keys(DEFAULT_PARAMETERS).filter(isMember).map((key) => [key, p[key as keyof SolverParameters]])) as T;
  return {
    global_seed,
    simulation: group<SimulationParameters>((key) => !key.startsWith('sncgl_') && !key.startsWith('sdg_')),
    sncgl_params: group<SncglParameters>((key) => key.startsWith('sncgl_')),
    sdg_params: group<SdgParameters>((key) => key.startsWith('sdg_')),
  };
}
