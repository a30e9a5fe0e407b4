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
  const lines = rows.map((row) => {
    const fields = rowFields(row);
    return columns.map((column) => cell(fields[column])).join(',');
  });
  return `${[columns.join(','), ...lines].join('\n')}\n`;
}

/** The columns of a row by name; `null` = not known. */
export function rowFields({ job, result }: HuntRow): Record<string, unknown> {
  const { simulation: _, sncgl_params, sdg_params, ...own } = job;
  return { ...sncgl_params, ...sdg_params, ...own, status: 'pending', ...NO_RESULT, ...result };
}

const NO_RESULT = { sentinel_code: null, fitness: null, log_prime_sse: null, sdg_h_norm_l2: null, sse_null_phase_scramble: null, sse_null_target_shuffle: null, p_value: null, created_utc: null };

function cell(value: unknown): string {
  const text = value === null || value === undefined ? '' : String(value);
  return /[",\n\r]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
