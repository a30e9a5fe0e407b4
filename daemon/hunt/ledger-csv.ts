import type { HuntRow } from './hunter.ts';

const FIXED = ['job_uuid', 'generation', 'status', 'sentinel_code', 'fitness', 'log_prime_sse', 'sdg_h_norm_l2', 'sse_null_phase_scramble', 'sse_null_target_shuffle', 'p_value', 'global_seed'] as const;
const LAST = ['parent_1', 'parent_2', 'origin', 'config_hash', 'created_utc'] as const;

/**
 * `simulation_ledger.csv` (RFC 4180, LF): a line a job in the order they were made, an empty field for what is not known.
 * `status` is `pending`, `ok` or `failed`; all numeric parameters have a column each, searched or not.
 */
export function ledgerCsv(rows: readonly HuntRow[]): string {
  const parameters = rows.length === 0 ? [] : Object.keys({ ...rows[0]!.job.sncgl_params, ...rows[0]!.job.sdg_params });
  const columns = [...FIXED, ...parameters, ...LAST];
  const lines = rows.map(({ job, result }) => {
    const fields: Record<string, unknown> = { ...job.sncgl_params, ...job.sdg_params, ...job, status: 'pending', ...result };
    return columns.map((column) => cell(fields[column])).join(',');
  });
  return `${[columns.join(','), ...lines].join('\n')}\n`;
}

function cell(value: unknown): string {
  const text = value === null || value === undefined ? '' : String(value);
  return /[",\n\r]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
