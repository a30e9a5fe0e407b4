import { isObject } from '../../protocol/common/json.ts';

/** Elements of a long array that are put into text at a time: about 100 kB of ledger entries. */
const SLICE = 50;
/** Shorter pieces than this are joined, so that a write is worth its call. */
const LEAST_LENGTH = 64 * 1024;

/**
 * The text of `JSON.stringify(value, null, 2)` in pieces that are made one by one, so that whoever awaits between them
 * keeps the event loop free however long a document has grown.
 * @param value plain data: no functions, symbols or `toJSON`
 */
export function* jsonChunks(value: unknown): Generator<string, void, undefined> {
  let text = '';
  for (const piece of pieces(value, '')) {
    text += piece;
    if (text.length < LEAST_LENGTH) continue;
    yield text;
    text = '';
  }
  yield `${text}\n`;
}

function* pieces(value: unknown, indent: string): Generator<string, void, undefined> {
  const inner = `${indent}  `;
  if (Array.isArray(value) && value.length > SLICE) {
    for (let from = 0; from < value.length; from += SLICE) {
      const items = value.slice(from, from + SLICE).map((item) => inner + indented(item ?? null, inner));
      yield (from === 0 ? '[\n' : ',\n') + items.join(',\n');
    }
    yield `\n${indent}]`;
  } else if (isObject(value) && Object.values(value).some(isLong)) {
    let before = '{\n';
    for (const [key, item] of Object.entries(value)) {
      if (item === undefined) continue;
      yield `${before}${inner}${JSON.stringify(key)}: `;
      yield* pieces(item, inner);
      before = ',\n';
    }
    yield `\n${indent}}`;
  } else {
    yield indented(value, indent);
  }
}

/** Holds, at some depth below objects, an array that is worth slicing. */
function isLong(value: unknown): boolean {
  return Array.isArray(value) ? value.length > SLICE : isObject(value) && Object.values(value).some(isLong);
}

/** Line breaks inside JSON texts are escaped, so every one in the result is an indentation's. */
function indented(value: unknown, indent: string): string {
  return JSON.stringify(value, null, 2).replaceAll('\n', `\n${indent}`);
}
