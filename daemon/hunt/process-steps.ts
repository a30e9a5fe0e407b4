import { fork, type ChildProcess } from 'node:child_process';
import { existsSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { RigError } from '../../protocol/common/errors.ts';
import { packageRoot } from '../version.ts';
import type { StepReply, StepRequest } from './step-process.ts';
import type { HuntSteps, StepOptions } from './steps.ts';

const LAST_WORDS = 2_000;
/** The least of all: a hunt has what mining leaves. */
const NICE = 19;
const HEAP_MB = 512;
/** What a terminal's Ctrl-C and a service manager's stop send to the whole group. */
const STOP_SIGNALS: ReadonlySet<string> = new Set(['SIGINT', 'SIGTERM', 'SIGHUP']);
/** How long the word of that stop may take to get here, milliseconds. */
const STOP_GRACE_MS = 2_000;

export interface ProcessStepsOptions {
  /** 0 to 19. Default 19. */
  readonly nice?: number;
  /** Part of a core that a step may take, percent. Default 100. */
  readonly cpuPercent?: number;
  readonly kernel?: string;
  /** Starts the process of a step. Default: Node with this installation's `step-process.js`. */
  readonly start?: () => ChildProcess;
}

/**
 * Each step in a process of its own: it has its own priority and memory, and ends when it is told to, whatever it is doing.
 * A process whose daemon is gone ends by itself.
 */
export function processSteps({ nice = NICE, cpuPercent = 100, kernel = 'auto', start = startProcess }: ProcessStepsOptions = {}): HuntSteps {
  const begin = (): ChildProcess => {
    const child = start();
    try {
      // From its first instruction on: Node's own start takes longer than a small step, and would compete with the daemon.
      if (child.pid !== undefined) os.setPriority(child.pid, nice);
    } catch {
      // It is gone already, or may not be changed: it tries itself.
    }
    return child;
  };
  return {
    simulate: (task, options) => inProcess(begin(), { task, nice, cpuPercent, kernel }, options),
    validate: (task, options) => inProcess(begin(), { task, nice, cpuPercent, kernel }, options),
  };
}

function startProcess(): ChildProcess {
  return fork(processFile(), [], { stdio: ['ignore', 'ignore', 'pipe', 'ipc'], execArgv: [`--max-old-space-size=${HEAP_MB}`], serialization: 'advanced' });
}

/** Resolves when the process is gone, so that no two steps ever share what it holds. */
function inProcess<T>(child: ChildProcess, request: StepRequest, { signal, onProgress }: StepOptions): Promise<T> {
  return new Promise((resolve, reject) => {
    let words = '';
    let reply: Extract<StepReply, { kind: 'done' | 'failed' }> | null = null;
    let failure: Error | null = null;
    const kill = (): void => void child.kill('SIGKILL');
    const onAbort = (): void => {
      failure ??= signal!.reason as Error;
      kill();
    };
    const settle = (code: number | null, killedBy: NodeJS.Signals | null): void => {
      // A process that has hardly begun dies of what is meant for all of us: as it is being stopped, it has not failed.
      if (killedBy === null || !STOP_SIGNALS.has(killedBy) || signal === undefined || signal.aborted) return decide(code, killedBy);
      const grace = setTimeout(() => decide(code, killedBy), STOP_GRACE_MS);
      signal.addEventListener('abort', () => {
        clearTimeout(grace);
        decide(code, killedBy);
      }, { once: true });
    };
    const decide = (code: number | null, killedBy: NodeJS.Signals | null): void => {
      signal?.removeEventListener('abort', onAbort);
      if (failure !== null) return reject(failure);
      if (reply?.kind === 'done') return resolve(reply.result as T);
      const why = reply === null ? `the process ended (${killedBy ?? `code ${code}`})${words === '' ? '' : `: ${words.trim()}`}` : reply.message;
      reject(new RigError('E_HUNT_STEP', why, { context: { errno: reply?.errno ?? null } }));
    };
    child.stderr?.on('data', (bytes: Buffer) => (words = (words + bytes.toString('utf8')).slice(-LAST_WORDS)));
    child.on('message', (message: StepReply) => {
      if (message.kind === 'progress') return onProgress?.(message.progress);
      reply = message;
    });
    child.on('error', (error) => {
      failure ??= error;
      // One that could not be started has no end to wait for.
      if (child.pid === undefined) settle(null, null);
    });
    child.on('close', settle);
    signal?.addEventListener('abort', onAbort, { once: true });
    if (signal?.aborted) onAbort();
    else child.send(request, (error) => {
      if (error !== null) failure ??= error;
    });
  });
}

/** The built file also when this one runs from its TypeScript source: Node 20 cannot load that in a process. */
function processFile(): string {
  const beside = path.join(import.meta.dirname, 'step-process.js');
  return existsSync(beside) ? beside : path.join(packageRoot(), 'dist', 'daemon', 'hunt', 'step-process.js');
}
