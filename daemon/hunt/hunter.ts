import path from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { RigError } from '../../protocol/common/errors.ts';
import type { Disk } from '../ledger/disk/disk.ts';
import { isMissing } from '../ledger/disk/disk.ts';
import { readWhole, writeWhole } from '../ledger/disk/files.ts';
import { breed, byFitness, elitesOf, randomOf, type Child } from './breeding.ts';
import { fitnessOf } from './fitness.ts';
import { geneNames, genesKey, type Genes } from './genes.ts';
import { configHash, contentOf, type HuntJob } from './job.ts';
import { Journal } from './journal.ts';
import { ledgerCsvBytes } from './ledger-csv.ts';
import { provenanceName, readProvenance, type Provenance } from './provenance.ts';
import { HuntRecord, type FinishedRow, type HuntEntry, type HuntResult, type HuntRow, type Steering } from './record.ts';
import { checkRates, checkSettings, MOST_GENERATIONS, MOST_JOBS, type HuntSettings } from './settings.ts';

export type { FinishedRow, HuntResult, HuntRow, Steering } from './record.ts';

export interface HunterOptions {
  readonly disk: Disk;
  /** Of this hunt alone: `journal.jsonl`, `simulation_ledger.csv`, `provenance/`, `fields/`, `golden.json`. */
  readonly folder: string;
  readonly now: () => number;
  readonly newUuid: () => string;
  /** Of a new hunt. Default: a new one. */
  readonly huntId?: string | undefined;
}

/** Jobs made at once. */
const PIECE = 100;
/** Part of its rows that the CSV may be behind. */
const NEWS_PART = 0.05;

export const JOURNAL_NAME = 'journal.jsonl';
export const LEDGER_NAME = 'simulation_ledger.csv';
export const PROVENANCE_FOLDER = 'provenance';

/**
 * The memory and the choice of a hunt. Every step is in the journal before anybody acts on it, so that a hunt goes on
 * after a kill at any moment with the same jobs: a generation is written down with its uuids before the first of them runs,
 * and a job with a result never runs again.
 */
export class Hunter {
  readonly #options: HunterOptions;
  readonly #journal: Journal<HuntEntry>;
  readonly #record = new HuntRecord();
  /** Jobs and results that the CSV does not have yet. */
  #news = 0;

  private constructor(options: HunterOptions) {
    this.#options = options;
    this.#journal = new Journal(options.disk, path.join(options.folder, JOURNAL_NAME));
  }

  /**
   * Opens the hunt of a folder, or begins one there.
   * @param settings of a new hunt; left out: there must be one. One that is there keeps its own.
   * @throws RigError E_HUNT_SETTINGS, E_HUNT_JOURNAL; the disk's error
   */
  static async open(options: HunterOptions, settings?: HuntSettings): Promise<Hunter> {
    const hunter = new Hunter(options);
    try {
      for (const entry of await hunter.#journal.open()) hunter.#record.apply(entry);
      if (hunter.huntId === '') {
        if (settings === undefined) throw new RigError('E_HUNT_SETTINGS', `there is no hunt in ${options.folder}`, { context: { folder: options.folder } });
        checkSettings(settings);
        await hunter.#write({ type: 'hunt', hunt_id: options.huntId ?? options.newUuid(), created_utc: new Date(options.now()).toISOString(), settings });
      }
      await hunter.#adopt();
      await hunter.writeLedger();
      return hunter;
    } catch (error) {
      await hunter.#journal.close();
      throw error;
    }
  }

  get huntId(): string {
    return this.#record.huntId;
  }

  get settings(): HuntSettings {
    return this.#record.settings;
  }

  /** Generations the hunt is to have in all. */
  get targetGenerations(): number {
    return this.#record.target;
  }

  /** All jobs in the order they were made. */
  get rows(): readonly HuntRow[] {
    return this.#record.rows;
  }

  /** Number of the generation that is under way, or of the next when all jobs have ended. */
  getCurrentGeneration(): number {
    return this.pendingJobs().some(({ origin }) => origin !== 'reevaluation') ? this.#record.generations - 1 : this.#record.generations;
  }

  /** Jobs without a result, in order. */
  pendingJobs(): HuntJob[] {
    return this.rows.filter(({ result }) => result === null).map(({ job }) => job);
  }

  /** So many generations in all. @throws RigError E_HUNT_SETTINGS unless it is more than there are */
  async setTarget(generations: number): Promise<void> {
    if (!Number.isInteger(generations) || generations < this.#record.generations || generations > MOST_GENERATIONS) throw new RigError('E_HUNT_SETTINGS', `num_generations: must be a whole number from ${this.#record.generations} to ${MOST_GENERATIONS} in all (it is ${generations})`, { context: { field: 'num_generations' } });
    if (generations !== this.#record.target) await this.#write({ type: 'target', generations });
  }

  /** @throws RigError E_HUNT_SETTINGS that names the field */
  async steer(steering: Steering): Promise<void> {
    checkRates(steering);
    const { bounds, population_size } = this.settings;
    if ((steering.inject?.length ?? 0) + this.#record.injected.length > population_size) throw new RigError('E_HUNT_SETTINGS', `inject: a generation has ${population_size} jobs, ${this.#record.injected.length} of them given already`, { context: { field: 'inject' } });
    for (const genes of steering.inject ?? []) {
      for (const [gene, value] of Object.entries(genes)) {
        const range = bounds[gene as keyof typeof bounds];
        if (range === undefined || !(value >= range.min && value <= range.max)) throw new RigError('E_HUNT_SETTINGS', `inject.${gene}: ${range === undefined ? 'this hunt does not search it' : `must be from ${range.min} to ${range.max} (it is ${value})`}`, { context: { field: `inject.${gene}` } });
      }
    }
    await this.#write({ type: 'steer', steering });
  }

  /** Parameters of the next generation: drawn from everywhere in the first, then bred of the last one and the elite of all. Writes nothing. */
  getNextGeneration(count = this.settings.population_size): Child[] {
    if (!Number.isInteger(count) || count < 1 || count > MOST_JOBS) throw new RigError('E_HUNT_SETTINGS', `population_size: must be a whole number from 1 to ${MOST_JOBS} (it is ${count})`);
    const { bounds } = this.settings;
    const finished = this.#searched().map(({ job, genes, result }) => ({ job_uuid: job.job_uuid, genes, fitness: result.fitness, generation: job.generation }));
    const elite = elitesOf(finished, this.settings.population_size);
    const pool = finished.filter((row) => row.generation === this.#record.generations - 1 || elite.includes(row));
    const middle = Object.fromEntries(geneNames(bounds).map((gene) => [gene, (bounds[gene]!.min + bounds[gene]!.max) / 2])) as Genes;
    const steered: Child[] = this.#record.injected.slice(0, count).map((genes) => ({ genes: { ...middle, ...elite[0]?.genes, ...genes }, origin: 'steered', parent_1: null, parent_2: null }));
    const known = new Set([...this.#record.known, ...steered.map(({ genes }) => genesKey(genes))]);
    return [...steered, ...breed(count - steered.length, pool, this.#record.breeding, randomOf(this.settings.seed, this.#record.generations), known)];
  }

  /** Makes jobs of the children and writes them down as the next generation. @throws RigError E_HUNT_SETTINGS while one is under way */
  async registerNewJobs(children: readonly Child[]): Promise<HuntJob[]> {
    if (this.pendingJobs().length > 0) throw new RigError('E_HUNT_SETTINGS', 'the last generation has not ended');
    // The seeds of the runs: not the numbers that the children were drawn from.
    const random = randomOf(this.settings.seed ^ 0x5eed5eed, this.#record.generations);
    const jobs: HuntJob[] = [];
    for (const { genes, origin, parent_1, parent_2 } of children) {
      // A generation may have a thousand, and whoever mines on this thread has its turn between.
      if (jobs.length % PIECE === 0) await nextTurn();
      jobs.push(this.#job(genes, random.bits(), { generation: this.#record.generations, origin, parent_1, parent_2 }));
    }
    await this.#write({ type: 'jobs', jobs, golden: false });
    await this.updateLedger();
    return jobs;
  }

  /** Jobs that run one row's parameters again, on other seeds. */
  async registerReevaluation({ job, genes }: HuntRow, count = this.settings.golden_seeds): Promise<HuntJob[]> {
    const random = randomOf(this.settings.seed ^ 0x601d, this.#record.rows.length);
    const jobs = Array.from({ length: count }, () => this.#job(genes, random.bits(), { generation: job.generation, origin: 'reevaluation', parent_1: job.job_uuid, parent_2: null }));
    if (jobs.length > 0) await this.#write({ type: 'jobs', jobs, golden: true });
    await this.updateLedger();
    return jobs;
  }

  /** Takes over what a job's provenance says. A job that has a result keeps it. @throws RigError E_HUNT_SETTINGS for a job of another hunt */
  async processResult(provenance: Provenance): Promise<HuntRow> {
    const row = this.#record.row(provenance.job_uuid);
    if (row === undefined || row.job.config_hash !== provenance.config_hash) throw new RigError('E_HUNT_SETTINGS', `job ${provenance.job_uuid} is none of this hunt`, { context: { job_uuid: provenance.job_uuid } });
    if (row.result === null) await this.#write({ type: 'result', job_uuid: provenance.job_uuid, result: this.#resultOf(provenance) });
    return this.#record.row(provenance.job_uuid)!;
  }

  /** Takes over the provenance files of these jobs, where there are any. @returns jobs that have none */
  async processGenerationResults(jobUuids: readonly string[]): Promise<string[]> {
    const missing: string[] = [];
    for (const uuid of jobUuids) {
      const provenance = await this.readProvenance(uuid);
      if (provenance === null) missing.push(uuid);
      else await this.processResult(provenance);
    }
    return missing;
  }

  /** The fittest of all that have a score; null while there is none. Re-evaluations are no candidates: they are its judges. */
  getBestRun(): FinishedRow | null {
    return this.candidates()[0] ?? null;
  }

  /** All that have a score, fittest first. */
  candidates(): FinishedRow[] {
    return byFitness(this.#searched().filter(({ result }) => result.fitness > 0).map((row) => ({ row, fitness: row.result.fitness }))).map(({ row }) => row);
  }

  /** Null when the file is not there or is no provenance of this job. */
  async readProvenance(jobUuid: string): Promise<Provenance | null> {
    try {
      const found = readProvenance((await readWhole(this.#options.disk, path.join(this.#options.folder, PROVENANCE_FOLDER, provenanceName(jobUuid)))).toString('utf8'));
      return found?.job_uuid === jobUuid && found.config_hash === this.#record.row(jobUuid)?.job.config_hash ? found : null;
    } catch (error) {
      if (isMissing(error)) return null;
      throw error;
    }
  }

  /** `simulation_ledger.csv` anew from the journal. */
  async writeLedger(): Promise<void> {
    const news = this.#news;
    await writeWhole(this.#options.disk, path.join(this.#options.folder, LEDGER_NAME), await ledgerCsvBytes(this.rows));
    this.#news -= news;
  }

  /** The same when there is news enough for it: written whole at every generation, a long hunt would wear out a card with it. */
  async updateLedger(): Promise<void> {
    if (this.#news >= NEWS_PART * this.rows.length) await this.writeLedger();
  }

  async close(): Promise<void> {
    await this.#journal.close();
  }

  /** A job may have left its provenance right before the end, with nobody to write the result down. */
  async #adopt(): Promise<void> {
    await this.processGenerationResults(this.pendingJobs().map(({ job_uuid }) => job_uuid));
  }

  #searched(): FinishedRow[] {
    return this.rows.filter((row): row is FinishedRow => row.result !== null && row.job.origin !== 'reevaluation');
  }

  #job(genes: Genes, seed: number, of: Pick<HuntJob, 'generation' | 'origin' | 'parent_1' | 'parent_2'>): HuntJob {
    const content = contentOf({ ...this.settings.parameters, ...genes }, seed);
    return { job_uuid: this.#options.newUuid(), config_hash: configHash(content), ...of, ...content };
  }

  #resultOf({ status, sentinel_code, metrics, created_utc }: Provenance): HuntResult {
    const { log_prime_sse, sdg_h_norm_l2, sse_null_phase_scramble, sse_null_target_shuffle, p_value } = metrics;
    const fitness = fitnessOf({ sentinel_code, log_prime_sse, sdg_h_norm_l2, sse_null_phase_scramble }, this.settings.lambda_falsifiability);
    return { status, sentinel_code, fitness, log_prime_sse, sdg_h_norm_l2, sse_null_phase_scramble, sse_null_target_shuffle, p_value, created_utc };
  }

  /** To the disk first, then to memory: nobody knows what the disk may not. */
  async #write(entry: HuntEntry): Promise<void> {
    await this.#journal.append(entry);
    this.#news += entry.type === 'jobs' ? entry.jobs.length : 1;
    this.#record.apply(entry);
  }
}
