/** The other side, in a process of its own: the pool above the LAN pool, and the miners below it. One clock for both. */
import { setTimeout as sleep } from 'node:timers/promises';
import { Load, spreadOf, type Spread, type SubmitFigures } from '../../../../bench/stratum/load.ts';
import { messageOf } from '../../../../protocol/common/errors.ts';
import { targetForWork } from '../../../../sim/chain/target.ts';
import { startSimPool, type SimPool } from '../../../../sim/pool/pool.ts';

export type LoadOrder =
  | { readonly do: 'pool'; readonly difficulty: number }
  | { readonly do: 'join'; readonly host: string; readonly port: number; readonly clients: number; readonly perAddress: number }
  | { readonly do: 'submit'; readonly rate: number; readonly seconds: number; readonly jobEveryMs: number }
  | { readonly do: 'idle'; readonly seconds: number; readonly jobEveryMs: number }
  | { readonly do: 'look' }
  | { readonly do: 'close' };

/** From before the pool wrote a job to when the last miner had read it. */
export interface FanOutFigures extends Spread {
  readonly notifies: number;
  /** Jobs that some miner had not within ten seconds. */
  readonly missed: number;
}
export interface SubmitAnswer {
  readonly figures: SubmitFigures | null;
  readonly fanOut: FanOutFigures;
  readonly joined: number;
}
export interface LoadLook {
  readonly joined: number;
  /** Why connections ended, the first few. */
  readonly gone: readonly string[];
  /** What the pool above made of what was passed on. */
  readonly pool: { readonly accepted: number; readonly rejected_by_reason: Readonly<Record<string, number>> };
}
export type LoadAnswer = { readonly url: string } | { readonly joined_ms: number } | SubmitAnswer | LoadLook | { readonly done: true } | { readonly error: string };

let pool: SimPool | null = null;
const load = new Load();

/** Sends jobs at an interval until the work beside it is done. */
async function fanOut(everyMs: number, until: Promise<unknown>): Promise<FanOutFigures> {
  const times: number[] = [];
  let missed = 0;
  let over = false;
  void until.finally(() => (over = true)).catch(() => {});
  // Not at the instant the work begins.
  await sleep(everyMs / 2);
  while (!over) {
    const began = performance.now();
    const ms = await load.fanOut(() => void pool?.broadcast.job());
    if (ms === null) missed += 1;
    else times.push(ms);
    await sleep(Math.max(1, everyMs - (performance.now() - began)));
  }
  return { ...spreadOf(times), notifies: times.length + missed, missed };
}

async function obey(order: LoadOrder): Promise<LoadAnswer> {
  switch (order.do) {
    case 'pool':
      // No share is ever a block: a new block in the middle would make shares stale that are on their way.
      pool = await startSimPool({ difficulty: order.difficulty, vardiff: null, jobRefreshMs: 3_600_000, chainParams: { initialTarget: targetForWork(2n ** 62n) } });
      return { url: pool.url };
    case 'join':
      return { joined_ms: await load.join({ ...order, password: 'x' }) };
    case 'submit': {
      const work = load.submit(order.rate, order.seconds);
      const [figures, jobs] = await Promise.all([work, fanOut(order.jobEveryMs, work)]);
      return { figures, fanOut: jobs, joined: load.joined };
    }
    case 'idle':
      return { figures: null, fanOut: await fanOut(order.jobEveryMs, sleep(order.seconds * 1000)), joined: load.joined };
    case 'look': {
      const { accepted = 0, rejected_by_reason = {} } = pool?.stats() ?? {};
      return { joined: load.joined, gone: load.gone.slice(0, 8), pool: { accepted, rejected_by_reason } };
    }
    case 'close':
      load.close();
      await pool?.close();
      return { done: true };
  }
}

process.on('message', ({ number, body }: { number: number; body: LoadOrder }) => {
  void obey(body)
    .catch((error: unknown): LoadAnswer => ({ error: messageOf(error) }))
    .then((answer) => process.send?.({ number, body: answer }));
});
process.on('disconnect', () => process.exit(0));
process.on('SIGINT', () => {});
