/** `rigbrain config show`: the effective configuration, and where each value came from. */
import { Document, isMap, isScalar, isSeq, type Node } from 'yaml';
import { describeOrigin, originOf, type ConfigPath, type Origins } from '../../../config/origin.ts';
import { EXIT } from '../exit-codes.ts';
import type { Globals } from '../globals.ts';
import type { CliIo } from '../io.ts';
import { openContext } from './context.ts';

const MASK = '***';
/** Names under a driver's own options whose values are not shown. */
const SECRET_NAME = /pass|secret|token|api_?key|private/i;

export async function configShow(io: CliIo, globals: Globals, withOrigin: boolean): Promise<number> {
  const { loaded } = openContext(io, globals);
  for (const warning of loaded.warnings) io.err(`rigbrain: warning: ${warning}`);
  const shown = masked(loaded.config) as Record<string, unknown>;
  if (globals.json) {
    const origins = withOrigin ? { origins: Object.fromEntries(leaves(shown).map((path) => [path.join('.'), describeOrigin(originOf(loaded.origins, path))])) } : {};
    io.out(JSON.stringify({ file: loaded.file, files: loaded.files, config: shown, ...origins }, null, 2));
    return EXIT.ok;
  }
  io.err(loaded.file === null ? 'rigbrain: no configuration file found, these are the defaults' : `rigbrain: configuration of ${loaded.files.join(', ')}`);
  const document = new Document(shown);
  if (withOrigin) annotate(document.contents as Node, loaded.origins, []);
  io.out(document.toString({ lineWidth: 0 }).trimEnd());
  return EXIT.ok;
}

/** A copy that may be shown: credentials in URLs and secret-sounding driver options are masked; references stay, they are no secrets. */
export function masked(value: unknown, name = '', inOptions = false): unknown {
  if (Array.isArray(value)) return value.map((item) => masked(item, name, inOptions));
  if (typeof value === 'object' && value !== null) {
    return Object.fromEntries(Object.entries(value).map(([key, below]) => [key, masked(below, key, inOptions || name === 'options')]));
  }
  if (inOptions && SECRET_NAME.test(name)) return MASK;
  return typeof value === 'string' ? value.replace(/^([a-z+]+:\/\/)[^/@\s]*@/i, `$1${MASK}@`) : value;
}

function leaves(value: unknown, path: ConfigPath = []): ConfigPath[] {
  const entries: [string | number, unknown][] = Array.isArray(value) ? value.map((item, index) => [index, item]) : typeof value === 'object' && value !== null ? Object.entries(value) : [];
  return entries.length === 0 ? [path] : entries.flatMap(([step, below]) => leaves(below, [...path, step]));
}

/** Writes the origin of every value as a comment behind it. */
function annotate(node: Node, origins: Origins, path: ConfigPath): void {
  if (isMap(node) && node.items.length > 0) {
    for (const pair of node.items) annotate(pair.value as Node, origins, [...path, isScalar(pair.key) ? String(pair.key.value) : '']);
  } else if (isSeq(node) && node.items.length > 0) {
    node.items.forEach((item, index) => annotate(item as Node, origins, [...path, index]));
  } else {
    if (isMap(node) || isSeq(node)) node.flow = true;
    node.comment = ` ${describeOrigin(originOf(origins, path))}`;
  }
}
