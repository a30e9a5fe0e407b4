import { expect, test } from 'vitest';
import { foreignReason, hostOf, isKnownHost, nameRules } from './origins.ts';

const rules = nameRules('hub.lan', ['Rig.Example.org'], 'rigpi');

test.each([
  ['localhost', true],
  ['localhost:8080', true],
  ['LOCALHOST.:8080', true],
  ['127.0.0.1:8080', true],
  ['192.168.1.7', true],
  ['[::1]:8080', true],
  ['[fe80::1]', true],
  ['rigpi:8080', true],
  ['rigpi.local', true],
  ['hub.lan', true],
  ['rig.example.org:443', true],
  ['evil.example', false],
  ['localhost.evil.example', false],
  ['127.0.0.1.evil.example', false],
  ['rigpi.local.evil.example', false],
  ['localhost@evil.example', false],
  ['localhost:8080:1', false],
  ['[::1', false],
  ['', false],
  ['/', false],
])('a page asked for as %j is served: %s', (host, expected) => {
  expect(isKnownHost(rules, host)).toBe(expected);
});

test('a request without a Host is not served', () => {
  expect(isKnownHost(rules, undefined)).toBe(false);
  expect(hostOf('[::1]:8080')).toBe('::1');
});

const host = 'rig.local:8080';
test.each([
  ['a program sends neither', {}, false, null],
  ['the page itself', { origin: 'http://rig.local:8080', 'sec-fetch-site': 'same-origin' }, true, null],
  ['the page behind a proxy with TLS', { origin: 'https://rig.local:8080' }, true, null],
  ['an address that was typed', { 'sec-fetch-site': 'none' }, true, null],
  ['another site', { origin: 'http://evil.example' }, true, 'Origin'],
  ['another port of the same host', { origin: 'http://rig.local:3000' }, true, 'Origin'],
  ['another port, as the browser calls it', { 'sec-fetch-site': 'same-site' }, false, 'another site'],
  ['another site, reading', { 'sec-fetch-site': 'cross-site' }, false, 'another site'],
  ['a sandbox', { origin: 'null' }, false, 'Origin'],
  ['a file', { origin: 'file://' }, true, 'Origin'],
  ['a cookie from who says nothing', {}, true, 'neither'],
])('%s', (_, headers, proven, expected) => {
  const reason = foreignReason({ host, ...headers }, proven);
  if (expected === null) expect(reason).toBeNull();
  else expect(reason).toContain(expected);
});
