/**
 * Time for everything simulated in this process: one timer, and one allowance for hashing that all share, so that thirty
 * sticks leave as much of a processor to others as one does.
 */

const TICK_MS = 10;
/** Of each tick, for hashing: the rest is for answering, and for whoever else lives in this process. */
export const DEFAULT_HASHING_PERCENT = 60;
/** After a pause of the process, nothing has hashed on. */
const MOST_MS = 200;

/**
 * Lets a simulated device live through time.
 * @param ms since the last call
 * @param budgetMs that may be spent on hashing
 */
export type Paced = (ms: number, budgetMs: number) => void;

const members: Paced[] = [];
let timer: NodeJS.Timeout | null = null;
let last = 0;
let turn = 0;
let hashingMs = (TICK_MS * DEFAULT_HASHING_PERCENT) / 100;

/** From now on this is called every 10 ms. @returns ends that */
export function pace(member: Paced): () => void {
  members.push(member);
  if (timer === null) {
    last = performance.now();
    timer = setInterval(tick, TICK_MS);
  }
  return () => {
    const at = members.indexOf(member);
    if (at >= 0) members.splice(at, 1);
    if (members.length > 0 || timer === null) return;
    clearInterval(timer);
    timer = null;
  };
}

/** Share of one processor that all hashing of this process may take. Default 60 %. */
export function limitHashing(percent: number): void {
  if (!(percent > 0 && percent <= 100)) throw new RangeError('percent is above 0 and at most 100');
  hashingMs = (TICK_MS * percent) / 100;
}

function tick(): void {
  const now = performance.now();
  const ms = Math.min(now - last, MOST_MS);
  last = now;
  const until = now + hashingMs;
  const order = [...members];
  // Each gets an equal part of what those before it have left over; who is first changes.
  const first = turn++ % order.length;
  order.forEach((_, i) => (order[(first + i) % order.length] as Paced)(ms, Math.max(0.05, (until - performance.now()) / (order.length - i))));
}
