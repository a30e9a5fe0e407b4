/** The pools of the status screen: the one that is mined for first, then what the others are to the rig and why. */
import { HASHES_AT_DIFFICULTY_ONE } from '../../protocol/bitcoin/target.ts';
import type { PayoutState, PoolAccountState, PoolTelemetry, RigState } from './state.ts';
import { formatDifficulty, formatDuration, formatSi } from './units.ts';

const INDENT = ' '.repeat(11);

/** @param plain makes text from outside harmless */
export function poolLines({ node, mining, pools }: RigState, plain: (text: string) => string): string[] {
  const now = node.started_at + node.uptime_secs * 1000;
  const active = pools.find(({ id }) => id === mining.pool);
  if (active === undefined) return ['pool       none', ...pools.map((pool) => INDENT + plain(standing(pool, now)))];
  const { id, url, user, difficulty } = active;
  const lines = [`pool       ${id}   ${url}   ${user ?? ''}`, `${INDENT}difficulty ${formatDifficulty(difficulty)}${expectation(difficulty, mining.hashrate_hs)}`];
  lines.push(...accountLines(active.account));
  if (active.payout !== null) lines.push(INDENT + plain(payoutWords(active.payout)));
  // One pool alone has nothing to be chosen from.
  if (pools.length > 1) lines.push(...pools.map((pool) => INDENT + plain(standing(pool, now))));
  return lines;
}

/** `backup: down 1m 20s, 25 % of work: no answer`: so short because the reason comes last and must fit into 80 columns. */
function standing({ id, role, role_since, role_reason, work_share }: PoolTelemetry, now: number): string {
  const since = formatDuration(Math.max(0, Math.floor((now - role_since) / 1000)));
  const share = work_share === null || work_share === 0 ? '' : `, ${(work_share * 100).toFixed(0)} % of work`;
  return `${id}: ${role} ${since}${share}${role_reason === null ? '' : `: ${role_reason}`}`;
}

/** Whose the jobs are; that a pool keeps accounts comes before its address, which fills the line. */
function payoutWords({ verdict, outputs, expected_address, explanation }: PayoutState): string {
  return verdict === 'pays_pool' && expected_address === null ? `the pool keeps your share on account; jobs pay ${outputs[0]?.address ?? 'nobody that can be named'}` : explanation;
}

/** What the pool sees of this rig, when there is something to see. */
function accountLines({ sent, rejected, stale, luck, pool_hashrate_hs, latency_ms }: PoolAccountState): string[] {
  const parts = [
    ...(pool_hashrate_hs ? [`pool sees ${formatSi(pool_hashrate_hs.value, 'H/s')} (${formatSi(pool_hashrate_hs.low, 'H/s')} to ${formatSi(pool_hashrate_hs.high, 'H/s')})`] : []),
    ...(luck ? [`luck ${(luck.ratio * 100).toFixed(0)} %`] : []),
    ...(sent > 0 ? [`${(((rejected + stale) / sent) * 100).toFixed(1)} % refused`] : []),
    ...(latency_ms ? [`answers in ${latency_ms.p50.toFixed(0)} ms`] : []),
  ];
  return parts.length === 0 ? [] : [INDENT + parts.join('   ')];
}

/** How long a share takes on average, so that a long silence can be told from a fault; empty when it is not known. */
function expectation(difficulty: number | null, hashrateHs: number | null): string {
  if (difficulty === null || hashrateHs === null || hashrateHs <= 0) return '';
  const seconds = (difficulty * HASHES_AT_DIFFICULTY_ONE) / hashrateHs;
  return seconds < 1 ? ', more than one share a second' : `, one share every ${formatDuration(seconds)} on average`;
}
