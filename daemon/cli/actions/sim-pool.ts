/** `rigbrain sim pool`: a pool to mine against, told line by line. */
import { FAULT_NAMES, parseFault } from '../../../sim/pool/faults.ts';
import { startSimPool, type SimPool } from '../../../sim/pool/pool.ts';
import { EXIT } from '../exit-codes.ts';
import type { Globals } from '../globals.ts';
import type { CliIo } from '../io.ts';

/** Options of `rigbrain sim pool`. */
export interface SimPoolFlags {
  readonly host: string;
  readonly port: number;
  readonly difficulty?: number;
  readonly fixedDifficulty?: boolean;
  /** Seconds. */
  readonly blockSpacing?: number;
  readonly fault?: readonly string[];
}

/** @param stop resolves when the pool is to close; Ctrl-C and SIGTERM when left out */
export async function simPool(io: CliIo, globals: Globals, flags: SimPoolFlags, stop: Promise<void> = stopSignal()): Promise<number> {
  const wanted = flags.fault ?? [];
  if (wanted.includes('list')) {
    for (const { usage, help } of Object.values(FAULT_NAMES)) io.out(`${usage.padEnd(28)}${help}`);
    return EXIT.ok;
  }
  const faults = wanted.map(parseFault);
  const pool = await startSimPool({
    host: flags.host,
    port: flags.port,
    ...(flags.difficulty === undefined ? {} : { difficulty: flags.difficulty }),
    ...(flags.fixedDifficulty === true ? { vardiff: null } : {}),
    ...(flags.blockSpacing === undefined ? {} : { chainParams: { blockSpacing_s: flags.blockSpacing } }),
  });
  for (const fault of faults) Object.assign(pool.faults, fault);
  const tell = teller(io, globals.json);
  listen(pool, tell);
  tell('listening', { url: pool.url }, `listening on ${pool.url} (any worker name; Ctrl-C stops)`);
  await stop;
  const { accepted, rejected, blocks, height } = pool.stats();
  await pool.close();
  tell('closed', { accepted, rejected, blocks, height }, `closed: ${accepted} shares accepted, ${rejected} rejected, ${blocks} blocks, height ${height}`);
  return EXIT.ok;
}

type Tell = (event: string, data: object, words: string) => void;

function teller(io: CliIo, json: boolean): Tell {
  return (event, data, words) => io.out(json ? JSON.stringify({ event, at: Date.now(), ...data }) : words);
}

function listen({ events }: SimPool, tell: Tell): void {
  events.on('authorize', (event) => tell('authorize', event, `#${event.connection} ${event.worker} ${event.accepted ? 'authorized' : 'refused'}${event.userAgent === null ? '' : ` (${event.userAgent})`}`));
  events.on('disconnect', (event) => tell('disconnect', event, `#${event.connection} left: ${event.reason}`));
  events.on('difficulty', (event) => tell('difficulty', event, `#${event.connection} difficulty ${event.difficulty}`));
  events.on('share', (event) => {
    const verdict = event.reject === null ? 'accepted' : `rejected (${event.reject.code} ${event.reject.text})`;
    tell('share', event, `#${event.connection} ${event.worker} share ${verdict}${event.shareDifficulty === null ? '' : `, difficulty ${event.shareDifficulty.toPrecision(4)}`}`);
  });
  events.on('block', (event) => tell('block', event, event.reason === null ? `block ${event.height} by ${event.worker}: ${event.hash}` : `block by ${event.worker} refused: ${event.reason}`));
}

function stopSignal(): Promise<void> {
  return new Promise((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => resolve());
  });
}
