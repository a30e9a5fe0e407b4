import { formatProblem, type ConfigProblem } from '../../../config/problem.ts';
import { RigError, type ErrorCode } from '../../../protocol/common/errors.ts';

/** One thing to tell. */
export interface CheckFinding {
  readonly severity: 'error' | 'warning';
  readonly code: ErrorCode | null;
  /** With `file:line:column` where there is one. */
  readonly message: string;
}

/** An error as findings: one for each problem it lists. */
export function findingsOf(error: unknown): CheckFinding[] {
  if (!(error instanceof RigError)) throw error;
  const problems = error.context.problems as readonly ConfigProblem[] | undefined;
  if (problems === undefined) return [{ severity: 'error', code: error.code, message: error.message }];
  return problems.map((problem) => ({ severity: 'error', code: problem.code ?? error.code, message: formatProblem(problem) }));
}
