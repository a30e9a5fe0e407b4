import { setImmediate as nextTurn } from 'node:timers/promises';
import type { HuntRow } from './record.ts';

const FIXED = ['job_uuid', 'generation', 'status', 'sentinel_code', 'fitness', 'log_prime_sse', 'sdg_h_norm_l2', 'sse_null_phase_scramble', 'sse_null_target_shuffle', 'p_value', 'global_seed'] as const;
const LAST = ['parent_1', 'parent_2', 'origin', 'config_hash', 'created_utc'] as const;
/** Rows between two turns of others. */
const PIECE = 500;

/**
 * `simulation_ledger.csv` (RFC 4180, LF): a line a job in the order they were made, an empty field for what is not known.
 * `status` is `pending`, `ok` or `failed`; all numeric parameters have a column each, searched or not.
 */
export function ledgerCsv(rows: readonly HuntRow[]): string {
  const columns = columnsOf(rows);
  return `${columns.join(',')}\n${linesOf(rows, columns)}`;
}

/** The same, a piece at a time: whoever mines on this thread has its turn between. */
export async function ledgerCsvBytes(rows: readonly HuntRow[]): Promise<Buffer> {
  const own = [...rows];
  const columns = columnsOf(own);
  const pieces = [Buffer.from(`${columns.join(',')}\n`)];
  for (let from = 0; from < own.length; from += PIECE) {
    pieces.push(Buffer.from(linesOf(own.slice(from, from + PIECE), columns)));
    await nextTurn();
  }
  return Buffer.concat(pieces);
}

function columnsOf(rows: readonly HuntRow[]): string[] {
  const parameters = rows.length === 0 ? [] : Object.keys({ ...rows[0]!.job.sncgl_params, ...rows[0]!.job.sdg_params });
  return [...FIXED, ...parameters, ...LAST];
}

function linesOf(rows: readonly HuntRow[], columns: readonly string[]): string {
  return rows
    .map(({ job, result }) => {
      const fields: Record<string, unknown> = { ...job.sncgl_params, ...job.sdg_params, ...job, status: 'pending', ...result };
      return `${columns.map((column) => cell(fields[column])).join(',')}\n`;
    })
    .join('');
}

function cell(value: unknown): string {
  const text = value === null || value === undefined ? '' : String(value);
  return /[",\n\r]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
