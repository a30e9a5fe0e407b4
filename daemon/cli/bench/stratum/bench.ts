/** Runs the bench of the LAN pool: how many shares it checks, how soon a job is with everybody, what connections cost. */
import { readFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { RigError } from '../../../../protocol/common/errors.ts';
import { WANTED, type StratumBenchOptions } from './options.ts';
import { cpuPercent } from './process-cost.ts';
import { chooseProcessors, type Processors } from './processors.ts';
import { limitsOf, stepOf, type IdleFigures, type Step, type StratumReport } from './report.ts';
import { Scene } from './scene.ts';

/** Rates are tried for so long each. */
const STEP_S = 4;
const FIRST_RATE = 1000;
const RAISE = 1.4;
const MOST_STEPS = 14;
/** Tries between the last rate that held and the first that did not. */
const REFINEMENTS = 2;
/** What holds for seconds is kept up for long a little below. */
const SUSTAINED = 0.92;
const LOWER = 0.85;
const SUSTAINED_TRIES = 4;
/** Jobs while rates are tried, and while the way of jobs is measured: many, so that there is a 99th percentile. */
const JOB_MS = 2000;
const FANOUT_JOB_MS = 200;
/** Memory is looked at after so long at least. */
const IDLE_S = 15;
/** Files a process needs beside its connections. */
const OTHER_FILES = 200;

/** @throws RigError when a part does not start, or this system lets a process have too few files; everything is ended */
export async function benchStratum(options: StratumBenchOptions): Promise<StratumReport> {
  requireFiles(Math.max(options.clients, options.idle) + OTHER_FILES);
  const processors = chooseProcessors();
  const loadBefore = os.loadavg()[0] ?? 0;
  const busy = await measureBusy(options, processors);
  const idle = options.idle === 0 ? null : await measureIdle(options, processors);
  const idle10k = idle?.clients === WANTED.idle_clients ? idle.rss_mb : null;
  const { submits_per_s, answer_ms, notify_fanout_ms, ...rest } = busy;
  return {
    clients: options.clients,
    submits_per_s,
    answer_ms,
    notify_fanout_ms,
    rss_mb_idle_10k: idle10k,
    limits: limitsOf(submits_per_s, answer_ms, notify_fanout_ms, idle10k, options.rate),
    ...rest,
    idle,
    server_cpu: processors?.server ?? null,
    load_cpu: processors?.load ?? null,
    cpu: os.cpus()[0]?.model ?? 'unknown',
    node: process.version,
    load_1m: Number(loadBefore.toFixed(2)),
  };
}

type Busy = Omit<StratumReport, 'clients' | 'rss_mb_idle_10k' | 'limits' | 'idle' | 'server_cpu' | 'load_cpu' | 'cpu' | 'node' | 'load_1m'>;

async function measureBusy(options: StratumBenchOptions, processors: Processors | null): Promise<Busy> {
  const { clients, seconds, tell } = options;
  const scene = new Scene(options, processors);
  try {
    await scene.open(path.join(options.folder, 'busy'), clients);
    const joined_ms = await scene.join(clients);
    tell(`${clients} miners are there after ${(joined_ms / 1000).toFixed(1)} s`);
    const quiet = await scene.idle(Math.min(seconds, 10), FANOUT_JOB_MS);
    const steps: Step[] = [];
    const best = options.rate ?? (await highestRate(scene, steps, tell));
    let rate = options.rate ?? best * SUSTAINED;
    let kept = await attempt(scene, steps, rate, seconds, tell);
    for (let tries = 1; options.rate === null && !kept.step.held && tries < SUSTAINED_TRIES; tries++) kept = await attempt(scene, steps, (rate *= LOWER), seconds, tell);
    const under = Math.min(rate, WANTED.submits_per_s);
    const { fanOut } = await scene.submit(under, seconds, FANOUT_JOB_MS);
    const { load } = await scene.look();
    const { figures } = kept.answer;
    return {
      submits_per_s: kept.step.submits_per_s,
      answer_ms: kept.step.answer_ms,
      notify_fanout_ms: { ...fanOut, under_submits_per_s: Math.round(under) },
      seconds,
      accepted: figures?.accepted ?? 0,
      rejected: kept.step.rejected,
      rejected_by_reason: figures?.rejected_by_reason ?? {},
      unanswered: kept.step.unanswered,
      quiet_notify_fanout_ms: quiet.fanOut,
      joined_ms: Math.round(joined_ms),
      passed_on: load.pool,
      connections_lost: load.gone,
      server_cpu_percent: kept.step.server_cpu_percent,
      load_cpu_percent: kept.step.load_cpu_percent,
      steps,
    };
  } finally {
    await scene.close();
  }
}

async function attempt(scene: Scene, steps: Step[], rate: number, seconds: number, tell: (words: string) => void) {
  const before = scene.costs();
  const answer = await scene.submit(Math.round(rate), seconds, JOB_MS);
  const step = stepOf(Math.round(rate), answer, before, scene.costs());
  steps.push(step);
  tell(`${step.offered_per_s} submits/s offered: ${step.submits_per_s} accepted a second, p99 ${step.answer_ms.p99 ?? '-'} ms, server ${step.server_cpu_percent ?? '-'} %, load ${step.load_cpu_percent ?? '-'} %`);
  return { answer, step };
}

/** @returns the highest rate that held for some seconds */
async function highestRate(scene: Scene, steps: Step[], tell: (words: string) => void): Promise<number> {
  // A moment in which another program had the processor is no reason to go lower: a rate has two tries.
  const holds = async (rate: number): Promise<boolean> => {
    for (let tried = 0; tried < 2; tried++) if ((await attempt(scene, steps, rate, STEP_S, tell)).step.held) return true;
    return false;
  };
  // Code that ran a few times only is slow: this one does not count.
  await attempt(scene, [], FIRST_RATE, STEP_S, tell);
  let good = FIRST_RATE;
  let bad: number | null = null;
  for (let rate = FIRST_RATE, tried = 0; bad === null && tried < MOST_STEPS; tried++, rate *= RAISE) {
    if (await holds(rate)) good = rate;
    else bad = rate;
  }
  for (let tried = 0; bad !== null && bad > good && tried < REFINEMENTS; tried++) {
    const between = Math.sqrt(good * bad);
    if (await holds(between)) good = between;
    else bad = between;
  }
  return good;
}

async function measureIdle(options: StratumBenchOptions, processors: Processors | null): Promise<IdleFigures> {
  const { idle: clients, tell } = options;
  const scene = new Scene({ ...options, nodeOptions: [] }, processors);
  try {
    await scene.open(path.join(options.folder, 'idle'), clients);
    const empty = scene.costs().server;
    const joinedMs = await scene.join(clients);
    tell(`${clients} miners that do nothing are there after ${(joinedMs / 1000).toFixed(1)} s`);
    const seconds = Math.max(IDLE_S, options.seconds);
    const before = scene.costs().server;
    const { fanOut, joined } = await scene.idle(seconds, JOB_MS);
    const after = scene.costs().server;
    if (joined !== clients) throw new RigError('E_SERVER', `only ${joined} of ${clients} miners are still there: ${(await scene.look()).load.gone.join('; ')}`);
    return {
      clients,
      joined_ms: Math.round(joinedMs),
      rss_before_mb: empty?.rss_mb ?? null,
      rss_mb: after?.rss_mb ?? null,
      rss_peak_mb: after?.rss_peak_mb ?? null,
      kb_per_client: empty && after ? Number((((after.rss_mb - empty.rss_mb) * 1000) / clients).toFixed(2)) : null,
      server_cpu_percent: cpuPercent(before, after, seconds),
      notify_fanout_ms: fanOut,
    };
  } finally {
    await scene.close();
  }
}

/** @throws RigError E_FLAG_INVALID when a process may not have so many files open */
function requireFiles(needed: number): void {
  let most = Infinity;
  try {
    // Node raises its own limit to the highest that is allowed, the second figure.
    const [, hard] = /^Max open files\s+(\S+)\s+(\S+)/m.exec(readFileSync('/proc/self/limits', 'utf8'))?.slice(1) ?? [];
    if (hard !== undefined && hard !== 'unlimited') most = Number(hard);
  } catch {
    // no /proc: whatever happens will be told by the connections
  }
  if (needed > most) throw new RigError('E_FLAG_INVALID', `${needed} open files are needed and a process may have ${most} here`, { hint: 'Raise the limit (ulimit -Hn, LimitNOFILE), or take fewer with --clients and --idle.' });
}
