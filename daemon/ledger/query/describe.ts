import { isObject } from '../../../protocol/common/json.ts';
import type { JsonObject } from '../../brainstem/contract.ts';
import { localIso } from '../../brainstem/local-iso.ts';
import type { LedgerRecord } from '../journal/record.ts';
import { entryOf } from './filter.ts';

/** How an entry went, as far as a colour can say it. */
export type Tone = 'good' | 'bad' | 'block' | 'plain';

/** A record for a person: the words of one line. */
export interface Description {
  /** `2026-11-20 14:50:00 -06:00` */
  readonly time: string;
  readonly kind: string;
  readonly id: string;
  readonly tone: Tone;
  /** The fields that matter, in words. */
  readonly detail: string;
}

/** Fields that say what happened, in the order they are read; then those that say where. */
const WHAT: readonly string[] = ['status', 'verdict', 'verdict_reason', 'reason', 'plain_reason', 'verification_status', 'event', 'error_type', 'severity', 'message', 'mode'];
const WHERE: readonly string[] = ['worker', 'shares_accepted', 'shares_rejected', 'block_height', 'leading_zeros', 'difficulty', 'share_difficulty', 'pool', 'session', 'miner_id', 'latency_ms', 'round_number', 'attempts_this_round', 'best_difficulty', 'blocks_found'];
const SHORT_NAMES: Readonly<Record<string, string>> = { shares_accepted: 'accepted', shares_rejected: 'rejected', block_height: 'height', leading_zeros: 'zeros', share_difficulty: 'wanted', miner_id: 'miner', latency_ms: 'answered_ms', round_number: 'round', attempts_this_round: 'attempts', best_difficulty: 'best' };
const MAX_VALUE_CHARS = 160;
const GOOD = new Set(['accepted', 'mined', 'verified']);
const BAD = new Set(['rejected', 'stale', 'failed', 'error', 'fatal', 'critical']);

export function describe(record: LedgerRecord): Description {
  const entry = entryOf(record);
  const iso = localIso(record.at, record.zone);
  const component = record.kind === 'system_report' || record.kind === 'error_report' ? [record.category] : [];
  const what = WHAT.flatMap((key) => shown(entry[key]));
  const where = WHERE.flatMap((key) => shown(entry[key]).map((value) => `${SHORT_NAMES[key] ?? key}=${value}`));
  const block = entry.is_block === true ? ['BLOCK'] : [];
  const words = [...component, ...block, ...new Set(what), ...where];
  return { time: `${iso.slice(0, 10)} ${iso.slice(11, 19)} ${iso.slice(23)}`, kind: record.kind, id: printable(record.id), tone: toneOf(entry, record), detail: words.join(' ') };
}

function toneOf(entry: JsonObject, record: LedgerRecord): Tone {
  if (entry.is_block === true) return 'block';
  const response = isObject(entry.network_response) ? entry.network_response.status : undefined;
  const states = [entry.status, entry.verdict, response, entry.severity].filter((state) => typeof state === 'string');
  if (record.kind === 'rejection' || record.kind === 'look_at' || states.some((state) => BAD.has(state))) return 'bad';
  return states.some((state) => GOOD.has(state)) ? 'good' : 'plain';
}

function shown(value: unknown): string[] {
  if (typeof value === 'number') return [String(Number.isInteger(value) ? value : Number(value.toPrecision(6)))];
  if (typeof value === 'boolean') return [String(value)];
  return typeof value === 'string' && value !== '' ? [printable(value)] : [];
}

/** What a pool or a device sent may hold codes that a terminal obeys: they are shown as `?`, and long texts are cut. */
function printable(text: string): string {
  const safe = text.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, '?');
  return safe.length <= MAX_VALUE_CHARS ? safe : `${safe.slice(0, MAX_VALUE_CHARS - 1)}…`;
}
