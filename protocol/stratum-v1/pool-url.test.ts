import { describe, expect, it } from 'vitest';
import { loadVectors } from '../../test/vectors.ts';
import { RigError } from '../common/errors.ts';
import { parsePoolUrl } from './pool-url.ts';

describe('parsePoolUrl', () => {
  it.each([
    ['stratum+tcp://pool.example:3333', { protocol: 'v1', tls: false, host: 'pool.example', port: 3333, needs_socks: false }],
    ['  STRATUM+SSL://Pool.Example:443/  ', { protocol: 'v1', tls: true, host: 'Pool.Example', port: 443 }],
    ['stratum+tls://pool.example:443', { protocol: 'v1', tls: true }],
    ['stratum+tcps://pool.example:443', { protocol: 'v1', tls: true }],
    ['pool.example:3333', { protocol: 'v1', tls: false, host: 'pool.example', port: 3333 }],
    ['tcp://10.0.0.5:3333', { protocol: 'v1', tls: false, host: '10.0.0.5' }],
    ['stratum+tcp://[2001:db8::1]:3333', { protocol: 'v1', host: '2001:db8::1', port: 3333 }],
    ['stratum+tcp://abcdefghijklmnop.onion:3333', { needs_socks: true }],
    ['http://127.0.0.1:8332', { protocol: 'gbt', tls: false, host: '127.0.0.1', port: 8332 }],
    ['https://node.example:8332/', { protocol: 'gbt', tls: true }],
    ['stratum2+tcp://10.0.0.5:34254', { protocol: 'v2', authority: null, authorityKey: null }],
  ])('reads %s', (url, expected) => {
    expect(parsePoolUrl(url)).toMatchObject(expected);
  });

  it('checks the authority key of a Stratum V2 pool', () => {
    const key = '9bXiEd8boQVhq7WddEcERUL5tyyJVFYdU8th3HfbNXK3Yw6GRXh';
    expect(parsePoolUrl(`stratum2+tcp://thepool.com:34254/${key}`).authorityKey).toHaveLength(32);
    expect(() => parsePoolUrl(`stratum2+tcp://thepool.com:34254/${key.slice(0, -1)}i`)).toThrow(/authority key checksum/);
  });

  it.each([
    ['stratum+tcp://pool.example:70000', /port out of range/],
    ['stratum+tcp://pool.example:0', /port out of range/],
    ['stratum+tcp://pool.example', /port is missing/],
    ['stratum+tcp://pool.example:', /port is missing/],
    ['stratum+tcp://pool.example:33x', /port is not a number/],
    ['stratum+tcp://:3333', /host is missing/],
    ['stratum+tcp://pool example:3333', /host is not/],
    ['stratum+tcp://2001:db8::1:3333', /port is not a number/],
    ['ftp://pool.example:21', /unknown scheme ftp/],
    ['', /host is missing/],
  ])('refuses %j and names the part', (url, reason) => {
    expect(() => parsePoolUrl(url)).toThrow(reason);
    expect(() => parsePoolUrl(url)).toThrow(RigError);
  });

  it('refuses credentials without repeating them', () => {
    try {
      parsePoolUrl('stratum+tcp://worker:secret@pool.example:3333');
      expect.unreachable();
    } catch (error) {
      expect((error as RigError).describe()).toMatch(/credentials/);
      expect((error as RigError).describe()).not.toMatch(/secret|worker/);
    }
  });

  it('agrees with the external vectors', (context) => {
    const { vectors } = loadVectors<{ vectors: { url: string; expect: { error?: string } }[] }>(context, 'stratum/pool_urls.json');
    for (const { url, expect: expected } of vectors) {
      if (expected.error === undefined) expect(parsePoolUrl(url), url).toMatchObject(expected);
      else expect(() => parsePoolUrl(url), url).toThrow(expected.error);
    }
    expect(vectors.length).toBeGreaterThan(0);
  });
});
