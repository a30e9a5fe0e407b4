import { fork, spawnSync, type ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import path from 'node:path';
import { systemClock } from '../protocol/common/clock.ts';
import { NodeRpc } from '../daemon/mining/node-rpc.ts';
import { packageRoot } from '../daemon/version.ts';

/** A real Bitcoin full node (bcoin) on its own regtest chain in memory, for tests and for trying things out. */
export interface BcoinNode {
  readonly url: string;
  readonly user: string;
  readonly password: string;
  /** A regtest address to pay to: P2WSH of OP_TRUE, so a test can spend what it mined. */
  readonly address: string;
  /** The same as bcoin writes it: its prefixes for regtest are its own. For what is asked of the node itself. */
  readonly ownAddress: string;
  /** Height after the blocks mined at the start. */
  readonly height: number;
  /** @throws NodeRpcError */
  rpc(method: string, params?: readonly unknown[]): Promise<unknown>;
  close(): Promise<void>;
}

export interface BcoinOptions {
  /** Default: a free port. */
  readonly httpPort?: number;
  /** Password of the RPC user. Default: a random one. */
  readonly password?: string;
  /** Blocks to mine before the node is handed over. Default 433: segwit is active from the next one on. */
  readonly blocks?: number;
}

const FOLDER = path.join(packageRoot(), 'test', 'bcoin');
const SEGWIT_BLOCKS = 433;
/** Takes 1 to 2 s on a PC; a busy Raspberry Pi is slower. */
const START_TIMEOUT_MS = 60_000;
const CLOSE_TIMEOUT_MS = 5000;
const ADDRESS = 'bcrt1qft5p2uhsdcdc3l2ua4ap5qqfg4pjaqlp250x7us7a8qqhrxrxfsqseac85';

/** True when bcoin is installed, after trying to install it. It is not when the registry cannot be reached. */
export function bcoinInstalled(): boolean {
  spawnSync(process.execPath, [path.join(packageRoot(), 'scripts', 'install-bcoin.mjs')], { stdio: ['ignore', 'inherit', 'inherit'] });
  return existsSync(path.join(FOLDER, 'node_modules', 'bcoin', 'package.json'));
}

/** What the child reports, or an error with what it wrote when it ends or stays silent. */
function ready(child: ChildProcess): Promise<{ port: number; address: string }> {
  return new Promise((resolve, reject) => {
    let output = '';
    for (const stream of [child.stdout, child.stderr]) stream?.on('data', (chunk: Buffer) => (output = (output + chunk.toString()).slice(-4000)));
    const fail = (why: string) => {
      clearTimeout(deadline);
      child.kill('SIGKILL');
      reject(new Error(`bcoin ${why}\n${output}`));
    };
    const deadline = setTimeout(() => fail(`was not ready within ${START_TIMEOUT_MS} ms`), START_TIMEOUT_MS);
    child.once('exit', (code) => fail(`ended with code ${code}`));
    child.once('error', (error) => fail(error.message));
    child.once('message', (message) => {
      clearTimeout(deadline);
      child.removeAllListeners('exit');
      resolve(message as { port: number; address: string });
    });
  });
}

function close(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return Promise.resolve();
  return new Promise((resolve) => {
    const deadline = setTimeout(() => child.kill('SIGKILL'), CLOSE_TIMEOUT_MS);
    child.once('exit', () => {
      clearTimeout(deadline);
      resolve();
    });
    // The chain is in memory: there is nothing to save.
    child.kill('SIGTERM');
  });
}

/** Starts a node in a child process and waits until it answers. The caller closes it. */
export async function startBcoin(options: BcoinOptions = {}): Promise<BcoinNode> {
  const password = options.password ?? randomBytes(16).toString('hex');
  const height = options.blocks ?? SEGWIT_BLOCKS;
  const settings = JSON.stringify({ password, httpPort: options.httpPort ?? 0, blocks: height });
  const child = fork(path.join(FOLDER, 'node.cjs'), [settings], { stdio: ['ignore', 'pipe', 'pipe', 'ipc'], execArgv: [] });
  const { port, address: ownAddress } = await ready(child);
  const url = `http://127.0.0.1:${port}`;
  const user = 'rigbrain';
  const rpc = new NodeRpc({ url, user, password, cookieFile: null }, systemClock);
  return {
    url,
    user,
    password,
    address: ADDRESS,
    ownAddress,
    height,
    rpc: (method, params) => rpc.call(method, params),
    close: () => {
      rpc.close();
      return close(child);
    },
  };
}
