/** Lines no decent peer would send, made from lines real ones do. The same numbers give the same lines. */

/** Numbers from 0 up to, but not including, 1. */
export type Random = () => number;

/** What stands in for a value of a message, as JSON text. */
const ODD_VALUES: readonly string[] = [
  ...['null', 'true', 'false', '-1', '0', '-0', '0.5', '1e999', '-1e999', '1e-999', '9007199254740993', '4294967296', '2147483648', '1e21', `1${'0'.repeat(400)}`, `0.${'9'.repeat(400)}`],
  ...['""', '"\\u0000"', '"zz"', '"0"', '"ab"', '"-1"', '"1e5"', '"0x10"', '" 1 "', '"\\ud800"', '"\\udc00\\ud800"', '"\\u202e\\u001b[31m"', '"NaN"', '"Infinity"', `"${'f'.repeat(64)}"`, `"${'00'.repeat(300)}"`, `"${'x'.repeat(5000)}"`],
  ...['[]', '{}', '[[[]]]', '[null]', '[{}]', '{"0":1,"length":9}', '{"__proto__":{"id":1,"method":"mining.notify"}}', '{"constructor":{"prototype":{"polluted":1}}}', '{"toString":1,"valueOf":2}', '{"toJSON":"x","then":1}'],
];

/** What stands in for a key or a method. */
const ODD_NAMES: readonly string[] = ['__proto__', 'constructor', 'prototype', 'hasOwnProperty', 'toString', 'valueOf', '__defineGetter__', 'then', 'length', '', '0', 'id', 'method', 'params', 'result', 'error', 'mining.notify', 'mining.submit', 'client.reconnect', '\\u0000'];

const ODD_BYTES: readonly Buffer[] = [
  // A lone surrogate, an overlong slash, a byte order mark, a cut sequence, bytes that UTF-8 never has, line ends of other systems.
  ...['eda080', 'c0af', 'efbbbf', 'e282', 'fffe', 'f5808080', '0d', '00', '1b5b324a', 'e280a8', '7f', '09'].map((hex) => Buffer.from(hex, 'hex')),
];

const pick = <T>(list: readonly T[], random: Random): T => list[Math.floor(random() * list.length)]!;
const below = (limit: number, random: Random): number => Math.floor(random() * limit);

const VALUE = /"(?:[^"\\]|\\.)*"(?!\s*:)|-?\d+(?:\.\d+)?|true|false|null/g;
const NAME = /"(?:[^"\\]|\\.)*"(?=\s*:)/g;

/** Replaces one of what `pattern` finds, keeping the rest. */
function replaceOne(line: string, pattern: RegExp, text: string, random: Random): string {
  const found = [...line.matchAll(pattern)];
  if (found.length === 0) return line;
  const { index, 0: old } = pick(found, random);
  return line.slice(0, index) + text + line.slice(index + old.length);
}

/** Brackets inside each other, closed or not. */
function nest(line: string, random: Random): string {
  const depth = random() < 0.02 ? 50_000 : 1 + below(600, random);
  const [open, close] = random() < 0.5 ? ['[', ']'] : ['{"a":', '}'];
  const deep = open.repeat(depth) + (random() < 0.5 ? '1' : '') + (random() < 0.7 ? close.repeat(depth) : '');
  return random() < 0.3 ? deep : replaceOne(line, VALUE, deep, random);
}

/** One line as bytes, without a line end, most often no longer what it was. */
export function mutate(lines: readonly string[], random: Random): Buffer {
  const line = pick(lines, random);
  const at = below(line.length + 1, random);
  const end = Math.min(line.length, at + below(24, random));
  const other = pick(lines, random);
  switch (below(15, random)) {
    case 0:
      return Buffer.from(line.slice(0, at));
    case 1:
      return Buffer.from(line.slice(0, at) + String.fromCharCode(below(0x250, random)) + line.slice(at + 1));
    case 2:
      return Buffer.from(line.slice(0, at) + line.slice(end));
    case 3:
      return Buffer.from(line.slice(0, end) + line.slice(at));
    case 4:
      return Buffer.from(line.slice(0, at) + other.slice(below(other.length, random)));
    case 5:
    case 6:
    case 7:
      return Buffer.from(replaceOne(line, VALUE, pick(ODD_VALUES, random), random));
    case 8:
      return Buffer.from(replaceOne(line, NAME, `"${pick(ODD_NAMES, random)}"`, random));
    case 9:
      return Buffer.from(replaceOne(line, VALUE, `"${pick(ODD_NAMES, random)}"`, random));
    case 10:
      return Buffer.from(nest(line, random));
    case 11: {
      const bytes = Buffer.from(line);
      const cut = below(bytes.length + 1, random);
      return Buffer.concat([bytes.subarray(0, cut), pick(ODD_BYTES, random), bytes.subarray(cut)]);
    }
    case 12: {
      const bytes = Buffer.from(line);
      for (let flips = 1 + below(6, random); flips > 0 && bytes.length > 0; flips--) bytes[below(bytes.length, random)]! ^= 1 << below(8, random);
      return bytes;
    }
    case 13:
      // Every member twice: the later one wins, whatever that leads to.
      return Buffer.from(line.startsWith('{') && other.startsWith('{') ? `{${other.slice(1, -1)},${line.slice(1)}` : line + other);
    default:
      return Buffer.from(line);
  }
}
