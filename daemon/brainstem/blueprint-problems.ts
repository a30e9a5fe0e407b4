import { nearestOrigin, pathKey, type ConfigPath, type Origins } from '../../config/origin.ts';
import { formatProblem, sortProblems, type ConfigProblem } from '../../config/problem.ts';
import { suggest } from '../../config/suggest.ts';
import { RigError } from '../../protocol/common/errors.ts';

/** Says that something at `path` in the blueprint is wrong. `word` and `known` make the "did you mean". */
export type Report = (path: ConfigPath, reason: string, word?: string, known?: Iterable<string>) => void;

/** Collects what is wrong with a blueprint, each with the place it was written. */
export class BlueprintProblems {
  readonly found: ConfigProblem[] = [];
  readonly #origins: Origins;

  constructor(origins: Origins) {
    this.#origins = origins;
  }

  readonly report: Report = (path, reason, word, known) => {
    const suggestion = word === undefined || known === undefined ? null : suggest(word, known);
    this.found.push({ origin: nearestOrigin(this.#origins, path), path: pathKey(path), reason, suggestion });
  };
}

/** @throws RigError E_BLUEPRINT_INVALID listing every problem as `file:line:column: path: reason`, when there are any */
export function throwIfAny(problems: readonly ConfigProblem[]): void {
  if (problems.length === 0) return;
  // A mistake in a shared part (a YAML anchor) is met once for each use; people want to read it once.
  const byLine = new Map(sortProblems(problems).map((problem) => [formatProblem(problem), problem]));
  const lines = [...byLine.keys()];
  const message = lines.length === 1 ? (lines[0] ?? '') : `${lines.length} problems\n${lines.map((line) => `  ${line}`).join('\n')}\n`;
  throw new RigError('E_BLUEPRINT_INVALID', message, { context: { problems: [...byLine.values()] } });
}
