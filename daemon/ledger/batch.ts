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

interface Group {
  readonly target: ViewTarget;
  readonly entries: PlacedEntry[];
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
        for (const entry of group.entries) {
          if (result.ok) entry.missing.delete(group.target.path);
          else entry.reason ??= `${result.path}: ${result.reason}`;
        }
      }
    });
    await Promise.all(workers);
  }
}

function groupByFile(entries: readonly PlacedEntry[], roles: readonly ViewRole[]): Map<string, Group> {
  const groups = new Map<string, Group>();
  for (const entry of entries) {
    for (const target of entry.targets) {
      if (!roles.includes(target.role) || !entry.missing.has(target.path) || !isReady(entry, target)) continue;
      const group = groups.get(target.path);
      if (group) group.entries.push(entry);
      else groups.set(target.path, { target, entries: [entry] });
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
  const { target, entries } = group;
  try {
    return target.arrayKey === null ? await writeIndex(target, entries, context) : await writeEntries(target, entries, context);
  } catch (error) {
    context.store.forget(target.path);
    return { ok: false, layer: 0, path: target.path, reason: messageOf(error) };
  }
}

async function writeEntries(target: ViewTarget, entries: readonly PlacedEntry[], { store, nowIso }: BatchContext): Promise<WriteResult> {
  const [first] = entries as [PlacedEntry];
  const document = await store.open(target, first.type, first.category);
  for (const placed of entries) document.add(placed.id, placed.type, placed.entry, isRollUp(target) ? sourcesOf(placed) : []);
  return store.save(target.path, document, document.render(nowIso()));
}

async function writeIndex(target: ViewTarget, entries: readonly PlacedEntry[], { store, writer, nowIso }: BatchContext): Promise<WriteResult> {
  const [first] = entries as [PlacedEntry];
  const rollUpTarget = rollUpOf(target, first.targets);
  if (!rollUpTarget) return { ok: false, layer: 0, path: target.path, reason: 'no roll-up stands beside this index' };
  const rollUp = await store.open(rollUpTarget, first.type, first.category);
  const json: JsonObject = await store.openIndex(target, first.category);
  return writer.writePrimary(target.path, renderIndex(json, target, rollUp, nowIso()));
}
