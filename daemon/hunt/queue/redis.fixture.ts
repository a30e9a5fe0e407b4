import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';

/** Tests with a real Redis are skipped without one: `apt install redis-server`. */
export const hasRedis = spawnSync('redis-server', ['--version']).status === 0;

/** More arguments, for a server on this port. */
type Args = (port: number) => readonly string[];

/** A redis-server of this test, in a folder of its own, on loopback; what was acknowledged survives a kill. */
export class RedisServer {
  readonly port: number;
  readonly #folder: string;
  readonly #args: Args;
  #process: ChildProcess | null = null;

  private constructor(port: number, folder: string, args: Args) {
    this.port = port;
    this.#folder = folder;
    this.#args = args;
  }

  static async start(args: Args = () => []): Promise<RedisServer> {
    const server = await RedisServer.reserve(args);
    await server.up();
    return server;
  }

  /** A port where none listens yet. */
  static async reserve(args: Args = () => []): Promise<RedisServer> {
    const probe = net.createServer().listen(0, '127.0.0.1');
    await once(probe, 'listening');
    const { port } = probe.address() as net.AddressInfo;
    await new Promise((resolve) => probe.close(resolve));
    return new RedisServer(port, mkdtempSync(path.join(os.tmpdir(), 'rb-redis-')), args);
  }

  get url(): string {
    return `redis://127.0.0.1:${this.port}`;
  }

  async up(): Promise<void> {
    const child = spawn('redis-server', ['--port', String(this.port), '--bind', '127.0.0.1', '--dir', this.#folder, '--appendonly', 'yes', '--appendfsync', 'always', '--save', '', '--maxmemory-policy', 'noeviction', ...this.#args(this.port)], { stdio: ['ignore', 'pipe', 'inherit'] });
    this.#process = child;
    let said = '';
    for await (const bytes of child.stdout!) {
      said += String(bytes);
      if (said.includes('Ready to accept connections')) break;
    }
    if (!said.includes('Ready to accept connections')) throw new Error(`redis-server did not start: ${said}`);
    child.stdout!.resume();
  }

  /** kill -9. @param wipe its data is gone, too */
  async kill({ wipe = false } = {}): Promise<void> {
    const child = this.#process;
    this.#process = null;
    if (child !== null && child.exitCode === null && child.signalCode === null) {
      child.kill('SIGKILL');
      await once(child, 'exit');
    }
    if (wipe) rmSync(path.join(this.#folder, 'appendonlydir'), { recursive: true, force: true });
  }

  async close(): Promise<void> {
    await this.kill();
    rmSync(this.#folder, { recursive: true, force: true });
  }
}
