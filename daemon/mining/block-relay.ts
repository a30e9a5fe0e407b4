import type { Clock } from '../../protocol/common/clock.ts';
import type { Log } from '../../protocol/common/log.ts';
import { wait } from '../../protocol/common/wait.ts';
import { deliverBlock, isInBestChain, type NodeAnswer, type RelayNode, type SolvedBlock } from './block-delivery.ts';
import type { Verdict } from './job.ts';
import type { UnsentBlocks } from './unsent-blocks.ts';

export interface BlockRelayDeps {
  readonly clock: Clock;
  readonly log: Log;
  /** Where blocks go that no node took; left out: nowhere. */
  readonly unsent?: UnsentBlocks;
}

/** No node has taken the block by now: it goes to the disk while it is tried on. */
const KEEP_AFTER_MS = 1000;
/** A block that lost a race may still win when the next one is built on it. */
const WATCH_EVERY_MS = 30_000;
const WATCH_TIMES = 60;

/** Which answer counts most for the share. */
const RANK: Record<NodeAnswer['status'], number> = { accepted: 0, inconclusive: 1, stale: 2, low_difficulty: 3, rejected: 4, unknown: 5, other_chain: 6 };

interface Delivery {
  /** Of all nodes, its own first. */
  readonly ids: readonly string[];
  readonly answers: NodeAnswer[];
  readonly waiting: Set<string>;
}

/** Gives found blocks to every node of the same chain at once, whichever the template came from. */
export class BlockRelay {
  readonly #deps: BlockRelayDeps;
  readonly #nodes = new Set<RelayNode>();
  readonly #underWay = new Set<Promise<void>>();

  constructor(deps: BlockRelayDeps) {
    this.#deps = deps;
  }

  add(node: RelayNode): void {
    this.#nodes.add(node);
  }

  /** Gives a node no more blocks. */
  remove(node: RelayNode): void {
    this.#nodes.delete(node);
  }

  /** Resolves when no block is on its way to any node, or after that many milliseconds. Never rejects. */
  settled(graceMs: number): Promise<void> {
    if (this.#underWay.size === 0) return Promise.resolve();
    return new Promise((resolve) => {
      const timer = this.#deps.clock.after(graceMs, resolve);
      void Promise.all(this.#underWay).then(() => {
        timer.cancel();
        resolve();
      });
    });
  }

  /**
   * Sends a block to its own node and to all others. Resolves when the first has it in its best chain, else when all have
   * answered or were given up; the answers still out by then are waited for and told in the log. Never rejects.
   * @param origin the node the template came from
   * @param signal ends all attempts
   */
  async submit(block: SolvedBlock, origin: RelayNode, signal: AbortSignal): Promise<Verdict> {
    const { clock, log, unsent } = this.#deps;
    const nodes = [...new Set([origin, ...this.#nodes])];
    const ids = nodes.map((node) => node.id);
    const delivery: Delivery = { ids, answers: [], waiting: new Set(ids) };
    log.info({ height: block.height, hash: block.hash, nodes: ids }, 'submitting a block');
    let keeping: Promise<string | null> | null = null;
    const keep = (): Promise<string | null> => (keeping ??= unsent?.keep(block) ?? Promise.resolve(null));
    const late = clock.after(KEEP_AFTER_MS, () => void keep());

    let taken: (answer: NodeAnswer) => void = () => {};
    const first = new Promise<NodeAnswer | null>((resolve) => {
      taken = resolve;
      const each = nodes.map(async (node) => {
        const answer = await this.#deliver(node, block, signal);
        delivery.waiting.delete(node.id);
        delivery.answers.push(answer);
        if (answer.status === 'accepted') taken(answer);
      });
      const all = Promise.all(each).then(() => {
        resolve(null);
        log.info({ height: block.height, hash: block.hash, answers: Object.fromEntries(delivery.answers.map((answer) => [answer.nodeId, answer.reason])) }, 'what the nodes made of the block');
      });
      this.#track(all);
    });

    const winner = await first;
    late.cancel();
    if (winner) {
      if (keeping) this.#track(keep().then((file) => (file === null ? undefined : unsent?.remove(block))));
      return { status: 'accepted', latency_ms: winner.latencyMs, ...(nodes.length > 1 ? { reason: describe(delivery) } : {}) };
    }
    const file = await keep();
    return verdictOf(delivery, origin.id, file);
  }

  /** Keeps a block that is not to be sent. */
  keep(block: SolvedBlock): void {
    if (this.#deps.unsent) this.#track(this.#deps.unsent.keep(block));
  }

  async #deliver(node: RelayNode, block: SolvedBlock, signal: AbortSignal): Promise<NodeAnswer> {
    const answer = await deliverBlock(node, block, this.#deps.clock, signal);
    if (answer.status !== 'accepted' && answer.status !== 'inconclusive') return answer;
    const best = await isInBestChain(node, block, signal);
    if (best === true) return { ...answer, status: 'accepted' };
    if (best === null && answer.status === 'accepted') return answer;
    void this.#watch(node, block, signal);
    return { ...answer, status: 'inconclusive', reason: `valid, but the best chain of the node is another one (${answer.reason})` };
  }

  /** Looks whether a block beside the best chain gets into it after all, and tells. */
  async #watch(node: RelayNode, block: SolvedBlock, signal: AbortSignal): Promise<void> {
    const { clock, log } = this.#deps;
    try {
      for (let look = 0; look < WATCH_TIMES; look++) {
        await wait(clock, WATCH_EVERY_MS, signal);
        if ((await isInBestChain(node, block, signal)) !== true) continue;
        log.warn({ node: node.id, height: block.height, hash: block.hash }, 'a block that had lost its race is in the best chain now');
        return;
      }
    } catch {
      // The source was stopped.
    }
  }

  #track(work: Promise<unknown>): void {
    const tracked = work.then(
      () => {},
      () => {},
    );
    this.#underWay.add(tracked);
    void tracked.then(() => this.#underWay.delete(tracked));
  }
}

/** What each node said, in one line; those of another chain say nothing. */
function describe({ ids, answers, waiting }: Delivery): string {
  const wordsOf = (id: string): string[] => {
    const answer = answers.find(({ nodeId }) => nodeId === id);
    if (answer) return answer.status === 'other_chain' ? [] : [`${id}: ${answer.reason}`];
    return waiting.has(id) ? [`${id}: not answered yet`] : [];
  };
  return ids.flatMap(wordsOf).join('; ');
}

/** The best of the answers when no node took the block; between equals its own node's. */
function verdictOf(delivery: Delivery, originId: string, file: string | null): Verdict {
  const answers = delivery.answers.filter((answer) => answer.status !== 'other_chain');
  const rank = (answer: NodeAnswer): number => 2 * RANK[answer.status] + (answer.nodeId === originId ? 0 : 1);
  const best = answers.toSorted((a, b) => rank(a) - rank(b))[0];
  const kept = file === null ? {} : { block_file: file };
  if (!best) return { status: 'unknown', reason: 'no node is on its chain any more', ...kept };
  const reason = answers.length > 1 ? describe(delivery) : best.reason;
  if (best.status === 'unknown' || best.status === 'accepted' || best.status === 'other_chain') return { status: 'unknown', reason, ...kept };
  return { status: best.status === 'inconclusive' ? 'stale' : best.status, code: best.rpcCode, reason, latency_ms: best.latencyMs, ...kept };
}
