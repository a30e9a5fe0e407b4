import { expect, it } from 'vitest';
import { RigError } from '../common/errors.ts';
import { parseProxyUrl } from './proxy-url.ts';

it.each([
  ['socks5h://127.0.0.1:9050', { host: '127.0.0.1', port: 9050 }],
  [' SOCKS5H://tor.lan:1080/ ', { host: 'tor.lan', port: 1080 }],
  ['socks5h://[::1]:9050', { host: '::1', port: 9050 }],
])('reads %s', (text, address) => {
  expect(parseProxyUrl(text)).toEqual(address);
});

it.each([
  ['socks5://127.0.0.1:9050', /look names up on this machine/],
  ['http://127.0.0.1:8080', /http proxies/],
  ['socks4a://127.0.0.1:9050', /socks4a proxies/],
  ['127.0.0.1:9050', /begin with socks5h/],
  ['socks5h://127.0.0.1', /port/],
  ['socks5h://127.0.0.1:0', /port/],
  ['socks5h://127.0.0.1:70000', /port/],
  ['socks5h://:9050', /host/],
  ['socks5h://[::g]:9050', /IPv6/],
  ['socks5h://a b:9050', /host/],
  ['', /socks5h/],
])('refuses %s', (text, words) => {
  expect(() => parseProxyUrl(text)).toThrow(words);
});

it('does not repeat a password', () => {
  try {
    parseProxyUrl('socks5h://me:sesame@127.0.0.1:9050');
    expect.unreachable();
  } catch (error) {
    expect((error as RigError).code).toBe('E_POOL_PROXY');
    expect((error as RigError).describe()).not.toContain('sesame');
  }
});
