/** What coordinators and workers of hunts must agree on: names in Redis, what a job carries, what a result may be. */
import { z } from 'zod';
import { checkParameters } from '../../../kernels/spectral/parameters.ts';
import { RigError } from '../../../protocol/common/errors.ts';
import { version } from '../../version.ts';
import { configHash, ORIGINS, solverParameters, type HuntJob } from '../job.ts';
import { provenanceSchema, PROVENANCE_VERSION, sdgSchema, simulationSchema, sncglSchema, type Provenance } from '../provenance.ts';
import { MOST_JOBS } from '../settings.ts';
import { ANALYSIS_PROTOCOL } from '../validator/validate.ts';

/** Of the messages below. */
const MESSAGES = 1;

/**
 * Hosts with the same contract give the same numbers for the same job. Jobs of one contract are in a queue of their own, so that
 * a host with another version never sees them.
 */
export const huntContract = (): string => `${version()}/${ANALYSIS_PROTOCOL}/provenance-${PROVENANCE_VERSION}/${MESSAGES}`;

/** A field of 64^3 points has 8.4 MB. */
export const MOST_FIELD_BYTES = 16 * 1024 * 1024;
/** A provenance has some kilobytes. */
export const MOST_RESULT_BYTES = 256 * 1024;
/** How long results wait in Redis for a coordinator that is gone. */
export const RESULT_TTL_SECS = 7 * 86_400;
/** How long a host counts as there without a word, and how often it says one. */
export const PRESENCE_TTL_MS = 10_000;
export const BEAT_MS = 2_000;

/** Names in Redis. @param queue as configured */
export function queueNames(queue: string, contract: string): { readonly prefix: string; readonly queue: string; readonly presence: string; field(uuid: string, sha256: string): string; cancel(uuid: string): string } {
  return {
    prefix: queue,
    queue: contract.replaceAll(/[^A-Za-z0-9._-]/g, '_'),
    // One for all contracts, so that each side can say why the other is no help.
    presence: `${queue}:presence`,
    // With the hash: what a host sends that lost its lease does not replace what was taken.
    field: (uuid, sha256) => `${queue}:field:${uuid}:${sha256}`,
    cancel: (uuid) => `${queue}:cancel:${uuid}`,
  };
}

const deadline = z.number().min(1).max(86_400_000);
const jobSchema = z.object({
  job_uuid: z.uuid(),
  config_hash: z.string(),
  generation: z.int().min(0),
  origin: z.enum(ORIGINS),
  parent_1: z.uuid().nullable(),
  parent_2: z.uuid().nullable(),
  global_seed: z.int().min(0),
  simulation: simulationSchema,
  sncgl_params: sncglSchema,
  sdg_params: sdgSchema,
});
const taskSchema = z.object({
  contract: z.string(),
  hunt_id: z.uuid(),
  surrogates: z.int().min(1).max(MOST_JOBS),
  simulate_deadline_ms: deadline,
  validate_deadline_ms: deadline,
  attempts: z.int().min(1).max(20),
  job: jobSchema,
});
/** What a job in the queue carries. */
export type QueueTask = z.infer<typeof taskSchema>;

/** Of what a worker took from the queue. @throws RigError E_HUNT_QUEUE for what is no job of this contract */
export function readTask(data: unknown, contract: string): QueueTask & { readonly job: HuntJob } {
  const refused = (why: string): RigError => new RigError('E_HUNT_QUEUE', `the job is refused: ${why}`);
  const theirs = (data as { contract?: unknown } | null)?.contract;
  if (theirs !== contract) throw refused(`it is of contract ${String(theirs)}, and this host has ${contract}; install the same version of Rigbrain on all hosts`);
  const read = taskSchema.safeParse(data);
  if (!read.success) throw refused(z.prettifyError(read.error));
  const { job } = read.data;
  if (configHash(job) !== job.config_hash) throw refused('its config_hash is not that of its parameters');
  try {
    checkParameters(solverParameters(job));
  } catch (error) {
    throw refused((error as Error).message);
  }
  return read.data;
}

/** Of what a worker sent, or why it cannot be believed. Everything the coordinator knows itself is its own. */
export function readResult(result: unknown, job: HuntJob, huntId: string): Provenance | string {
  if (JSON.stringify(result ?? null).length > MOST_RESULT_BYTES) return 'it is too large';
  const read = provenanceSchema.safeParse(result);
  if (!read.success) return z.prettifyError(read.error);
  const { data } = read;
  if (data.job_uuid !== job.job_uuid || data.config_hash !== job.config_hash) return 'it is of another job';
  if (data.solver_contract.version !== version()) return `it was made by version ${data.solver_contract.version}`;
  const { generation, origin, parent_1, parent_2, global_seed, simulation, sncgl_params, sdg_params } = job;
  return { ...data, hunt_id: huntId, generation, origin, parent_1, parent_2, global_seed, simulation: { ...simulation, integrator: 'ETDRK4' }, sncgl_params, sdg_params };
}
