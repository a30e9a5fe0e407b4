/** A process of steps: takes a request, answers it, waits for the next. */
import os from 'node:os';
import { messageOf } from '../../protocol/common/errors.ts';
import { nodeDisk } from '../ledger/disk/node-disk.ts';
import { DutyCycle } from './duty-cycle.ts';
import { localSteps, type SimulateTask, type StepProgress, type ValidateTask } from './steps.ts';

export interface StepRequest {
  readonly task: SimulateTask | ValidateTask;
  readonly nice: number;
  readonly cpuPercent: number;
  readonly kernel: string;
}

export type StepReply =
  | { readonly kind: 'progress'; readonly progress: StepProgress }
  | { readonly kind: 'done'; readonly result: unknown }
  | { readonly kind: 'failed'; readonly message: string; readonly errno?: string };

const PROGRESS_MS = 500;

async function answer({ task, nice, cpuPercent, kernel }: StepRequest): Promise<StepReply> {
  try {
    os.setPriority(nice);
  } catch {
    // A process may always be nicer than it was; where it cannot, it works as it is.
  }
  const steps = localSteps(nodeDisk, kernel, new DutyCycle(cpuPercent));
  let told = -Infinity;
  const onProgress = (progress: StepProgress): void => {
    if (performance.now() - told < PROGRESS_MS && progress.steps < progress.totalSteps) return;
    told = performance.now();
    process.send?.({ kind: 'progress', progress } satisfies StepReply);
  };
  try {
    return { kind: 'done', result: task.kind === 'simulate' ? await steps.simulate(task, { onProgress }) : await steps.validate(task, {}) };
  } catch (error) {
    const errno = (error as NodeJS.ErrnoException | null)?.code;
    return { kind: 'failed', message: messageOf(error), ...(typeof errno === 'string' && { errno }) };
  }
}

// Ctrl-C and a service manager's stop reach the whole group, this process as well as its daemon. What becomes of a step is the daemon's
// to say: one that died of the same signal before would count as a failed job.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => {});
// Nobody is left to answer: the daemon is gone.
process.on('disconnect', () => process.exit(1));
process.on('message', (request: StepRequest) => void answer(request).then((reply) => process.send?.(reply)));
