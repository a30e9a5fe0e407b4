import { expect, it } from 'vitest';
import { isTrusted, readTrustedPool } from './trusted-pools.ts';

it.each([
  ['example.com', 'example.com', 3333, true],
  ['example.com', 'EU.example.com.', 25, true],
  ['example.com', 'notexample.com', 3333, false],
  ['example.com', 'example.com.evil.org', 3333, false],
  ['eu.example.com', 'example.com', 3333, false],
  ['example.com:3333', 'example.com', 3333, true],
  ['example.com:3333', 'us.example.com', 3333, true],
  ['example.com:3333', 'example.com', 3334, false],
  ['co.uk', 'evil.co.uk', 3333, false],
  ['duckdns.org', 'bob.duckdns.org', 3333, false],
  ['com', 'evil.com', 3333, false],
  ['abc.onion', 'abc.onion', 3333, true],
  ['abc.onion', 'x.abc.onion', 3333, true],
  ['onion', 'abc.onion', 3333, false],
  ['10.0.0.5', '10.0.0.5', 3333, true],
  ['10.0.0.5', '1.10.0.0.5', 3333, false],
  ['10.0.0.5:1', '10.0.0.5', 3333, false],
  ['2001:db8::1', '2001:db8:0::1', 3333, true],
  ['[2001:db8::1]:3333', '2001:db8::1', 3333, true],
  ['[2001:db8::1]:3333', '2001:db8::1', 1, false],
  ['localhost', 'localhost', 3333, true],
  ['localhost', 'x.localhost', 3333, false],
])('%s lets %s:%i pass: %s', (entry, host, port, expected) => {
  expect(isTrusted([readTrustedPool('other.example'), readTrustedPool(entry)].map((pool) => pool!), host, port)).toBe(expected);
});

it.each(['', 'stratum+tcp://example.com:3333', 'example.com/', 'me@example.com', '*.example.com', 'example.com:0', 'example.com:70000', 'example.com:', 'a b', '127.1', '[::1'])('%j is not an entry', (text) => {
  expect(readTrustedPool(text)).toBeNull();
});

it('an empty list trusts nobody', () => {
  expect(isTrusted([], 'example.com', 3333)).toBe(false);
});
