import { GbtSource, type GbtSourceDeps, type GbtSourceOptions } from '../daemon/mining/gbt-source.ts';
import type { Job, Share } from '../daemon/mining/job.ts';
import { assembleCoinbase } from '../protocol/bitcoin/coinbase.ts';
import { sha256d } from '../protocol/bitcoin/hash.ts';
import { hashHeader, serializeHeader } from '../protocol/bitcoin/header.ts';
import { foldBranch } from '../protocol/bitcoin/merkle.ts';
import { difficultyOfHash, leadingZeroDigits, meetsTarget } from '../protocol/bitcoin/target.ts';
import { systemClock } from '../protocol/common/clock.ts';
import { silentLog } from '../protocol/common/log.ts';
import type { BcoinNode } from './bcoin-node.ts';

export interface RunningSource {
  readonly source: GbtSource;
  /** Waits for a job that was not taken yet. */
  next(wanted?: (job: Job) => boolean): Promise<Job>;
  /** Waits until something is there, looking whenever the source tells anything. */
  until<T>(look: () => T | undefined): Promise<T>;
}

/** Solo sources on real nodes, all ended at the end. */
export class SoloBench {
  readonly #sources: GbtSource[] = [];

  async start(node: Pick<BcoinNode, 'url' | 'user' | 'password' | 'address'>, options: Partial<GbtSourceOptions> = {}, deps: Partial<GbtSourceDeps> = {}): Promise<RunningSource> {
    const source = new GbtSource(
      { id: 'solo', url: node.url, user: node.user, password: node.password, cookieFile: null, payoutAddress: node.address, allowMainnet: false, pollMs: 200, ...options },
      { clock: systemClock, log: silentLog, ...deps },
    );
    this.#sources.push(source);
    const jobs: Job[] = [];
    let wake: () => void = () => {};
    source.events.on('job', (job) => {
      jobs.push(job);
      wake();
    });
    source.events.on('change', () => wake());
    const until = async <T>(look: () => T | undefined): Promise<T> => {
      for (;;) {
        const found = look();
        if (found !== undefined) return found;
        await new Promise<void>((resolve) => (wake = resolve));
      }
    };
    await source.start(new AbortController().signal);
    return { source, until, next: (wanted = () => true) => until(() => jobs.splice(0).findLast(wanted)) };
  }

  async close(): Promise<void> {
    await Promise.all(this.#sources.map((source) => source.stop()));
  }
}

/** Searches a nonce in plain JavaScript: on regtest every second one gives a block. */
export function search(job: Job, versionBits: number | null = null, wantBlock = true): Share {
  const extranonce2 = Uint8Array.from({ length: job.extranonce2Size }, (_, index) => index + 1);
  const coinbase = assembleCoinbase(job.coinb1, job.extranonce1, extranonce2, job.coinb2);
  const merkleRoot = foldBranch(sha256d(coinbase), job.merkleBranch);
  const version = (job.version | (versionBits ?? 0)) >>> 0;
  for (let nonce = 0; ; nonce++) {
    const header = serializeHeader({ version, prevHash: job.prevHash, merkleRoot, ntime: job.ntime, nbits: job.nbits, nonce });
    const hash = hashHeader(header);
    if (meetsTarget(hash, job.networkTarget) !== wantBlock) continue;
    return {
      id: `nonce-${nonce}`,
      job,
      deviceId: 'search-loop',
      extranonce2,
      ntime: job.ntime,
      nonce,
      version,
      versionBits,
      header,
      hash,
      difficulty: difficultyOfHash(hash),
      leadingZeros: leadingZeroDigits(hash),
      isBlock: wantBlock,
      foundAt: systemClock.now(),
    };
  }
}

export interface NodeBlock {
  readonly height: number;
  readonly tx: readonly string[];
  readonly versionHex: string;
}

export const tipOf = async (node: BcoinNode): Promise<string> => String(await node.rpc('getbestblockhash'));
export const blockOf = async (node: BcoinNode, hash: string): Promise<NodeBlock> => (await node.rpc('getblock', [hash])) as NodeBlock;
export const coinbaseOf = async (node: BcoinNode, height: number): Promise<string> => (await blockOf(node, String(await node.rpc('getblockhash', [height])))).tx[0]!;

/** Gives one node the blocks of another from a height on, as if it had heard of them. */
export async function copyBlocks(from: BcoinNode, to: BcoinNode, firstHeight: number): Promise<void> {
  const last = Number(await from.rpc('getblockcount'));
  for (let height = firstHeight; height <= last; height++) {
    await to.rpc('submitblock', [await from.rpc('getblock', [await from.rpc('getblockhash', [height]), false])]);
  }
}

/** Blocks that somebody else mines at the node itself. @returns their hashes */
export const generate = async (node: BcoinNode, count: number): Promise<string[]> => (await node.rpc('generatetoaddress', [count, node.ownAddress])) as string[];

/** P2WSH of OP_TRUE, P2SH of OP_TRUE: anybody may spend them. */
const WITNESS_SCRIPT = '00204ae81572f06e1b88fd5ced7a1a000945432e83e1551e6f721ee9c00b8cc33260';
const LEGACY_SCRIPT = 'a914da1745e9b549bd0bfa1a569971c77eba30cd5a4b87';
export const FEE = 20_000n;

function amount(value: bigint): string {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(value);
  return bytes.toString('hex');
}

const wire = (txidDisplay: string): string => Buffer.from(txidDisplay, 'hex').reverse().toString('hex');
const output = (value: bigint, script: string): string => `${amount(value)}${(script.length / 2).toString(16).padStart(2, '0')}${script}`;

/** Spends the first output of a P2WSH OP_TRUE payment, with witness data; to the same script, or to a legacy one. Leaves `FEE`. */
export function spendWitness(txidDisplay: string, value: bigint, to: 'witness' | 'legacy' = 'witness'): string {
  return `02000000000101${wire(txidDisplay)}0000000000ffffffff01${output(value - FEE, to === 'witness' ? WITNESS_SCRIPT : LEGACY_SCRIPT)}01015100000000`;
}

/** Spends the first output of a P2SH OP_TRUE payment: a transaction without witness data. Leaves `FEE`. */
export function spendLegacy(txidDisplay: string, value: bigint): string {
  return `0200000001${wire(txidDisplay)}00000000020151ffffffff01${output(value - FEE, WITNESS_SCRIPT)}00000000`;
}
