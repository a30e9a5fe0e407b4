import type { Work } from '../contract.ts';

interface Job {
  readonly work: Work;
  readonly versions: readonly number[];
}

export type JobOfNonce =
  | { readonly kind: 'work'; readonly workId: number; readonly version: number }
  /** A job without work that opened a core. */
  | { readonly kind: 'opening' }
  | { readonly kind: 'unknown' };

/** Which work stands behind the ids on the wire. An id is used again after all others. */
export class JobTable {
  readonly #jobs: (Job | 'opening')[];
  #next = 0;
  #newest: Work | null = null;

  constructor(places: number) {
    this.#jobs = new Array<Job | 'opening'>(places).fill('opening');
  }

  get newest(): Work | null {
    return this.#newest;
  }

  /** @returns the place its id stands for */
  add(work: Work, versions: readonly number[]): number {
    const place = this.#next;
    this.#next = (place + 1) % this.#jobs.length;
    this.#jobs[place] = { work, versions };
    this.#newest = work;
    return place;
  }

  find({ place, slot }: { readonly place: number; readonly slot: number }): JobOfNonce {
    const job = this.#jobs[place];
    if (job === 'opening') return { kind: 'opening' };
    const version = job?.versions[slot];
    return job === undefined || version === undefined ? { kind: 'unknown' } : { kind: 'work', workId: job.work.id, version };
  }

  /** As after a start: every id may still come from the opening of the cores. */
  clear(): void {
    this.#jobs.fill('opening');
    this.#newest = null;
  }
}
