import { describe, expect, it } from 'vitest';
import { xorshift } from '../common/xorshift.fixture.ts';
import { readHostName } from './host-name.ts';
import { refuseRedirect } from './redirect.ts';

const allowed = (from: string, to: string): boolean => refuseRedirect({ host: from, tls: false }, { host: to, tls: null }) === null;

describe('registrable domain', () => {
  it.each([
    ['stratum.pool.example', 'pool.example'],
    ['pool.example', 'pool.example'],
    ['A.B.Pool.Example.', 'pool.example'],
    ['eu.pool.co.uk', 'pool.co.uk'],
    ['eu.pool.com.br', 'pool.com.br'],
    ['b.kawasaki.jp', null],
    ['a.b.kawasaki.jp', 'a.b.kawasaki.jp'],
    ['x.y.b.kawasaki.jp', 'y.b.kawasaki.jp'],
    ['rig.alice.duckdns.org', 'alice.duckdns.org'],
    ['duckdns.org', null],
    ['alice.github.io', 'alice.github.io'],
    ['co.uk', null],
    ['com', null],
    ['localhost', null],
    ['miner.local', null],
    ['pool.home.arpa', null],
    ['a.b.onion', null],
    ['10.0.0.5', null],
    ['2001:db8::1', null],
    ['xn--pool-8na.example', 'xn--pool-8na.example'],
  ])('%s belongs to %s', (host, domain) => {
    expect(readHostName(host)?.domain).toBe(domain);
  });
});

describe('client.reconnect safety', () => {
  it.each([
    ['eu.pool.example', 'us.pool.example', true],
    ['pool.example', 'eu.pool.example', true],
    ['eu.pool.example', 'pool.example', true],
    ['eu.pool.example', 'EU.POOL.example.', true],
    ['pool.example', 'evil.example', false],
    ['pool.example', 'pool.example.evil', false],
    ['pool.example', 'notpool.example', false],
    ['pool.co.uk', 'evil.co.uk', false],
    ['pool.com.br', 'evil.com.br', false],
    ['alice.duckdns.org', 'bob.duckdns.org', false],
    ['rig.alice.duckdns.org', 'other.alice.duckdns.org', true],
    ['duckdns.org', 'bob.duckdns.org', false],
    ['alice.github.io', 'bob.github.io', false],
    ['10.0.0.5', '10.0.0.5', true],
    ['10.0.0.5', '10.0.0.6', false],
    ['10.0.0.5', 'pool.example', false],
    ['pool.example', '10.0.0.6', false],
    ['pool.example', '127.0.0.1', false],
    ['pool.example', '::1', false],
    ['2001:db8::1', '2001:DB8:0:0::1', true],
    ['2001:db8::1', '[2001:db8::1]', true],
    ['2001:db8::1', '2001:db8::2', false],
    ['127.0.0.1', '::1', false],
    ['localhost', 'localhost', true],
    ['localhost', 'other', false],
    ['a.pool.local', 'b.pool.local', false],
    ['pool.local', 'pool.local', true],
    ['abc.onion', 'abc.onion', true],
    ['abc.onion', 'def.onion', false],
    ['a.abc.onion', 'b.abc.onion', false],
    ['pool.example', 'abc.onion', false],
  ])('from %s to %s: %s', (from, to, expected) => {
    expect(allowed(from, to)).toBe(expected);
  });

  it('stays with TLS and may always return to the same host', () => {
    expect(refuseRedirect({ host: 'pool.example', tls: true }, { host: 'pool.example', tls: false })).toMatch(/TLS/);
    expect(refuseRedirect({ host: 'pool.example', tls: true }, { host: null, tls: null })).toBeNull();
    expect(refuseRedirect({ host: 'pool.example', tls: true }, { host: null, tls: false })).toMatch(/TLS/);
    expect(refuseRedirect({ host: 'pool.example', tls: false }, { host: 'pool.example', tls: true })).toBeNull();
  });

  it.each([
    '', ' ', '.', '..', 'pool..example', '.pool.example', 'pool.example..', 'us.pool.example\u0000', 'us.pool.example\n', 'us.pool.example\u001b[31m', 'me@us.pool.example', 'evil.example#.pool.example',
    'evil.example/.pool.example', 'evil.example?.pool.example', 'us.pool.example:3333', 'us.po\u043el.example', 'us\u3002pool.example', 'us.pool.ex\u200bample', '127.1', '2130706433', '0x7f.0.0.1', '0x7f000001', '[::1', '::1]',
    '-a.pool.example', 'a-.pool.example', `${'a'.repeat(64)}.pool.example`, `${'a.'.repeat(130)}pool.example`, 'x'.repeat(100_000), '%00.pool.example', 'us.pool.example%eth0', '*.pool.example', '\uff50ool.pool.example',
  ])('refuses %j without repeating it', (host) => {
    const reason = refuseRedirect({ host: 'pool.example', tls: false }, { host, tls: null });
    expect(reason).toMatch(/^[\x20-\x7e]{1,200}$/);
  });

  it('leads, in any number of steps, only to what one step leads to', () => {
    const random = xorshift(0x7ed1);
    const words = ['pool', 'evil', 'eu', 'example', 'com', 'co', 'uk', 'duckdns', 'org', 'onion', 'local', '10', '0', '1', 'github', 'io'];
    const name = (): string => Array.from({ length: 1 + random(4) }, () => words[random(words.length)]!).join('.');
    for (let round = 0; round < 20_000; round++) {
      const [a, b, c] = [name(), name(), name()];
      // Symmetric and transitive: hosts fall into groups, and no chain of redirects leaves its group.
      expect(allowed(a, b)).toBe(allowed(b, a) && readHostName(b) !== null);
      if (allowed(a, b) && allowed(b, c)) expect([a, b, c, allowed(a, c)]).toEqual([a, b, c, true]);
    }
  });

  it('never throws and never allows another owner, whatever characters come', () => {
    const random = xorshift(0xbad1);
    const pieces = ['.', '..', '@', ':', '/', '\\', '#', '?', '%', '[', ']', '\u0000', '\n', '\r', '\u202e', '\u3002', 'xn--', 'a', 'Z', '9', '-', '_', ' ', 'evil.example', '.com'];
    for (let round = 0; round < 20_000; round++) {
      const noise = Array.from({ length: random(8) }, () => pieces[random(pieces.length)]!).join('');
      const host = random(2) === 0 ? `${noise}evil.test` : `pool.example${noise}`;
      if (!allowed('pool.example', host)) continue;
      // What may be followed is, to any resolver, the configured name or one below it.
      expect(host.toLowerCase()).toMatch(/^([a-z0-9_-]+\.)*pool\.example\.?$/);
    }
  });
});
