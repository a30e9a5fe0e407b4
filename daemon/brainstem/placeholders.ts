/** `{name}` in a text of the blueprint. */
const PLACEHOLDER = /\{([^{}]*)\}/g;

/** Names of the placeholders in a text, in order, repeated as often as they occur. */
export function placeholdersOf(text: string): string[] {
  return [...text.matchAll(PLACEHOLDER)].map((match) => match[1] ?? '');
}

/** Replaces the placeholders that have a value; the others stay as they are. */
export function fillText(text: string, values: Readonly<Record<string, string>>): string {
  return text.replace(PLACEHOLDER, (whole, name: string) => (Object.hasOwn(values, name) ? (values[name] ?? whole) : whole));
}

/**
 * A deep copy of plain data with the placeholders filled in every text and key. A text that is nothing but one
 * placeholder whose value is null becomes null (unknown).
 */
export function fillDeep(value: unknown, values: Readonly<Record<string, string | null>>): unknown {
  const known = Object.fromEntries(Object.entries(values).filter((entry): entry is [string, string] => entry[1] !== null));
  const fill = (node: unknown): unknown => {
    if (typeof node === 'string') {
      const only = /^\{([^{}]*)\}$/.exec(node)?.[1];
      return only !== undefined && values[only] === null ? null : fillText(node, known);
    }
    if (Array.isArray(node)) return node.map(fill);
    if (typeof node === 'object' && node !== null) return Object.fromEntries(Object.entries(node).map(([key, item]) => [fillText(key, known), fill(item)]));
    return node;
  };
  return fill(value);
}

/** Every placeholder in plain data, in texts and keys. */
export function placeholdersDeep(value: unknown): string[] {
  if (typeof value === 'string') return placeholdersOf(value);
  if (Array.isArray(value)) return value.flatMap(placeholdersDeep);
  if (typeof value === 'object' && value !== null) return Object.entries(value).flatMap(([key, item]) => [...placeholdersOf(key), ...placeholdersDeep(item)]);
  return [];
}
