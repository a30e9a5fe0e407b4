/** `hunt:` of the configuration: how parameters are searched, by whom, and what of the machine that may take. */
import { z } from 'zod';
import { PARAMETER_RANGES } from '../kernels/spectral/parameters.ts';
import { secretRef } from './secret-ref.ts';

const GENES = Object.keys(PARAMETER_RANGES).filter((name) => /^(sncgl|sdg)_/.test(name));
const gene = z.strictObject({
  min: z.number().describe('Least value.'),
  max: z.number().describe('Greatest value.'),
  scale: z.enum(['linear', 'log']).default('linear').describe('log: a tenth more counts the same at either end.'),
});

export const huntSchema = z
  .strictObject({
    enabled: z.boolean().default(true).describe('False: no hunts, neither by the hub nor by MQTT.'),
    engine: z.enum(['local', 'bullmq']).default('local').describe('Who simulates: processes of this machine, or `rigbrain hunt worker` on any number of hosts through Redis.'),
    redis: z
      .strictObject({
        url: z.string().regex(/^rediss?:\/\/[^/\s]+(\/\d+)?$/, 'must look like redis://host:6379 or rediss://host:6379/0').refine((url) => !url.includes('@'), 'must not hold credentials; use user and password').describe('redis:// or rediss:// address, without credentials.'),
        user: z.string().describe('User name at Redis.').optional(),
        password: secretRef.describe('Password at Redis, by reference.').optional(),
        ca: z.string().describe('PEM file with the CA to trust instead of the system ones (rediss://).').optional(),
        queue: z.string().regex(/^[A-Za-z0-9_-]{1,64}$/, 'use up to 64 letters, digits, - and _').default('rigbrain-hunt').describe('Name of the queue; hosts with the same name share the work.'),
        lease_seconds: z.number().min(2).max(600).default(30).describe('How long a host may be silent before its job is given to another.'),
        attempts: z.int().min(1).max(20).default(3).describe('How often a job is begun before it counts as failed.'),
      })
      .describe('Redis (or Valkey), for engine: bullmq.')
      .optional(),
    workers: z.int().min(1).max(64).default(1).describe('Jobs at the same time on this machine (engine: bullmq: in all).'),
    cpu_percent: z.int().min(1).max(100).default(100).describe('Part of a core that each job on this machine may take, percent.'),
    nice: z.int().min(0).max(19).default(10).describe('Priority of jobs, 19 = the least. The CPU hasher ranks below all of them; ASICs are never kept waiting.'),
    generations: z.int().min(1).max(100_000).default(10).describe('Generations of a hunt, unless it is started with another number.'),
    population: z.int().min(1).max(1000).default(10).describe('Jobs of a generation, likewise.'),
    crossover_rate: z.number().min(0).max(1).default(0.9).describe('How often a child has two parents.'),
    mutation_rate: z.number().min(0).max(1).default(0.3).describe('How often a value of a child is changed.'),
    mutation_strength: z.number().min(0).max(1).default(0.1).describe('Size of such a change (standard deviation), in parts of its range.'),
    lambda_falsifiability: z.number().min(0).max(10).default(0.1).describe('Weight, in the fitness, of doing better than scrambled fields.'),
    surrogates: z.int().min(1).max(1000).default(32).describe('Scrambled fields each result is compared with; the least p-value is 1 / (surrogates + 1).'),
    golden_seeds: z.int().min(0).max(100).default(5).describe('Fresh seeds on which the best run has to prove itself; 0 = no golden.json.'),
    simulate_timeout_seconds: z.number().min(1).max(86_400).default(600).describe('A simulation that takes longer has failed (code 1004).'),
    validate_timeout_seconds: z.number().min(1).max(86_400).default(300).describe('The same for the validation.'),
    keep_fields: z.int().min(0).max(100_000).default(200).describe("Newest field files kept of a hunt; those of the best runs are always kept. 0 = only those."),
    bounds: z.partialRecord(z.enum(GENES as [string, ...string[]]), gene).describe('Which parameters are searched, and where; all others are those of simulation. Default: nine, see docs/hunt.md.').optional(),
    components: z.string().describe('Folder of analysis components (component_manifest.json each). Default: components in the data folder.').optional(),
  })
  .prefault({})
  .describe('Parameter hunts: an evolutionary search over the simulation.');
