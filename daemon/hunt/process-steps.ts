import { fork, type ChildProcess } from 'node:child_process';
import { existsSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { packageRoot } from '../version.ts';
import type { SimulateTask, StepOptions, HuntSteps, ValidateTask } from './steps.ts';
import { StepWorker } from './step-worker.ts';

/** The least of all: a hunt has what mining leaves. */
const NICE = 19;
const HEAP_MB = 512;
/** Steps a process takes before another takes its place: what a step may leave behind does not add up. */
const STEPS_EACH = 100;
/** How long a process waits for its next step, milliseconds. */
const IDLE_MS = 5_000;

export interface ProcessStepsOptions {
  /** 0 to 19. Default 19. */
  readonly nice?: number;
  /** Part of a core that a step may take, percent. Default 100. */
  readonly cpuPercent?: number;
  readonly kernel?: string;
  /** Starts the process of steps. Default: Node with this installation's `step-process.js`. */
  readonly start?: () => ChildProcess;
}

/**
 * Steps in processes: each has its own priority and memory, takes one step at a time, and ends when it is told to, whatever it is doing.
 * One that has come to its end well takes the next step: starting a process costs more than a small step, and the daemon stands still
 * while it forks. A process whose daemon is gone ends by itself.
 */
export function processSteps({ nice = NICE, cpuPercent = 100, kernel = 'auto', start = startProcess }: ProcessStepsOptions = {}): HuntSteps {
  const idle = new Map<StepWorker, NodeJS.Timeout>();

  const drop = (worker: StepWorker): void => {
    clearTimeout(idle.get(worker));
    idle.delete(worker);
    worker.end();
  };
  const begin = (): StepWorker => {
    const child = start();
    try {
      // From its first instruction on: Node's own start takes longer than a small step, and would compete with the daemon.
      if (child.pid !== undefined) os.setPriority(child.pid, nice);
    } catch {
      // It is gone already, or may not be changed: it tries itself.
    }
    return new StepWorker(child);
  };
  const take = (): StepWorker => {
    for (const [worker, timer] of idle) {
      clearTimeout(timer);
      idle.delete(worker);
      if (!worker.isReady) continue;
      worker.hold(true);
      return worker;
    }
    return begin();
  };
  const giveBack = (worker: StepWorker): void => {
    if (!worker.isReady || worker.taken >= STEPS_EACH) return worker.end();
    worker.hold(false);
    idle.set(worker, setTimeout(() => drop(worker), IDLE_MS).unref());
  };
  const step = async <T>(task: SimulateTask | ValidateTask, options: StepOptions): Promise<T> => {
    const worker = take();
    const result = await worker.run<T>({ task, nice, cpuPercent, kernel }, options);
    giveBack(worker);
    return result;
  };
  return {
    simulate: (task, options) => step(task, options),
    validate: (task, options) => step(task, options),
    close: () => [...idle.keys()].forEach(drop),
  };
}

function startProcess(): ChildProcess {
  return fork(processFile(), [], { stdio: ['ignore', 'ignore', 'pipe', 'ipc'], execArgv: [`--max-old-space-size=${HEAP_MB}`], serialization: 'advanced' });
}

/** The built file also when this one runs from its TypeScript source: Node 20 cannot load that in a process. */
function processFile(): string {
  const beside = path.join(import.meta.dirname, 'step-process.js');
  return existsSync(beside) ? beside : path.join(packageRoot(), 'dist', 'daemon', 'hunt', 'step-process.js');
}
