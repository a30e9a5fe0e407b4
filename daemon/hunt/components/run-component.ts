import { spawn, type ChildProcess } from 'node:child_process';
import { access, mkdir, readdir, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import type { Clock } from '../../../protocol/common/clock.ts';
import { messageOf, RigError } from '../../../protocol/common/errors.ts';
import { argumentsOf, checkRequest, type ComponentRequest } from './arguments.ts';
import { keyOf, runnerOf, type Component } from './discover.ts';
import { readOutputs } from './output-streams.ts';

export const COMPONENT_DEADLINE_MS = 300_000;
const GRACE_MS = 2_000;
/** Of standard output, and of standard error. */
const MOST_OUTPUT_BYTES = 4 * 1024 * 1024;
const LAST_WORDS = 2_000;
const NICE = 10;
const PATH = '/usr/local/bin:/usr/bin:/bin';

export interface RunComponentOptions extends ComponentRequest {
  readonly clock: Clock;
  /** Made; must not be there, or be empty. */
  readonly outFolder: string;
  readonly signal?: AbortSignal;
  /** 0 to 19. Default 10. */
  readonly nice?: number;
  /** Default: the manifest's, else 300 s. */
  readonly deadlineMs?: number;
  /** Its talk as it comes, without the block of outputs taken out. */
  readonly onOutput?: (stream: 'stdout' | 'stderr', text: string) => void;
}

/** `component_run.json` in the output folder says the same. */
export interface ComponentRun {
  readonly component: string;
  readonly job_uuid: string;
  readonly inputs: Readonly<Record<string, string>>;
  readonly settings: Readonly<Record<string, string | number | boolean>>;
  /** Of a path the absolute one. */
  readonly outputs: Readonly<Record<string, string>>;
  readonly out_folder: string;
  readonly started_utc: string;
  readonly duration_ms: number;
}

/**
 * Runs a component to its end: in a process group of its own, with a list of arguments and never a shell, with hardly any environment, in
 * the output folder, at low priority, until its deadline.
 * @throws RigError E_COMPONENT for what it may not be given, or when it failed, was too slow or too loud, or its outputs are not as declared
 */
export async function runComponent(component: Component, options: RunComponentOptions): Promise<ComponentRun> {
  const { clock, outFolder, signal } = options;
  const name = keyOf(component.manifest);
  signal?.throwIfAborted();
  const request = await checkRequest(component, options);
  const args = argumentsOf(component, request, outFolder);
  const [command, ...before] = await commandOf(component, name);
  await freshFolder(outFolder, name);
  const started = new Date(clock.now()).toISOString();
  const begin = clock.monotonic();
  const deadlineMs = options.deadlineMs ?? (component.manifest.timeout_seconds === undefined ? COMPONENT_DEADLINE_MS : component.manifest.timeout_seconds * 1000);
  const child = spawn(command!, [...before, ...args], { cwd: outFolder, env: environment(outFolder, request.jobUuid), stdio: ['ignore', 'pipe', 'pipe'], detached: true, shell: false });
  const stdout = await ended(child, name, { ...options, deadlineMs });
  const outputs = await readOutputs(stdout, component.manifest.outputs, outFolder).catch((error: unknown) => {
    throw failed(name, messageOf(error), error);
  });
  const run: ComponentRun = { component: name, job_uuid: request.jobUuid, inputs: request.inputs, settings: request.settings, outputs, out_folder: outFolder, started_utc: started, duration_ms: Math.round(clock.monotonic() - begin) };
  await writeFile(path.join(outFolder, 'component_run.json'), `${JSON.stringify(run, null, 2)}\n`);
  return run;
}

async function commandOf({ script }: Component, name: string): Promise<string[]> {
  const runner = runnerOf(script);
  if (runner === 'node') return [process.execPath, script];
  if (runner === 'itself') return [script];
  for (const folder of PATH.split(':')) {
    const python = path.join(folder, 'python3');
    if (await access(python).then(() => true, () => false)) return [python, script];
  }
  throw new RigError('E_COMPONENT', `${name} is written in Python, and there is no python3 in ${PATH}`, { hint: 'Install python3.' });
}

/** What a program needs to find its tools; nothing of the daemon's, which may hold secrets. */
const environment = (outFolder: string, jobUuid: string): Record<string, string> => ({ PATH, HOME: outFolder, TMPDIR: outFolder, LANG: 'C.UTF-8', PYTHONDONTWRITEBYTECODE: '1', RIGBRAIN_JOB_UUID: jobUuid });

async function freshFolder(folder: string, name: string): Promise<void> {
  try {
    await mkdir(folder, { recursive: true });
    if ((await readdir(folder)).length === 0) return;
  } catch (error) {
    throw failed(name, `its output folder cannot be made: ${messageOf(error)}`, error);
  }
  throw new RigError('E_COMPONENT', `${name}: its output folder is not empty: ${folder}`, { hint: 'Give another folder with --out.' });
}

/** Resolves with its standard output once all of its group is gone. */
function ended(child: ChildProcess, name: string, { clock, signal, deadlineMs, nice = NICE, onOutput }: RunComponentOptions & { readonly deadlineMs: number }): Promise<string> {
  return new Promise((resolve, reject) => {
    let reason: Error | null = null;
    const said: Record<'stdout' | 'stderr', Buffer[]> = { stdout: [], stderr: [] };
    const killGroup = (how: NodeJS.Signals): void => {
      try {
        if (child.pid !== undefined) process.kill(-child.pid, how);
      } catch {
        // It is gone already.
      }
    };
    let grace: { cancel(): void } | null = null;
    let hangUp: { cancel(): void } | null = null;
    const stop = (why: Error): void => {
      if (reason !== null) return;
      reason = why;
      killGroup('SIGTERM');
      grace = clock.after(GRACE_MS, () => killGroup('SIGKILL'));
    };
    const timer = clock.after(deadlineMs, () => stop(failed(name, `it did not end within ${deadlineMs / 1000} s`)));
    const onAbort = (): void => stop(signal!.reason instanceof Error ? signal!.reason : failed(name, 'it was told to stop'));
    signal?.addEventListener('abort', onAbort, { once: true });
    if (child.pid !== undefined) {
      try {
        os.setPriority(child.pid, nice);
      } catch {
        // It ended at once, or may not be slowed: it runs as it is.
      }
    }
    for (const stream of ['stdout', 'stderr'] as const) {
      let bytes = 0;
      child[stream]!.on('data', (chunk: Buffer) => {
        bytes += chunk.length;
        if (bytes > MOST_OUTPUT_BYTES) return stop(failed(name, `it printed more than ${MOST_OUTPUT_BYTES} bytes to ${stream}`));
        said[stream].push(chunk);
        onOutput?.(stream, chunk.toString('utf8'));
      });
    }
    child.on('error', (error) => {
      reason ??= failed(name, `it cannot be started: ${messageOf(error)}`, error);
      if (child.pid === undefined) settle(null, null);
    });
    // What it started must not outlive it, nor hold its output open.
    child.on('exit', () => {
      killGroup('SIGKILL');
      // One that left the group may hold the output open all the same: nobody waits for what it has to say.
      hangUp = clock.after(GRACE_MS, () => {
        child.stdout!.destroy();
        child.stderr!.destroy();
      });
    });
    child.on('close', (code, killedBy) => settle(code, killedBy));
    const settle = (code: number | null, killedBy: NodeJS.Signals | null): void => {
      timer.cancel();
      grace?.cancel();
      hangUp?.cancel();
      signal?.removeEventListener('abort', onAbort);
      if (reason !== null) return reject(reason);
      const words = Buffer.concat(said.stderr).toString('utf8').trim().slice(-LAST_WORDS);
      if (code !== 0) return reject(failed(name, `it ended with ${killedBy ?? `code ${code}`}${words === '' ? '' : `: ${words}`}`));
      resolve(Buffer.concat(said.stdout).toString('utf8'));
    };
  });
}

const failed = (name: string, why: string, cause?: unknown): RigError => new RigError('E_COMPONENT', `${name}: ${why}`, { hint: 'Correct the component; its talk is above, with `rigbrain component run`.', context: { component: name }, ...(cause !== undefined && { cause }) });
