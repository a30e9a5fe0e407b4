import { expect, it } from 'vitest';
import { RigError } from '../protocol/common/errors.ts';
import { loadConfig } from './load.ts';

function load(yaml: string): RigError | null {
  try {
    loadConfig({ file: '/etc/rig.yaml', env: {}, read: { text: (file) => (file === '/etc/rig.yaml' ? yaml : null), list: () => [] } });
    return null;
  } catch (error) {
    if (error instanceof RigError) return error;
    throw error;
  }
}

const pool = (lines: string): string => `pools:\n  - ${lines.split('\n').join('\n    ')}\n`;
const POOL = 'url: stratum+tcp://eu.pool.example:3333';

it.each([
  ['a pool on the list', `mining: {trusted_pools: [pool.example]}\n${pool(POOL)}`],
  ['a pool on the list by its port', `mining: {trusted_pools: ["eu.pool.example:3333"]}\n${pool(POOL)}`],
  ['your own node, which need not be on it', `mining: {trusted_pools: [other.example]}\n${pool('url: http://127.0.0.1:8332')}`],
  ['keys of your own node', pool('url: http://127.0.0.1:8332\nzmq: tcp://127.0.0.1:28332\ncookie_file: /c\ncoinbase_tag: hello')],
  ['a pool that is off', `mining: {trusted_pools: [other.example]}\n${pool(`${POOL}\nenabled: false`)}`],
  ['a pool to leave when it does not pay the worker', pool('url: stratum+tcp://p.example:1\nuser: bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4.rig\npayout_action: leave')],
  ['a proxy', `mining: {proxy: "socks5h://127.0.0.1:9050"}\n${pool('url: stratum+tcp://abc.onion:3333')}`],
  ['a proxy of one pool', pool('url: stratum+tcp://abc.onion:3333\nproxy: socks5h://[::1]:9050')],
])('takes %s', (_, yaml) => {
  expect(load(yaml)).toBeNull();
});

it.each([
  ['a pool that is not trusted', `mining: {trusted_pools: [other.example]}\n${pool(POOL)}`, 'E_POOL_UNTRUSTED', /rig\.yaml:3:5: pools\.0\.url: eu\.pool\.example:3333 is not in mining\.trusted_pools; add it/],
  ['the other port of a trusted pool', `mining: {trusted_pools: ["pool.example:25"]}\n${pool(POOL)}`, 'E_POOL_UNTRUSTED', /:3333 is not in/],
  ['an entry that is an address of a pool', `mining: {trusted_pools: ["stratum+tcp://pool.example:3333"]}\n`, 'E_CONFIG_INVALID', /rig\.yaml:1:\d+: mining\.trusted_pools\.0: must be a host/],
  ['a proxy that looks names up here', 'mining: {proxy: "socks5://127.0.0.1:9050"}\n', 'E_POOL_PROXY', /rig\.yaml:1:10: mining\.proxy: .*Write socks5h/],
  ['keys of a node under a pool', pool('url: stratum+tcp://p.example:1\nzmq: tcp://127.0.0.1:28332'), 'E_CONFIG_INVALID', /pools\.0\.zmq: is for your own node/],
  ['a proxy for your own node', pool('url: http://127.0.0.1:8332\nproxy: socks5h://127.0.0.1:9050'), 'E_POOL_PROXY', /never reached through a proxy/],
  ['an onion address without a proxy', pool('url: stratum+tcp://abc.onion:3333'), 'E_POOL_PROXY', /pools\.0\.url: onion addresses/],
  ['a pinned broker that may be anybody', `mqtt: {tls: {insecure: true, fingerprint_sha256: ${'ab'.repeat(32)}}}\n`, 'E_CONFIG_INVALID', /mqtt\.tls\.insecure: .*exclude each other/],
  ['a pool to leave without saying whom it should pay', pool('url: stratum+tcp://p.example:1\nuser: acc.rig\npayout_action: leave'), 'E_CONFIG_INVALID', /payout_action: leave needs payout_address/],
  ['a least part of nothing', pool('url: stratum+tcp://p.example:1\npayout_min_percent: 50'), 'E_CONFIG_INVALID', /payout_min_percent: needs payout_address/],
  ['problems of several kinds', `mining: {trusted_pools: [other.example], proxy: "http://x:1"}\n${pool(POOL)}`, 'E_CONFIG_INVALID', /2 problems/],
])('refuses %s', (_, yaml, code, words) => {
  const error = load(yaml);
  expect([error?.code, error?.message]).toEqual([code, expect.stringMatching(words)]);
});

it('does not repeat the password of a proxy', () => {
  expect(load('mining: {proxy: "socks5h://me:sesame@127.0.0.1:9050"}\n')?.describe()).not.toContain('sesame');
});
