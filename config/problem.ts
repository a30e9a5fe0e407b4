/** One thing that is wrong with the configuration, and where. */
import { RigError, type ErrorCode } from '../protocol/common/errors.ts';
import { describeOrigin, type Origin } from './origin.ts';

export interface ConfigProblem {
  /** Where the value was written. */
  readonly origin: Origin;
  /** Dotted path of the key; empty for the file as a whole. */
  readonly path: string;
  /** What is wrong, in plain words. Never repeats the value: it could be a secret written in the wrong place. */
  readonly reason: string;
  /** The key or value that was probably meant. */
  readonly suggestion: string | null;
  /** A code of its own; left out: E_CONFIG_INVALID. */
  readonly code?: ErrorCode;
}

/** `file:line:column: path: reason (did you mean "x"?)` */
export function formatProblem(problem: ConfigProblem): string {
  const where = describeOrigin(problem.origin);
  const path = problem.path === '' ? '' : `${problem.path}: `;
  const hint = problem.suggestion === null ? '' : ` (did you mean "${problem.suggestion}"?)`;
  return `${where}: ${path}${problem.reason}${hint}`;
}

/** The order a reader meets them: by file, then line, then column; environment and flags last. */
export function sortProblems(problems: readonly ConfigProblem[]): ConfigProblem[] {
  const rank = (origin: Origin): [string, number, number] => (origin.kind === 'file' ? [`0${origin.file}`, origin.line, origin.column] : [`1${describeOrigin(origin)}`, 0, 0]);
  return [...problems].sort((a, b) => {
    const [fileA, lineA, columnA] = rank(a.origin);
    const [fileB, lineB, columnB] = rank(b.origin);
    if (fileA !== fileB) return fileA < fileB ? -1 : 1;
    return lineA - lineB || columnA - columnB;
  });
}

/** All problems as the one error `loadConfig` throws: one a line, the list in `context.problems`. Its code is that of the problems when all have the same. */
export function configInvalid(problems: readonly ConfigProblem[]): RigError {
  const sorted = sortProblems(problems);
  const count = sorted.length === 1 ? '1 problem' : `${sorted.length} problems`;
  const lines = sorted.map((problem) => `  ${formatProblem(problem)}`);
  const codes = new Set(sorted.map(({ code }) => code ?? 'E_CONFIG_INVALID'));
  const [only = 'E_CONFIG_INVALID'] = codes;
  return new RigError(codes.size === 1 ? only : 'E_CONFIG_INVALID', `${count} in the configuration\n${lines.join('\n')}\n`, { context: { problems: sorted } });
}
