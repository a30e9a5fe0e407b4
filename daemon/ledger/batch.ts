import { messageOf } from '../../protocol/common/errors.ts';
import type { JsonObject, ViewRole, ViewTarget } from '../brainstem/contract.ts';
import type { DocumentStore } from './document-store.ts';
import { isRollUp, renderIndex } from './document.ts';
import type { PlacedEntry } from './entries.ts';
import type { DefensiveWriter, WriteResult } from './defensive-writer.ts';

/**
 * Files are written in this order, and an entry reaches a roll-up only when the files the roll-up names as its
 * sources have it, and an index only when the roll-up beside it has it.
 */
const PHASES: readonly (readonly ViewRole[])[] = [
  ['period', 'global'],
  ['aggregated', 'aggregated_global'],
  ['index', 'index_global'],
];

/** Files written at once. Node has four file threads; one is left for name look-ups and the rest of the daemon. */
const CONCURRENCY = 3;

/** One file and what is to be added to it. */
interface Group {
  readonly target: ViewTarget;
  readonly items: { readonly placed: PlacedEntry; readonly target: ViewTarget }[];
}

export interface BatchContext {
  readonly store: DocumentStore;
  readonly writer: DefensiveWriter;
  /** Local time with offset, for `metadata.last_updated`. */
  readonly nowIso: () => string;
}

/**
 * Writes every file the entries are missing from, each file once. Afterwards `missing` holds what could not be
 * written and `reason` why. Never throws.
 */
export async function writeBatch(entries: readonly PlacedEntry[], context: BatchContext): Promise<void> {
  for (const entry of entries) entry.reason = null;
  for (const roles of PHASES) {
    const groups = [...groupByFile(entries, roles).values()];
    const workers = Array.from({ length: CONCURRENCY }, async () => {
      for (let group = groups.shift(); group; group = groups.shift()) {
        const result = await writeFile(group, context);
        for (const { placed } of group.items) {
          if (result.ok) placed.missing.delete(group.target.path);
          else placed.reason ??= `${result.path}: ${result.reason}`;
        }
      }
    });
    await Promise.all(workers);
  }
}

function groupByFile(entries: readonly PlacedEntry[], roles: readonly ViewRole[]): Map<string, Group> {
  const groups = new Map<string, Group>();
  for (const placed of entries) {
    for (const target of placed.targets) {
      if (!roles.includes(target.role) || !placed.missing.has(target.path) || !isReady(placed, target)) continue;
      const group = groups.get(target.path);
      if (group) group.items.push({ placed, target });
      else groups.set(target.path, { target, items: [{ placed, target }] });
    }
  }
  return groups;
}

function isReady(entry: PlacedEntry, target: ViewTarget): boolean {
  if (isRollUp(target)) return sourcesOf(entry).every((source) => !entry.missing.has(source));
  const rollUp = target.arrayKey === null ? rollUpOf(target, entry.targets) : null;
  return rollUp === null || !entry.missing.has(rollUp.path);
}

/** The files that roll-ups and indices name as sources: the hour's file and the global one. */
function sourcesOf(entry: PlacedEntry): string[] {
  return entry.targets.filter((target) => target.role === 'global' || (target.role === 'period' && target.level === 'hour')).map((target) => target.path);
}

/** The roll-up an index describes: same level and scope, and, where several trees have one, the nearest folder. */
function rollUpOf(index: ViewTarget, targets: readonly ViewTarget[]): ViewTarget | null {
  const role = index.role === 'index' ? 'aggregated' : 'aggregated_global';
  let best: ViewTarget | null = null;
  for (const target of targets) {
    if (target.role !== role || target.level !== index.level || target.scope !== index.scope) continue;
    if (best === null || sharedLength(target.path, index.path) > sharedLength(best.path, index.path)) best = target;
  }
  return best;
}

function sharedLength(a: string, b: string): number {
  let length = 0;
  while (length < a.length && a[length] === b[length]) length += 1;
  return length;
}

/** Leaves out an index that no roll-up stands beside: a blueprint without the one has nothing to put in the other. */
export function writableTargets(targets: readonly ViewTarget[]): ViewTarget[] {
  return targets.filter((target) => target.arrayKey !== null || rollUpOf(target, targets) !== null);
}

async function writeFile(group: Group, context: BatchContext): Promise<WriteResult> {
  const { target } = group;
  try {
    return target.arrayKey === null ? await writeIndex(group, context) : await writeEntries(group, context);
  } catch (error) {
    context.store.forget(target.path);
    return { ok: false, layer: 0, path: target.path, reason: messageOf(error) };
  }
}

async function writeEntries({ target, items }: Group, { store, nowIso }: BatchContext): Promise<WriteResult> {
  const [{ placed: first }] = items as [Group['items'][number]];
  const document = await store.open(target, first.type);
  for (const { placed, target: own } of items) document.add(placed, own.arrayKey ?? 'entries', isRollUp(target) ? sourcesOf(placed) : []);
  return store.save(target.path, document, document.render(nowIso()));
}

async function writeIndex({ target, items }: Group, { store, writer, nowIso }: BatchContext): Promise<WriteResult> {
  const [{ placed: first }] = items as [Group['items'][number]];
  const rollUpTarget = rollUpOf(target, first.targets);
  if (!rollUpTarget) return { ok: false, layer: 0, path: target.path, reason: 'no roll-up stands beside this index' };
  const rollUp = await store.open(rollUpTarget, first.type);
  const json: JsonObject = await store.openIndex(target);
  return writer.writePrimary(target.path, renderIndex(json, target, rollUp, nowIso()));
}
