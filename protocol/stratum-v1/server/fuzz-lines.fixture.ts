/** Lines as miners send them, and as nobody should: what the server's reading is tried with. */

/** From captures and sources of miners and proxies, and what firmwares are known for. The worker is `w`, as in the sessions that get them. */
export const MINER_LINES: readonly string[] = [
  '{"id": 1, "method": "mining.subscribe", "params": ["cpuminer/2.5.1"]}',
  '{"id":1,"method":"mining.subscribe","params":["bitaxe/BM1370/v2.9.0"]}',
  '{"id":2,"method":"mining.subscribe","params":["cgminer/4.11.1","sess1","pool.lan","3333"]}',
  '{"id":1,"method":"mining.configure","params":[["version-rolling","minimum-difficulty","subscribe-extranonce","info"],{"version-rolling.mask":"ffffffff","version-rolling.min-bit-count":2,"minimum-difficulty.value":0.0001,"info.hw-id":"x"}]}',
  '{"id":1,"method":"mining.configure","params":[["version-rolling"],{"version-rolling.mask":"1fffe000","version-rolling.min-bit-count":"2"}]}',
  '{"id": 2, "method": "mining.authorize", "params": ["w", "x"]}',
  '{"id":3,"method":"mining.authorize","params":["bc1qexample.rig1","x, d=0.5"]}',
  '{"id":4,"method":"mining.suggest_difficulty","params":[0.001]}',
  '{"id":4,"method":"mining.suggest_difficulty","params":["0.001"]}',
  `{"id":4,"method":"mining.suggest_target","params":["00000000ffff${'0'.repeat(52)}"]}`,
  '{"id":5,"method":"mining.extranonce.subscribe","params":[]}',
  '{"id":6,"method":"mining.submit","params":["w","abd","00000001","69000000","00000000"]}',
  '{"id":"7","method":"mining.submit","params":["w","abd","00000002","69000000","00000001","00002000"]}',
  '{"params": ["w", "abd", "00000003", "69000001", "deadbeef"], "id": 4, "method": "mining.submit"}',
  '{"id":8,"method":"mining.get_transactions","params":["abd"]}',
  '{"id":9,"method":"mining.ping","params":[]}',
  '{"id":10,"method":"mining.multi_version","params":[1]}',
  '{"id":42,"result":"pong","error":null}',
  '{"jsonrpc":"2.0","id":11,"method":"eth_submitLogin","params":["x"]}',
  'GET / HTTP/1.1',
];

const ODD_VALUES = [
  'null', 'true', 'false', '-1', '0', '1e999', '-0', '0.5', '1e-320', '9007199254740993', '18446744073709551616', '""', '"\\u0000"', '"zz"', '[]', '{}', '[[[]]]',
  '{"__proto__":{"id":1}}', '"__proto__"', '"constructor"', '"toString"', '"\\ud800"', '"\\udc00\\ud800"', '"ab"', '"FFFFFFFF"', '"00000001"', '"w"', '[null,null]', '{"length":9}', '"\u2028"', '"1e3"', '"0x10"',
] as const;

const ODD_MEMBERS = ['"__proto__":{"method":"mining.submit","id":7}', '"constructor":{"prototype":{"id":1}}', '"toString":1', '"toJSON":"x"', '"id":[1,2]', '"id":{"a":{}}', '"method":"mining.submit"', '"params":{"0":"w"}', '"result":true', '"error":[20,"x",null]', '"then":1'] as const;

type Random = (below: number) => number;

const pick = <T>(random: Random, list: readonly T[]): T => list[random(list.length)]!;

/** Replaces the n-th value of a line, keeping it JSON. */
function replaceValue(line: string, n: number, value: string): string {
  const values = [...line.matchAll(/"(?:[^"\\]|\\.)*"(?!\s*:)|-?\d+(?:\.\d+)?(?:e-?\d+)?|true|false|null/g)];
  const old = values[n % Math.max(1, values.length)];
  return old === undefined ? line : line.slice(0, old.index) + value + line.slice(old.index + old[0].length);
}

function nested(random: Random): string {
  const depth = 1 + random(3500);
  return random(2) === 0 ? '['.repeat(depth) + ']'.repeat(depth) : '{"a":'.repeat(depth >> 2) + '1' + '}'.repeat(depth >> 2);
}

/** A line made worse in one of many ways, sometimes in two, and sometimes left as it is. No line end in it. */
export function mutate(random: Random, lines: readonly string[]): string {
  const line = mutateOnce(random, pick(random, lines), lines);
  return (random(8) === 0 ? mutateOnce(random, line, lines) : line).replaceAll('\n', ' ');
}

function mutateOnce(random: Random, line: string, lines: readonly string[]): string {
  const at = random(line.length + 1);
  const end = Math.min(line.length, at + random(24));
  const kind = random(512);
  // What is long costs time: seldom.
  if (kind < 2) return replaceValue(line, random(16), nested(random));
  if (kind < 4) return replaceValue(line, random(16), JSON.stringify(String.fromCharCode(33 + random(90)).repeat(random(20_000))));
  if (kind < 5) return line.padEnd(random(20_000), pick(random, [' ', '[', '"', '\\', '\0']));
  if (kind < 8) return replaceValue(line, 0, '9'.repeat(1 + random(400)));
  switch (kind % 12) {
    case 0:
      return line.slice(0, at);
    case 1:
      return line.slice(0, at) + String.fromCharCode(random(0x10000)) + line.slice(at + 1);
    case 2:
      return line.slice(0, at) + line.slice(end);
    case 3:
      return line.slice(0, end) + line.slice(at);
    case 4:
      return line.slice(0, at) + pick(random, lines).slice(random(80));
    case 5:
    case 6:
    case 7:
      return replaceValue(line, random(16), pick(random, ODD_VALUES));
    case 8:
      return line.replace('{', `{${pick(random, ODD_MEMBERS)},`);
    case 9:
      return line.replace(/}$/, `,${pick(random, ODD_MEMBERS)}}`);
    case 10:
      // Numbers as texts, texts as numbers.
      return random(2) === 0 ? line.replace(/:(-?\d+(?:\.\d+)?)/, ':"$1"') : line.replace(/"(\d+)"/, '$1');
    default:
      return line;
  }
}
