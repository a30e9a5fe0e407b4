/** bench/solver_numpy.py as something to be timed: started for one grid, checked against a field of ours, then stepped by lines. */
import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { packageRoot } from '../../../version.ts';
import type { ComplexField } from '../../../solver/complex-field.ts';
import { distance } from '../../../solver/convergence.ts';
import type { SolverParameters } from '../../../../kernels/spectral/parameters.ts';

/** How far two codes of the same scheme may be apart after the steps of the check. */
const AGREEMENT = 1e-10;
const ANSWER_MS = 300_000;

export interface NumpySolver {
  readonly version: string;
  /** Its distance from our field after the same steps, relative. */
  readonly difference: number;
  /** Makes steps. @returns processor seconds of its thread */
  step(count: number): Promise<number>;
  close(): void;
}

/**
 * @param field at the grid's points @param wanted our wave numbers `steps` later
 * @throws Error with the reason why numpy cannot be measured
 */
export async function startNumpy(python: string, parameters: SolverParameters, field: ComplexField, wanted: ComplexField, steps: number): Promise<NumpySolver> {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'rigbrain-bench-'));
  const child = spawn(python, [path.join(packageRoot(), 'bench', 'solver_numpy.py')], { stdio: ['pipe', 'pipe', 'pipe'], env: { ...process.env, OMP_NUM_THREADS: '1', OPENBLAS_NUM_THREADS: '1' } });
  const answers = answersOf(child, python);
  const close = (): void => {
    child.kill();
    rmSync(folder, { recursive: true, force: true });
  };
  try {
    const [from, to] = [path.join(folder, 'field'), path.join(folder, 'out')];
    writeFileSync(from, Buffer.concat([field.re, field.im].map((part) => Buffer.from(part.buffer, part.byteOffset, part.byteLength))));
    const version = /^READY (\S+)/.exec(await answers(JSON.stringify({ parameters, field: from, out: to, steps })))?.[1];
    if (version === undefined) throw new Error('numpy did not say that it is ready');
    const difference = distance(fieldOf(readFileSync(to)), wanted);
    if (!(difference <= AGREEMENT)) throw new Error(`numpy comes to another field: off by ${difference.toExponential(1)}`);
    return { version, difference, step: async (count) => Number(await answers(`S ${count}`)), close };
  } catch (error) {
    close();
    throw error;
  }
}

function fieldOf(bytes: Buffer): ComplexField {
  const all = new Float64Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength));
  return { re: all.slice(0, all.length / 2), im: all.slice(all.length / 2) };
}

/** Writes a line and waits for the answer; rejects when the process ends, or says nothing until the deadline. */
function answersOf(child: ChildProcess, python: string): (line: string) => Promise<string> {
  let waiting: { resolve: (line: string) => void; reject: (error: Error) => void } | null = null;
  let talk = '';
  let ended: Error | null = null;
  const end = (reason: string): void => {
    ended ??= new Error(reason);
    waiting?.reject(ended);
    waiting = null;
  };
  child.stderr!.on('data', (text: Buffer) => (talk = (talk + text.toString()).slice(-2000)));
  child.stdin!.on('error', () => {});
  child.on('error', (error) => end(`${python} cannot be started: ${error.message}`));
  child.on('close', () => end(talk.trim().split('\n').at(-1) || `${python} ended`));
  createInterface({ input: child.stdout! }).on('line', (line) => {
    waiting?.resolve(line);
    waiting = null;
  });
  return (line) =>
    new Promise<string>((resolve, reject) => {
      if (ended) return reject(ended);
      const timer = setTimeout(() => end(`${python} did not answer within ${ANSWER_MS / 1000} s`), ANSWER_MS);
      const done = (settle: () => void): void => {
        clearTimeout(timer);
        settle();
      };
      waiting = { resolve: (answer) => done(() => resolve(answer)), reject: (error) => done(() => reject(error)) };
      child.stdin!.write(`${line}\n`);
    });
}
