/** Tries one pool or node from the first byte to the first job, and tells what it saw. Nothing is mined or submitted. */
import type { Clock } from '../../../protocol/common/clock.ts';
import { messageOf, RigError } from '../../../protocol/common/errors.ts';
import { u32ToHex } from '../../../protocol/common/bytes.ts';
import { silentLog } from '../../../protocol/common/log.ts';
import type { PayoutState } from '../../telemetry/state.ts';
import type { Job, JobSource, SourceStatus } from '../job.ts';
import { PayoutWatch } from '../payout/payout-watch.ts';
import type { PayoutRule } from '../payout/payout-rule.ts';
import type { PoolSocketOptions } from '../pool-socket.ts';
import { lookAtCertificate, type CertificateReport } from './certificate.ts';

export interface ProbeTarget {
  /** Not started yet; the probe starts and stops it. */
  readonly source: JobSource;
  readonly payout: PayoutRule;
  /** Where to look for a certificate; null = not encrypted. */
  readonly secure: Omit<PoolSocketOptions, 'tls'> | null;
}

export interface ProbeReport {
  readonly id: string;
  /** Without credentials. */
  readonly url: string;
  readonly user: string | null;
  /** It gave a job that may be mined. */
  readonly usable: boolean;
  /** Why it is not, in plain words. */
  readonly problem: string | null;
  /** The farthest it got. */
  readonly reached: 'nothing' | 'connection' | 'login' | 'job';
  readonly certificate: CertificateReport | null;
  readonly job: {
    readonly difficulty: number;
    /** 8 hex digits; null = version rolling was not agreed. */
    readonly version_mask: string | null;
    readonly extranonce1_bytes: number;
    readonly extranonce2_bytes: number;
    readonly height: number | null;
  } | null;
  readonly payout: PayoutState | null;
  /** Milliseconds each step took; null = it was not reached. `connect`: names, proxy, TCP and TLS. */
  readonly ms: { readonly connect: number | null; readonly login: number | null; readonly job: number | null };
}

/** One failure may be a matter of manners (a pool that closes upon mining.configure), a second one is none. */
const FAILURES_ENOUGH = 2;

/** @param timeoutMs for all of it. Never rejects */
export async function probePool(target: ProbeTarget, clock: Clock, timeoutMs: number): Promise<ProbeReport> {
  const { source } = target;
  const watch = new PayoutWatch(new Map([[source.id, target.payout]]), { clock, log: silentLog });
  const [certificate, seen] = await Promise.all([seeCertificate(target, clock), seeJob(source, clock, timeoutMs)]);
  const { url, user } = source.state();
  const refusal = seen.job === null ? seen.problem : watch.inspect(seen.job);
  const { at } = seen;
  const step = (from: SourceStatus, to: SourceStatus): number | null => (at.get(from) === undefined || at.get(to) === undefined ? null : Math.round(at.get(to)! - at.get(from)!));
  return {
    id: source.id,
    url,
    user: user === '' ? null : user,
    usable: refusal === null,
    problem: refusal,
    reached: seen.job !== null ? 'job' : at.has('waiting_for_job') ? 'login' : at.has('handshaking') || certificate !== null ? 'connection' : 'nothing',
    certificate,
    job: seen.job && {
      difficulty: seen.job.shareDifficulty,
      version_mask: seen.job.versionMask === 0 ? null : u32ToHex(seen.job.versionMask),
      extranonce1_bytes: seen.job.extranonce1.length,
      extranonce2_bytes: seen.job.extranonce2Size,
      height: seen.job.height,
    },
    payout: watch.payoutOf(source.id),
    ms: { connect: step('connecting', 'handshaking'), login: step('handshaking', 'waiting_for_job'), job: step('waiting_for_job', 'mining') },
  };
}

/** What the pool shows; when it cannot be seen, the connection for the job tells why. */
async function seeCertificate({ secure }: ProbeTarget, clock: Clock): Promise<CertificateReport | null> {
  if (secure === null) return null;
  try {
    return await lookAtCertificate(secure, clock);
  } catch (error) {
    if (error instanceof RigError) return null;
    throw error;
  }
}

interface Seen {
  readonly job: Job | null;
  readonly problem: string | null;
  /** When each status of the last attempt was reached, monotonic ms; `mining` = the first job. */
  readonly at: ReadonlyMap<SourceStatus, number>;
}

async function seeJob(source: JobSource, clock: Clock, timeoutMs: number): Promise<Seen> {
  const at = new Map<SourceStatus, number>();
  const life = new AbortController();
  let finish: (seen: Seen) => void = () => undefined;
  const seen = new Promise<Seen>((resolve) => (finish = resolve));
  const look = (): void => {
    const { status, reason, failures } = source.state();
    if (status === 'connecting') at.clear();
    if (!at.has(status)) at.set(status, clock.monotonic());
    if (status === 'auth_failed' || (status === 'backing_off' && failures >= FAILURES_ENOUGH)) finish({ job: null, problem: reason ?? status, at });
  };
  const onJob = (job: Job): void => {
    if (!at.has('mining')) at.set('mining', clock.monotonic());
    finish({ job, problem: null, at });
  };
  source.events.on('change', look);
  source.events.on('job', onJob);
  const timer = clock.after(timeoutMs, () => finish({ job: null, problem: `no job within ${timeoutMs / 1000} s (${source.state().reason ?? source.state().status})`, at }));
  try {
    await source.start(life.signal);
    return await seen;
  } catch (error) {
    return { job: null, problem: error instanceof RigError ? `${error.code}: ${error.message}` : messageOf(error), at };
  } finally {
    timer.cancel();
    source.events.off('change', look);
    source.events.off('job', onJob);
    await source.stop();
  }
}
