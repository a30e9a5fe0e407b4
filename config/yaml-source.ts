/** Reads one YAML text and remembers where every value stands in it. */
import { isAlias, isMap, isPair, isScalar, isSeq, LineCounter, parseDocument, type Node } from 'yaml';
import { pathKey, type ConfigPath, type Origin } from './origin.ts';
import type { ConfigProblem } from './problem.ts';

export interface YamlSource {
  /** Plain data; an empty object when the text holds nothing, or when it could not be read. */
  readonly value: Record<string, unknown>;
  /** Position of every key (for map entries) or item (for list entries). */
  readonly origins: ReadonlyMap<string, Origin>;
  readonly problems: readonly ConfigProblem[];
}

/** Deeper than any configuration. */
const MAX_DEPTH = 16;

/** What the parser's error codes mean to a person; codes not named here keep the parser's own message. */
const REASONS: Readonly<Record<string, string>> = {
  TAB_AS_INDENT: 'a tab is used for indentation; YAML allows only spaces',
  DUPLICATE_KEY: 'this key stands twice in the same group; keep one',
  MULTIPLE_DOCS: 'more than one YAML document in the file; remove the `---` line',
};

/**
 * @param text the whole file
 * @param file name to report, as the person knows it
 */
export function readYaml(text: string, file: string): YamlSource {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false, uniqueKeys: true, merge: false, maxAliasCount: 100 } as Parameters<typeof parseDocument>[1]);
  const at = (offset: number): Origin => {
    const { line, col } = lines.linePos(offset);
    return { kind: 'file', file, line, column: col };
  };
  const problems: ConfigProblem[] = [...document.errors, ...document.warnings].map((error) => ({
    origin: at(error.pos[0]),
    path: '',
    reason: REASONS[error.code] ?? `not valid YAML: ${error.message.split('\n')[0] ?? error.code}`,
    suggestion: null,
  }));
  if (problems.length > 0) return { value: {}, origins: new Map(), problems };

  const origins = new Map<string, Origin>([['', at(0)]]);
  if (document.contents !== null) recordPositions(document.contents, new Map(), [], origins, at);
  let value: unknown;
  try {
    value = document.toJS({ maxAliasCount: 100 });
  } catch (error) {
    return { value: {}, origins, problems: [{ origin: at(0), path: '', reason: `not usable YAML: ${(error as Error).message}`, suggestion: null }] };
  }
  if (value === null || value === undefined) return { value: {}, origins, problems: [] };
  if (typeof value !== 'object' || Array.isArray(value)) {
    return { value: {}, origins, problems: [{ origin: at(0), path: '', reason: 'the file must be a group of `key: value` lines', suggestion: null }] };
  }
  return { value: value as Record<string, unknown>, origins, problems: [] };
}

/** @param anchors the nodes with a name met so far: asking each alias to find its own would walk the whole document every time */
function recordPositions(node: unknown, anchors: Map<string, unknown>, path: ConfigPath, origins: Map<string, Origin>, at: (offset: number) => Origin): void {
  if (path.length > MAX_DEPTH) return; // an alias that contains itself
  const target = isAlias(node) ? anchors.get(node.source) : node;
  const { anchor } = (target ?? {}) as { anchor?: string };
  if (anchor !== undefined) anchors.set(anchor, target);
  if (isMap(target)) {
    for (const pair of target.items) {
      if (!isPair(pair) || !isScalar(pair.key)) continue;
      const below = [...path, String(pair.key.value)];
      origins.set(pathKey(below), at((pair.key as Node).range?.[0] ?? 0));
      recordPositions(pair.value, anchors, below, origins, at);
    }
  } else if (isSeq(target)) {
    target.items.forEach((item, index) => {
      const below = [...path, index];
      origins.set(pathKey(below), at((item as Node).range?.[0] ?? 0));
      recordPositions(item, anchors, below, origins, at);
    });
  }
}
