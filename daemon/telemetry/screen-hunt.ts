/** The parameter hunt on the status screen. */
import { huntOutcome, pText } from '../hunt/words.ts';
import type { HuntTelemetry } from './state.ts';
import { formatDuration } from './units.ts';

/** @param plain makes text from outside harmless @returns nothing when hunts are off, or there was none */
export function huntLines(hunt: HuntTelemetry | null, plain: (text: string) => string): string[] {
  if (hunt === null || hunt.status === 'idle') return [];
  const { status, reason, generation, generations, jobs_done, jobs_total, jobs_failed, eta_secs, best, last_sse, last_p_value } = hunt;
  const parts = [
    status,
    ...(generation === null ? [] : [`generation ${generation + 1} of ${generations ?? '?'}`]),
    `${jobs_done} of ${jobs_total ?? '?'} jobs${jobs_failed > 0 ? ` (${jobs_failed} failed)` : ''}`,
    ...(eta_secs === null ? [] : [`${formatDuration(eta_secs)} left`]),
    ...(status === 'running' && last_sse !== null ? [`last SSE ${last_sse.toPrecision(4)} (p ${pText(last_p_value)})`] : []),
    ...(reason === null ? [] : [plain(reason)]),
  ];
  return [`hunt       ${parts.join('   ')}`, ...(best === null ? [] : [`           ${huntOutcome(hunt)}`])];
}
