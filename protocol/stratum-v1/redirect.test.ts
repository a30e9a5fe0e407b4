import { describe, expect, it } from 'vitest';
import { refuseRedirect, registrableDomain } from './redirect.ts';

describe('client.reconnect safety', () => {
  it.each([
    ['stratum.pool.example', 'pool.example'],
    ['pool.example', 'pool.example'],
    ['A.B.Pool.Example.', 'pool.example'],
    ['eu.pool.co.uk', 'pool.co.uk'],
    ['localhost', 'localhost'],
    ['10.0.0.5', '10.0.0.5'],
    ['2001:db8::1', '2001:db8::1'],
  ])('%s belongs to %s', (host, domain) => {
    expect(registrableDomain(host)).toBe(domain);
  });

  it.each([
    ['eu.pool.example', 'us.pool.example', true],
    ['pool.example', 'eu.pool.example', true],
    ['eu.pool.example', 'pool.example', true],
    ['eu.pool.example', 'eu.pool.example', true],
    ['pool.example', 'evil.example', false],
    ['pool.example', 'pool.example.evil', false],
    ['pool.example', 'notpool.example', false],
    ['pool.co.uk', 'evil.co.uk', false],
    ['10.0.0.5', '10.0.0.6', false],
    ['pool.example', '10.0.0.6', false],
    ['localhost', 'other', false],
  ])('from %s to %s: %s', (from, to, allowed) => {
    expect(refuseRedirect({ host: from, tls: false }, { host: to, tls: null }) === null).toBe(allowed);
  });

  it('stays with TLS and may always return to the same host', () => {
    expect(refuseRedirect({ host: 'pool.example', tls: true }, { host: 'pool.example', tls: false })).toMatch(/TLS/);
    expect(refuseRedirect({ host: 'pool.example', tls: true }, { host: null, tls: null })).toBeNull();
    expect(refuseRedirect({ host: 'pool.example', tls: false }, { host: 'pool.example', tls: true })).toBeNull();
  });
});
