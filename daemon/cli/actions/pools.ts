/** `rigbrain pools`: tries every pool up to its first job. */
import { poolSchema, type PoolConfig } from '../../../config/schema.ts';
import { systemClock } from '../../../protocol/common/clock.ts';
import { RigError } from '../../../protocol/common/errors.ts';
import { silentLog } from '../../../protocol/common/log.ts';
import { parseProxyUrl } from '../../../protocol/socks5/proxy-url.ts';
import { parsePoolUrl } from '../../../protocol/stratum-v1/pool-url.ts';
import { createSources, payoutRules } from '../../main/sources.ts';
import { randomCredentials } from '../../mining/proxy-credentials.ts';
import { CONNECT_TIMEOUT_MS, PROXY_CONNECT_TIMEOUT_MS } from '../../mining/pool-socket.ts';
import { probePool, type ProbeReport, type ProbeTarget } from '../../mining/probe/pool-probe.ts';
import { formatDifficulty } from '../../telemetry/units.ts';
import { EXIT } from '../exit-codes.ts';
import type { Globals } from '../globals.ts';
import { paint, type CliIo } from '../io.ts';
import { openContext, type CommandContext } from './context.ts';

export interface PoolsFlags {
  readonly url?: string;
  readonly user: string;
  /** Seconds. */
  readonly timeout: number;
}

/** @returns 0 when every pool is usable, else 69. @throws RigError when the configuration or a secret is wrong */
export async function pools(io: CliIo, globals: Globals, flags: PoolsFlags): Promise<number> {
  const context = openContext(io, globals);
  const chosen = flags.url === undefined ? context.loaded.config.pools.filter(({ enabled }) => enabled) : [poolSchema.parse({ url: flags.url, user: flags.user })];
  if (chosen.length === 0) throw new RigError('E_CONFIG_INVALID', 'no pool is configured', { hint: 'Add one under pools: in config/rig.yaml, or name one with --url.' });
  const targets = targetsOf(chosen, context, flags.url === undefined);
  // Timers keep no process alive, and between two attempts there is nothing else.
  const alive = setInterval(() => undefined, 60_000);
  try {
    const reports = await Promise.all(targets.map((target) => probePool(target, systemClock, flags.timeout * 1000)));
    if (globals.json) io.out(JSON.stringify(reports.map(forPrograms), null, 2));
    else for (const report of reports) io.out(linesOf(io, report, systemClock.now()).join('\n'));
    return reports.every(({ usable }) => usable) ? EXIT.ok : EXIT.unavailable;
  } finally {
    clearInterval(alive);
  }
}

function targetsOf(chosen: readonly PoolConfig[], { loaded, secrets }: CommandContext, configured: boolean): ProbeTarget[] {
  const { proxy, trusted_pools } = loaded.config.mining;
  // Looking at a pool that is not trusted yet is what one does before trusting it. Nothing is submitted, so every chain may be looked at.
  const sources = createSources(chosen, { clock: systemClock, log: silentLog, live: true, resolveSecret: (ref) => secrets.resolve(ref), proxy, trustedPools: configured ? trusted_pools : [] });
  const rules = payoutRules(chosen);
  return sources.map((source, index) => ({ source, payout: rules.get(source.id)!, secure: secureOf(chosen[index]!, proxy) }));
}

function secureOf(pool: PoolConfig, common: string | undefined): ProbeTarget['secure'] {
  const { protocol, tls, host, port } = parsePoolUrl(pool.url);
  if (protocol !== 'v1' || !tls) return null;
  const url = pool.proxy ?? common;
  // Credentials of its own, for looking at two pools on one circuit would tell that they belong together.
  const proxy = url === undefined ? null : { ...parseProxyUrl(url), credentials: pool.proxy_isolation ? randomCredentials() : null };
  return { host, port, proxy, connectTimeoutMs: proxy === null ? CONNECT_TIMEOUT_MS : PROXY_CONNECT_TIMEOUT_MS };
}

const instant = (at: number): string => new Date(at).toISOString();

function forPrograms(report: ProbeReport): object {
  const { certificate } = report;
  return { ...report, certificate: certificate && { ...certificate, valid_from: instant(certificate.valid_from), valid_to: instant(certificate.valid_to) } };
}

const DAY_MS = 86_400_000;

function linesOf(io: CliIo, report: ProbeReport, now: number): string[] {
  const { certificate, job, payout, ms } = report;
  const row = (title: string, text: string): string => `  ${title.padEnd(9)}${text}`;
  const lines = [`${paint(io, 'bold', report.id)}  ${report.url}${report.user === null ? '' : `  ${report.user}`}`];
  const verdict = report.usable ? paint(io, 'green', 'usable') : paint(io, 'red', 'unusable');
  lines.push(`  ${verdict}${' '.repeat(report.usable ? 3 : 1)}${report.problem ?? 'it lets us in and gives work'}`);
  if (certificate !== null) {
    const days = Math.floor((certificate.valid_to - now) / DAY_MS);
    lines.push(row('TLS', `issued by ${certificate.issuer}, ${days < 0 ? `EXPIRED ${-days} days ago` : `valid for ${days} days`} (${instant(certificate.valid_to).slice(0, 10)})`), row('', `fingerprint_sha256 ${certificate.fingerprint_sha256}`));
  } else if (report.url.startsWith('stratum+tcp:')) {
    lines.push(row('TLS', 'none: anybody on the way can read along and take over'));
  }
  if (job !== null) {
    lines.push(row('work', `difficulty ${formatDifficulty(job.difficulty)}, version mask ${job.version_mask ?? 'none'}, extranonce ${job.extranonce1_bytes} + ${job.extranonce2_bytes} bytes, height ${job.height ?? 'unknown'}`));
  }
  if (payout !== null) lines.push(row('payout', `${payout.explanation}${payout.tag === null ? '' : `; text: ${payout.tag}`}`));
  const times = [['connect', ms.connect], ['login', ms.login], ['first job', ms.job]].flatMap(([name, value]) => (value === null ? [] : [`${name} ${value} ms`]));
  if (times.length > 0) lines.push(row('time', times.join(', ')));
  return lines;
}
