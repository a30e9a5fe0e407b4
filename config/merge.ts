/** Lays one layer of the configuration over another. Groups are merged key by key; lists and single values are replaced. */
import { isObject } from '../protocol/common/json.ts';
import { pathKey, type ConfigPath, type Origin } from './origin.ts';

type Tree = Record<string, unknown>;

/**
 * Merges `layer` into `base`, in place, and carries the origins over.
 * @param origins origins of `base`, updated in place
 * @param layerOrigins origins of `layer`
 */
export function mergeLayer(base: Tree, layer: Tree, origins: Map<string, Origin>, layerOrigins: ReadonlyMap<string, Origin>, path: ConfigPath = []): void {
  for (const [key, value] of Object.entries(layer)) {
    const below = [...path, key];
    const current = Object.hasOwn(base, key) ? base[key] : undefined;
    if (isObject(current) && isObject(value)) {
      const origin = layerOrigins.get(pathKey(below));
      if (origin !== undefined) origins.set(pathKey(below), origin);
      mergeLayer(current, value, origins, layerOrigins, below);
      continue;
    }
    Object.defineProperty(base, key, { value, writable: true, enumerable: true, configurable: true });
    forget(origins, below);
    adopt(origins, layerOrigins, below);
  }
}

/** Sets one value, making groups and lists on the way. A list may grow by one item at a time. @returns false when the path does not fit */
export function setPath(base: Tree, path: ConfigPath, value: unknown, origins: Map<string, Origin>, origin: Origin): boolean {
  let current: Tree | unknown[] = base;
  for (let i = 0; i < path.length; i++) {
    const step = path[i]!;
    const last = i === path.length - 1;
    if (Array.isArray(current)) {
      if (typeof step !== 'number' || step > current.length) return false;
    } else if (typeof step === 'number') {
      return false;
    }
    const holder = current as Record<string | number, unknown>;
    if (last) {
      holder[step] = value;
      forget(origins, path);
      origins.set(pathKey(path), origin);
      return true;
    }
    const next = holder[step];
    if (!isObject(next) && !Array.isArray(next)) {
      if (next !== undefined && next !== null) return false;
      holder[step] = typeof path[i + 1] === 'number' ? [] : {};
      if (!origins.has(pathKey(path.slice(0, i + 1)))) origins.set(pathKey(path.slice(0, i + 1)), origin);
    }
    current = holder[step] as Tree | unknown[];
  }
  return false;
}

function forget(origins: Map<string, Origin>, path: ConfigPath): void {
  const prefix = pathKey(path);
  for (const key of [...origins.keys()]) if (key === prefix || key.startsWith(`${prefix}.`)) origins.delete(key);
}

function adopt(origins: Map<string, Origin>, from: ReadonlyMap<string, Origin>, path: ConfigPath): void {
  const prefix = pathKey(path);
  for (const [key, origin] of from) if (key === prefix || key.startsWith(`${prefix}.`)) origins.set(key, origin);
}
