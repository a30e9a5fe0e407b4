/** Bodies, parameters and answers of the API. */
import { z } from 'zod';
import { huntSchema } from '../../config/hunt-schema.ts';
import { simulationSchema } from '../../config/simulation-schema.ts';
import { ROW_ORDERS } from '../hunt/archive-types.ts';
import { ORIGINS } from '../hunt/job.ts';
import { RECORD_KINDS } from '../ledger/query/filter.ts';
import type { ComponentInfo, HubStatus, LedgerPage, Page, SessionAnswer, StartHuntRequest } from './api-types.ts';
import type { HuntSummary, HuntTableRow } from '../hunt/archive-types.ts';

const known = z.number().nullable();
const instant = z.iso.datetime();
const anything = z.record(z.string(), z.unknown());

// What is asked

/** Every parameter of `simulation:` with its range, and none of its defaults: what is left out is as configured. */
const simulation = z.strictObject(Object.fromEntries(Object.entries(simulationSchema.unwrap().shape).map(([name, schema]) => [name, schema.unwrap().optional()]))) as unknown as z.ZodObject<Record<string, z.ZodOptional<z.ZodType<number | string>>>>;

export const startHuntBody = z.strictObject({
  num_generations: z.int().min(1).max(100_000).describe('Generations. Default: hunt.generations.').optional(),
  population_size: z.int().min(1).max(1000).describe('Jobs of a generation. Default: hunt.population.').optional(),
  seed: z.int().min(0).max(2 ** 32 - 1).describe('Of everything drawn at random: the same seed and settings give the same jobs. Default: drawn.').optional(),
  simulation: simulation.describe('Parameters of the simulation that differ from the configuration.').optional(),
  bounds: huntSchema.unwrap().shape.bounds.describe('Which parameters are searched, and where. Default: hunt.bounds.'),
  golden_seeds: z.int().min(0).max(100).describe('Fresh seeds on which the best run has to prove itself.').optional(),
});
void ((request: z.input<typeof startHuntBody>): StartHuntRequest => request as StartHuntRequest);

const rate = z.number().min(0).max(1);
export const steerBody = z
  .strictObject({
    crossover_rate: rate.describe('How often a child has two parents.').optional(),
    mutation_rate: rate.describe('How often a value of a child is changed.').optional(),
    mutation_strength: rate.describe('Size of such a change, in parts of its range.').optional(),
    inject: z.array(z.record(z.string().regex(/^(sncgl|sdg)_[a-z0-9_]+$/, 'must be a parameter that is searched'), z.number())).min(1).max(1000).describe('Values to try in the next generation.').optional(),
  })
  .describe('Counts from the next generation on.');

export const resumeBody = z.strictObject({
  hunt_id: z.string().regex(/^[\w.-]{1,128}$/, 'must be the id of a hunt').describe('Default: the one that is paused, or the newest.').optional(),
  more_generations: z.int().min(1).max(100_000).describe('So many more than it has.').optional(),
});

export const loginBody = z.strictObject({ token: z.string().min(1).max(1024).describe('`rigbrain hub token` shows it.') });

export const huntParams = z.strictObject({ hunt_id: z.string().regex(/^[\w.-]{1,128}$/, 'must be the id of a hunt').describe('Id of a hunt, its beginning, or the name of its folder.') });
export const jobParams = huntParams.extend({ job_uuid: z.uuid('must be the uuid of a job') });
export const fileParams = huntParams.extend({ '*': z.string().min(1).max(512) });
export const deviceParams = z.strictObject({ id: z.string().min(1).max(128).describe('Id of the device.') });

/** A number in a query is text. */
const whole = (low: number, high: number) => z.coerce.number().pipe(z.int().min(low).max(high));
export const rowsQuery = z.strictObject({
  offset: whole(0, 1e9).describe('Rows to pass over.').default(0),
  limit: whole(1, 1000).describe('Rows at most.').default(100),
  order: z.enum(ROW_ORDERS).describe('made: in the order they were made; the others best first.').default('made'),
});
export const fieldQuery = z.strictObject({ layer: z.enum(['density', 'phase', 'omega_sq']).describe('|psi|^2, arg psi in radians, or Omega^2.').default('density') });
export const ledgerQuery = z.strictObject({
  before: whole(1, Number.MAX_SAFE_INTEGER).describe('Only entries with a smaller number: `next_before` of the page before.').optional(),
  limit: whole(1, 500).describe('Entries at most.').default(50),
  kind: z.enum(RECORD_KINDS as [string, ...string[]]).describe('Only entries of this kind.').optional(),
});

// What is answered

export const errorSchema = z.object({
  error: z.object({ code: z.string().describe('Stable, see docs/errors.md.'), message: z.string(), hint: z.string().describe('What to do about it.') }),
  message: z.string().describe('The same message, of a 409.').optional(),
});
export const sessionSchema: z.ZodType<SessionAnswer> = z.strictObject({ authenticated: z.boolean(), version: z.string() });
export const doneSchema = z.strictObject({ status: z.string() });
export const startedSchema = z.strictObject({ status: z.literal('Hunt Started'), hunt_id: z.string() });

export const statusSchema: z.ZodType<HubStatus> = z.strictObject({
  hunt_status: z.string().regex(/^(Idle|Running|Paused|Stopped|Completed|Error: .*)$/s).describe('Idle, Running, Paused, Stopped, Completed or `Error: ...`'),
  last_event: z.string(),
  last_sse: z.string().describe('Six decimals, or `-`.'),
  last_h_norm: z.string().describe('Six decimals, `2.761e-6` below 0.001, or `-`.'),
  last_p_value: z.string().describe('How often scrambled fields score at least as well: four decimals, or `-`.'),
  found_files: z.array(z.string()).describe('Provenance files of the hunt in the order they came; of more than 1000 the newest.'),
  final_result: anything.describe('The best run of a completed hunt: its columns, sncgl_params and sdg_params.'),
  current_gen: known.describe('Counted from 0.'),
  total_gens: known,
  last_job_id: z.string().nullable(),
});

const best = z.strictObject({ job_uuid: z.string(), generation: z.int(), fitness: z.number(), log_prime_sse: known, sdg_h_norm_l2: known, p_value: known });
export const summarySchema: z.ZodType<HuntSummary> = z.strictObject({
  hunt_id: z.string(),
  folder: z.string(),
  created_utc: instant,
  status: z.enum(['idle', 'running', 'pausing', 'paused', 'stopping', 'stopped', 'completed', 'failed']),
  generations_done: z.int(),
  generations: z.int(),
  population: z.int(),
  jobs_done: z.int(),
  jobs_failed: z.int(),
  best: best.nullable(),
  has_golden: z.boolean(),
});
export const huntsSchema = z.strictObject({ hunts: z.array(summarySchema) });
const generation = z.strictObject({
  generation: z.int(),
  jobs: z.int(),
  done: z.int(),
  failed: z.int(),
  best_fitness: known,
  best_sse: known,
  median_sse: known,
  best_h_norm: known,
  median_h_norm: known,
  best_sse_p_value: known,
  median_p_value: known,
  median_null_sse: known,
});
export const detailSchema = z.strictObject({ summary: summarySchema, settings: anything, generations: z.array(generation), golden: anything.nullable(), files: z.array(z.string()) });

const row: z.ZodType<HuntTableRow> = z.strictObject({
  job_uuid: z.string(),
  generation: z.int(),
  origin: z.enum(ORIGINS),
  status: z.enum(['pending', 'ok', 'failed']),
  sentinel_code: known,
  fitness: known,
  log_prime_sse: known,
  sdg_h_norm_l2: known,
  sse_null_phase_scramble: known,
  sse_null_target_shuffle: known,
  p_value: known,
  global_seed: z.int(),
  parent_1: z.string().nullable(),
  parent_2: z.string().nullable(),
  created_utc: instant.nullable(),
  genes: z.record(z.string(), z.number()),
});
export const rowsSchema: z.ZodType<Page<HuntTableRow>> = z.strictObject({ total: z.int(), offset: z.int(), rows: z.array(row) });

export const ledgerSchema: z.ZodType<LedgerPage> = z.strictObject({
  entries: z.array(z.strictObject({ seq: z.int(), at: z.string(), kind: z.string(), summary: z.string(), data: anything })),
  next_before: z.int().nullable(),
});

const component: z.ZodType<ComponentInfo> = z.strictObject({ name: z.string(), version: z.string().nullable(), component_path: z.string(), description: z.string().nullable(), usable: z.boolean(), reason: z.string().nullable(), manifest: anything.nullable() });
export const componentsSchema = z.strictObject({ components: z.array(component) });
