import type { ChildProcess } from 'node:child_process';
import type { Socket } from 'node:net';
import { RigError } from '../../protocol/common/errors.ts';
import type { StepReply, StepRequest } from './step-process.ts';
import type { StepOptions } from './steps.ts';

const LAST_WORDS = 2_000;
/** What a terminal's Ctrl-C and a service manager's stop send to the whole group. */
const STOP_SIGNALS: ReadonlySet<string> = new Set(['SIGINT', 'SIGTERM', 'SIGHUP']);
/** How long the word of that stop may take to get here, milliseconds. */
const STOP_GRACE_MS = 2_000;

/** A process that takes steps, one at a time. */
export class StepWorker {
  readonly #child: ChildProcess;
  #words = '';
  #taken = 0;
  #isAlive: boolean;

  constructor(child: ChildProcess) {
    this.#child = child;
    this.#isAlive = child.pid !== undefined;
    child.stderr?.on('data', (bytes: Buffer) => (this.#words = (this.#words + bytes.toString('utf8')).slice(-LAST_WORDS)));
    child.on('exit', () => (this.#isAlive = false));
    // While a step runs it is told; between two of them nobody waits for this process.
    child.on('error', () => {});
  }

  /** Steps it was given. */
  get taken(): number {
    return this.#taken;
  }

  /** It can take a step. */
  get isReady(): boolean {
    return this.#isAlive && this.#child.connected;
  }

  /**
   * Runs one step. When it is aborted or fails the process is ended, and this settles once it is gone: nothing of that step may go on.
   * @throws the signal's reason; RigError E_HUNT_STEP, the system's code in context.errno
   */
  run<T>(request: StepRequest, { signal, onProgress }: StepOptions): Promise<T> {
    const child = this.#child;
    this.#taken++;
    this.#words = '';
    return new Promise((resolve, reject) => {
      let failure: Error | null = null;
      let failed: Extract<StepReply, { kind: 'failed' }> | null = null;
      const onAbort = (): void => {
        failure ??= signal!.reason as Error;
        this.end();
      };
      const onMessage = (message: StepReply): void => {
        if (failure !== null) return;
        if (message.kind === 'progress') return onProgress?.(message.progress);
        if (message.kind === 'done') {
          leave();
          return resolve(message.result as T);
        }
        // Whatever it failed of may be in it still.
        failed = message;
        this.end();
      };
      const onError = (error: Error): void => {
        failure ??= error;
        // One that could not be started has no end to wait for.
        if (child.pid === undefined) onClose(null, null);
      };
      const onClose = (code: number | null, killedBy: NodeJS.Signals | null): void => {
        // A process that has hardly begun dies of what is meant for all of us: as it is being stopped, it has not failed.
        if (killedBy === null || !STOP_SIGNALS.has(killedBy) || signal === undefined || signal.aborted) return decide(code, killedBy);
        const grace = setTimeout(() => decide(code, killedBy), STOP_GRACE_MS);
        signal.addEventListener('abort', () => {
          clearTimeout(grace);
          decide(code, killedBy);
        }, { once: true });
      };
      const decide = (code: number | null, killedBy: NodeJS.Signals | null): void => {
        leave();
        if (failure !== null) return reject(failure);
        const why = failed === null ? `the process ended (${killedBy ?? `code ${code}`})${this.#words === '' ? '' : `: ${this.#words.trim()}`}` : failed.message;
        reject(new RigError('E_HUNT_STEP', why, { context: { errno: failed?.errno ?? null } }));
      };
      const leave = (): void => {
        signal?.removeEventListener('abort', onAbort);
        child.off('message', onMessage).off('error', onError).off('close', onClose);
      };
      child.on('message', onMessage).on('error', onError).on('close', onClose);
      signal?.addEventListener('abort', onAbort, { once: true });
      if (signal?.aborted) onAbort();
      else child.send(request, (error) => {
        if (error !== null) failure ??= error;
      });
    });
  }

  /** Ends the process, whatever it is doing. */
  end(): void {
    this.#child.kill('SIGKILL');
  }

  /** Whether this process waits for that one before it ends. */
  hold(isHeld: boolean): void {
    const which = isHeld ? 'ref' : 'unref';
    this.#child[which]();
    this.#child.channel?.[which]();
    (this.#child.stderr as Socket | null)?.[which]();
  }
}
