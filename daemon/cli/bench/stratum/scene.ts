/** A server and its load, each a process on a processor of its own, started for one figure and ended after it. */
import { mkdirSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { RigConfigInput } from '../../../../config/schema.ts';
import { RigError } from '../../../../protocol/common/errors.ts';
import { Child } from '../child.ts';
import type { LoadAnswer, LoadLook, LoadOrder, SubmitAnswer } from './load-child.ts';
import type { StratumBenchOptions } from './options.ts';
import { processCost, type ProcessCost } from './process-cost.ts';
import type { Processors } from './processors.ts';
import type { ServerAnswer, ServerLook, ServerOrder } from './server-child.ts';

/** Nearly every hash is a share, so that finding them costs the load next to nothing; the server checks them all the same. */
const MINER_DIFFICULTY = 2 ** -32;
/** One share in 1024 goes on to the pool above. */
const POOL_DIFFICULTY = 2 ** -22;
const LISTENS_WITHIN_MS = 20_000;
const JOIN_WITHIN_MS = 130_000;
/** What an order of some seconds may take beyond them. */
const MARGIN_MS = 30_000;
/** Under what the server lets in from one address as it is. */
const PER_ADDRESS = 100;

export class Scene {
  readonly #server: Child<ServerOrder, ServerAnswer>;
  readonly #load: Child<LoadOrder, LoadAnswer>;
  #port = 0;

  /** @param name of a folder for the data of this server */
  constructor(options: StratumBenchOptions, processors: Processors | null) {
    this.#server = new Child('stratum/server-child', { log: options.log, execArgv: options.nodeOptions, cpu: processors?.server ?? null });
    this.#load = new Child('stratum/load-child', { cpu: processors?.load ?? null });
  }

  /** @throws RigError E_SERVER when the LAN pool does not listen */
  async open(folder: string, miners: number): Promise<void> {
    mkdirSync(folder, { recursive: true });
    const { url } = (await this.#load.ask({ do: 'pool', difficulty: POOL_DIFFICULTY })) as { url: string };
    await this.#server.ask({ do: 'run', config: configOf(url, miners), dataDir: path.resolve(folder) });
    this.#port = await this.#listening();
  }

  /** @returns ms until all were there */
  async join(clients: number): Promise<number> {
    return ((await this.#load.ask({ do: 'join', host: '127.0.0.1', port: this.#port, clients, perAddress: PER_ADDRESS }, JOIN_WITHIN_MS)) as { joined_ms: number }).joined_ms;
  }

  async submit(rate: number, seconds: number, jobEveryMs: number): Promise<SubmitAnswer> {
    return (await this.#load.ask({ do: 'submit', rate, seconds, jobEveryMs }, seconds * 1000 + MARGIN_MS)) as SubmitAnswer;
  }

  async idle(seconds: number, jobEveryMs: number): Promise<SubmitAnswer> {
    return (await this.#load.ask({ do: 'idle', seconds, jobEveryMs }, seconds * 1000 + MARGIN_MS)) as SubmitAnswer;
  }

  async look(): Promise<{ load: LoadLook; server: ServerLook }> {
    return { load: (await this.#load.ask({ do: 'look' })) as LoadLook, server: (await this.#server.ask({ do: 'look' })) as ServerLook };
  }

  costs(): { server: ProcessCost | null; load: ProcessCost | null } {
    return { server: processCost(this.#server.process.pid ?? 0), load: processCost(this.#load.process.pid ?? 0) };
  }

  /** The server first, in the ordinary way: a profile is written when a process ends. */
  async close(): Promise<void> {
    await this.#server.ask({ do: 'stop' }).catch(() => {});
    await this.#load.ask({ do: 'close' }).catch(() => {});
    // A moment for what is written at the exit of a process.
    for (let waited = 0; this.#server.process.exitCode === null && waited < 5000; waited += 50) await sleep(50);
    this.#server.kill();
    this.#load.kill();
  }

  async #listening(): Promise<number> {
    const deadline = performance.now() + LISTENS_WITHIN_MS;
    for (;;) {
      const { server } = (await this.#server.ask({ do: 'look' })) as ServerLook;
      if (server?.status === 'listening' && server.address !== null) return Number(/:(\d+)$/.exec(server.address)?.[1]);
      if (server?.status === 'failed' || performance.now() > deadline) throw new RigError('E_SERVER', `the LAN pool of the daemon does not listen: ${server?.reason ?? 'no reason given'}`, { hint: 'Run with --log FILE and look at its warnings.' });
      await sleep(50);
    }
  }
}

/** As a person would write it, but for difficulties: those keep to what the load can hash. */
function configOf(url: string, miners: number): RigConfigInput {
  return {
    mining: { mode: 'live', live: true },
    pools: [{ id: 'bench', url, user: 'bench' }],
    devices: [{ id: 'cpu', driver: 'cpu', enabled: false }],
    discovery: { enabled: false },
    mqtt: { enabled: false },
    server: { enabled: true, port: 0, max_miners: Math.min(20_000, miners + 100), start_difficulty: MINER_DIFFICULTY, min_difficulty: MINER_DIFFICULTY, max_difficulty: MINER_DIFFICULTY },
    log: { level: 'warn' },
  };
}
