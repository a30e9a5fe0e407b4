import type { HuntEvent } from '../hunt/hunt.ts';
import type { HuntNews } from './api-types.ts';

/** An event of a hunt in a line for the live stream; null for what only the state tells, like progress. */
export function huntNews(event: HuntEvent, huntId: string | null, at: number): HuntNews | null {
  const news = (kind: HuntNews['kind'], message: string, job_uuid: string | null = null): HuntNews => ({ kind, hunt_id: huntId ?? '', message, at, job_uuid });
  switch (event.kind) {
    case 'state':
      return news('state', `the hunt is ${event.state}`);
    case 'generation':
      return news('generation', `generation ${event.generation} begins with ${event.jobs.length} jobs`);
    case 'job-started':
      return news('job-started', `job ${event.job.job_uuid} begins`, event.job.job_uuid);
    case 'job-ended': {
      const { result, job } = event.row;
      const score = result?.log_prime_sse;
      const words = typeof score === 'number' ? `scores ${score.toFixed(6)} (p = ${result?.p_value?.toFixed(4) ?? '-'})` : `failed with code ${result?.sentinel_code ?? '-'}`;
      return news('job-ended', `job ${job.job_uuid} ${words}`, job.job_uuid);
    }
    case 'golden':
      return news('golden', `job ${event.golden.source_job_uuid} is the champion`, event.golden.source_job_uuid);
    case 'job-progress':
      return null;
  }
}
