/** The built command line as a process of its own, with small hunts that take no time. */
import { spawn, type ChildProcess } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { packageRoot } from '../daemon/version.ts';

/** Two jobs a generation on the smallest grid, one fresh seed. */
export const SMALL_HUNTS = `
simulation: { N_grid: 16, dt: 0.1, T_steps: 100 }
hunt: { generations: 2, population: 2, workers: 2, nice: 0, surrogates: 2, golden_seeds: 1 }
`;

export interface Spoken {
  /** Null when a signal ended it. */
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Running {
  readonly process: ChildProcess;
  readonly ended: Promise<Spoken>;
  /** Resolves with the first line of stdout, past or future, that satisfies `found`; rejects when it ends without. */
  line(found: (line: string) => boolean): Promise<string>;
}

export class HuntCli {
  readonly dataDir: string;
  /** Stands in the environment of every process that is started, and of those they start. */
  readonly mark = `RIGBRAIN_TEST_MARK=${randomUUID()}`;
  /** Of the configuration, for the processes that are started from now on. */
  env: Record<string, string> = {};
  readonly #config: string;

  constructor(dataDir: string, yaml = SMALL_HUNTS) {
    this.dataDir = dataDir;
    this.#config = path.join(dataDir, 'rig.yaml');
    writeFileSync(this.#config, yaml);
  }

  /** `rigbrain hunt ARGS` until it ends. */
  run(...args: string[]): Promise<Spoken> {
    return this.start(...args).ended;
  }

  /** @throws Error when it does not end with 0 or what it prints is no JSON */
  async json<T>(...args: string[]): Promise<T> {
    const { code, stdout, stderr } = await this.run(...args, '--json');
    if (code !== 0) throw new Error(`hunt ${args.join(' ')} ended with ${code}: ${stderr}`);
    return JSON.parse(stdout) as T;
  }

  start(...args: string[]): Running {
    const bin = path.join(packageRoot(), 'dist', 'daemon', 'cli', 'bin.js');
    if (!existsSync(bin)) throw new Error('dist/ is not built: run `npm run build` first (npm test does)');
    const child = spawn(process.execPath, [bin, 'hunt', ...args, '--data', this.dataDir, '--config', this.#config], { stdio: ['ignore', 'pipe', 'pipe'], env: { ...process.env, ...this.env, RIGBRAIN_TEST_MARK: this.mark.split('=')[1] } });
    let stdout = '';
    let stderr = '';
    const watchers = new Set<() => void>();
    child.stdout.on('data', (bytes) => {
      stdout += String(bytes);
      for (const watch of watchers) watch();
    });
    child.stderr.on('data', (bytes) => (stderr += String(bytes)));
    const ended = new Promise<Spoken>((resolve, reject) => {
      child.once('error', reject);
      child.once('close', (code) => resolve({ code, stdout, stderr }));
    });
    return {
      process: child,
      ended,
      line: (found) =>
        new Promise((resolve, reject) => {
          const look = (): void => {
            const line = stdout.split('\n').slice(0, -1).find(found);
            if (line === undefined) return;
            watchers.delete(look);
            resolve(line);
          };
          watchers.add(look);
          look();
          void ended.then(({ code }) => reject(new Error(`it ended with ${code} before it said so\n${stdout}\n${stderr}`)));
        }),
    };
  }
}

/** Processes that were started with this environment, directly or below one that may be gone. Linux only. */
export function processesWith(mark: string): number[] {
  return readdirSync('/proc').flatMap((name) => {
    try {
      return /^\d+$/.test(name) && readFileSync(path.join('/proc', name, 'environ'), 'utf8').split('\0').includes(mark) ? [Number(name)] : [];
    } catch {
      // Ended meanwhile, or another user's.
      return [];
    }
  });
}
