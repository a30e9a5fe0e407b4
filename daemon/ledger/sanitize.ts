import type { JsonObject } from '../brainstem/contract.ts';

/** Deeper than any record of ours; guards the stack against a hostile or broken one. */
const MAX_DEPTH = 64;

/**
 * A copy of `value` that JSON can hold and that later changes by the caller cannot reach. Never throws.
 * BigInt becomes a decimal string, bytes become hex, a Date an ISO string, an Error its name, message, code and stack,
 * a Map an object, a Set an array; NaN and infinities become null (unknown); a cycle becomes "[circular]"; undefined,
 * functions and symbols are dropped (null inside an array, as JSON does).
 */
export function sanitizeObject(value: unknown): JsonObject {
  const clean = sanitizeValue(value);
  return typeof clean === 'object' && clean !== null && !Array.isArray(clean) ? (clean as JsonObject) : { value: clean };
}

/** The same for a value of any kind; what JSON has no word for is null. */
export function sanitizeValue(value: unknown): unknown {
  return sanitize(value, [], 0) ?? null;
}

function sanitize(value: unknown, parents: object[], depth: number): unknown {
  switch (typeof value) {
    case 'string':
    case 'boolean':
      return value;
    case 'number':
      return Number.isFinite(value) ? value : null;
    case 'bigint':
      return value.toString();
    case 'object':
      break;
    default:
      return undefined;
  }
  if (value === null) return null;
  if (parents.includes(value)) return '[circular]';
  if (depth >= MAX_DEPTH) return '[too deep]';
  parents.push(value);
  try {
    return sanitizeInside(value, (inner) => sanitize(inner, parents, depth + 1));
  } catch (error) {
    // A getter or proxy trap of the caller's object.
    return `[unreadable: ${describe(error)}]`;
  } finally {
    parents.pop();
  }
}

function sanitizeInside(value: object, inner: (value: unknown) => unknown): unknown {
  if (value instanceof Uint8Array) return Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString('hex');
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? null : value.toISOString();
  if (Array.isArray(value)) return value.map((item) => inner(item) ?? null);
  if (value instanceof Set) return [...value].map((item) => inner(item) ?? null);
  const result: JsonObject = {};
  if (value instanceof Error) {
    const { name, message, stack } = value;
    put(result, 'name', name);
    put(result, 'message', message);
    put(result, 'stack', stack);
  }
  const pairs = value instanceof Map ? [...value].map(([key, item]) => [String(key), item] as const) : Object.entries(value);
  for (const [key, item] of pairs) put(result, key, inner(item));
  return result;
}

/** Sets an own property even for the name `__proto__`; leaves undefined out. */
function put(target: JsonObject, key: string, value: unknown): void {
  if (value === undefined) return;
  Object.defineProperty(target, key, { value, enumerable: true, writable: true, configurable: true });
}

function describe(error: unknown): string {
  return error instanceof Error ? error.message : 'threw something that is not an Error';
}
