/** Runs the built daemon as a person would, as a process of its own, and watches what it says. */
import { spawn, type ChildProcess } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { packageRoot } from '../daemon/version.ts';

export type LogLine = { readonly level: string; readonly msg?: string; readonly event?: string; readonly [key: string]: unknown };

export interface RunningRigbrain {
  readonly process: ChildProcess;
  readonly lines: LogLine[];
  /** Resolves with the first log line, past or future, that satisfies `found`; rejects with the log's tail at the deadline. */
  waitFor(what: string, found: (line: LogLine) => boolean, timeoutMs: number): Promise<LogLine>;
  /** Sends a signal and resolves with the exit code and the time it took. */
  stop(signal?: NodeJS.Signals): Promise<{ code: number | null; ms: number }>;
}

/** A temporary folder that the returned function removes. */
export function temporaryFolder(): { dir: string; remove: () => void } {
  const dir = mkdtempSync(path.join(os.tmpdir(), 'rigbrain-e2e-'));
  return { dir, remove: () => rmSync(dir, { recursive: true, force: true }) };
}

/** Starts `rigbrain run` from dist/ with JSON logs. `yaml` becomes its configuration file. */
export function startRigbrain(args: readonly string[], options: { dataDir: string; yaml?: string; env?: Record<string, string> }): RunningRigbrain {
  const bin = path.join(packageRoot(), 'dist', 'daemon', 'cli', 'bin.js');
  if (!existsSync(bin)) throw new Error('dist/ is not built: run `npm run build` first (npm test does)');
  const config: string[] = [];
  let file: string | null = null;
  if (options.yaml !== undefined) {
    file = path.join(os.tmpdir(), `rigbrain-e2e-${process.pid}-${Math.random().toString(36).slice(2)}.yaml`);
    writeFileSync(file, options.yaml);
    config.push('--config', file);
  }
  const child = spawn(process.execPath, [bin, 'run', '--json', '--data', options.dataDir, ...config, ...args], {
    stdio: ['ignore', 'pipe', 'pipe'], // Many run side by side: each hub has a port of its own.
    env: { ...process.env, RIGBRAIN_HUB__PORT: '0', ...options.env },
  });
  const lines: LogLine[] = [];
  const watchers = new Set<() => void>();
  let partial = '';
  let stderr = '';
  const tell = (): void => watchers.forEach((watch) => watch());
  child.stderr!.on('data', (chunk) => (stderr += String(chunk)));
  child.stdout!.on('data', (chunk) => {
    const parts = (partial + String(chunk)).split('\n');
    partial = parts.pop()!;
    for (const part of parts) {
      try {
        lines.push(JSON.parse(part) as LogLine);
      } catch {
        lines.push({ level: 'text', msg: part });
      }
    }
    tell();
  });
  const exited = new Promise<number | null>((resolve) => child.once('exit', (code) => resolve(code)));
  void exited.then(() => {
    if (file !== null) rmSync(file, { force: true });
    tell();
  });

  return {
    process: child,
    lines,
    waitFor(what, found, timeoutMs) {
      return new Promise((resolve, reject) => {
        const finish = (act: () => void): void => {
          clearTimeout(timer);
          watchers.delete(look);
          act();
        };
        const fail = (why: string): void => finish(() => reject(new Error(`${why} while waiting for ${what}\n${stderr}\n${lines.slice(-15).map((line) => JSON.stringify(line)).join('\n')}`)));
        const look = (): void => {
          const line = lines.find(found);
          if (line) finish(() => resolve(line));
          else if (child.exitCode !== null) fail(`rigbrain exited with ${child.exitCode}`);
        };
        const timer = setTimeout(() => fail(`${timeoutMs} ms passed`), timeoutMs);
        watchers.add(look);
        look();
      });
    },
    async stop(signal = 'SIGTERM') {
      const began = performance.now();
      if (child.exitCode === null) child.kill(signal);
      const code = await exited;
      return { code, ms: performance.now() - began };
    },
  };
}

/** Every file below a folder, relative to it, sorted. */
export function filesBelow(dir: string): string[] {
  return readdirSync(dir, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => path.relative(dir, path.join(entry.parentPath, entry.name)))
    .sort();
}

export function readJson<T>(file: string): T {
  return JSON.parse(readFileSync(file, 'utf8')) as T;
}

/** Finds a program on PATH or where Debian keeps services; null when it is not installed. */
export function findProgram(name: string): string | null {
  for (const dir of [...(process.env.PATH ?? '').split(path.delimiter), '/usr/sbin', '/usr/local/sbin']) {
    if (dir !== '' && existsSync(path.join(dir, name))) return path.join(dir, name);
  }
  return null;
}
