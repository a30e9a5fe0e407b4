import { expect, it } from 'vitest';
import { sanitizeObject } from './sanitize.ts';

it.each<[string, unknown, unknown]>([
  ['a BigInt', { n: 2n ** 64n }, { n: '18446744073709551616' }],
  ['bytes', { hash: Uint8Array.of(0xde, 0xad), buffer: Buffer.from('beef', 'hex') }, { hash: 'dead', buffer: 'beef' }],
  ['undefined, a function and a symbol', { a: undefined, b: () => 1, c: Symbol('c'), d: [undefined, 1] }, { d: [null, 1] }],
  ['numbers that JSON has not', { a: Number.NaN, b: Number.POSITIVE_INFINITY, c: -0.5 }, { a: null, b: null, c: -0.5 }],
  ['dates', { a: new Date(0), b: new Date(Number.NaN) }, { a: '1970-01-01T00:00:00.000Z', b: null }],
  ['a Map and a Set', { m: new Map<unknown, unknown>([['k', 1n], [2, 3]]), s: new Set([1, 1, 2]) }, { m: { k: '1', 2: 3 }, s: [1, 2] }],
  ['no object at all', 'text', { value: 'text' }],
  ['nothing', undefined, { value: null }],
])('makes %s something JSON holds', (_what, value, expected) => {
  const clean = sanitizeObject(value);
  expect(clean).toEqual(expected);
  expect(JSON.parse(JSON.stringify(clean))).toEqual(clean);
});

it('cuts a cycle, but not an object that stands in two places', () => {
  const shared = { x: 1 };
  const value: Record<string, unknown> = { a: shared, b: shared };
  value.loop = { back: value };
  expect(sanitizeObject(value)).toEqual({ a: { x: 1 }, b: { x: 1 }, loop: { back: '[circular]' } });
});

it('survives getters that throw, toJSON that throws, a hostile proxy and depth without end', () => {
  const deep: Record<string, unknown> = {};
  for (let level = 0, at = deep; level < 10_000; level += 1) at = at.next = {};
  const value = {
    getter: Object.defineProperty({}, 'x', { enumerable: true, get: () => { throw new Error('no'); } }),
    json: { toJSON: () => { throw new Error('no'); }, kept: 1 },
    proxy: new Proxy({}, { ownKeys: () => { throw new Error('trap'); } }),
    deep,
  };
  const clean = sanitizeObject(value);
  expect(clean).toMatchObject({ getter: '[unreadable: no]', json: { kept: 1 }, proxy: '[unreadable: trap]' });
  expect(JSON.stringify(clean)).toContain('[too deep]');
});

it('keeps what an error says and carries', () => {
  const error = Object.assign(new RangeError('too far'), { code: 'E_X', context: { n: 1n } });
  expect(sanitizeObject({ error })).toMatchObject({ error: { name: 'RangeError', message: 'too far', code: 'E_X', context: { n: '1' }, stack: expect.stringContaining('too far') } });
});

it('does not let a key named __proto__ change anything', () => {
  const clean = sanitizeObject(JSON.parse('{"__proto__": {"polluted": true}}'));
  expect(Object.getPrototypeOf(clean)).toBe(Object.prototype);
  expect(JSON.stringify(clean)).toBe('{"__proto__":{"polluted":true}}');
});
