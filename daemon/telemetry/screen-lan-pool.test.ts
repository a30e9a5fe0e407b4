import { expect, test } from 'vitest';
import { lanPoolLines } from './screen-lan-pool.ts';
import type { ServerState } from './state.ts';

const totals = { accepted: 33, rejected: 0, stale: 2, duplicate: 0, accepted_difficulty: 1, forwarded: 23, forwarded_rejected: 0, blocks: 0, best_difficulty: null, last_share_at: null };
const server: ServerState = { status: 'listening', reason: null, address: '0.0.0.0:3333', miners: 2, hashrate_hs: 5_000_000, refused_connections: 0, totals, workers: [], worker_count: 2 };
const plain = (text: string): string => text.replaceAll('\u001b', '?');

test('miners, their rate, and how many of their shares went to the pool', () => {
  expect(lanPoolLines(server, plain)).toEqual(['LAN pool   2 miners   5.00 MH/s   23 of 33 shares sent on   at 0.0.0.0:3333']);
  expect(lanPoolLines({ ...server, miners: 1, hashrate_hs: null, totals: { ...totals, forwarded_rejected: 4 } }, plain)).toEqual(['LAN pool   1 miner   23 of 33 shares sent on (4 refused)   at 0.0.0.0:3333']);
  expect(lanPoolLines({ ...server, refused_connections: 3 }, plain)[0]).toContain('sent on   3 turned away   at');
});

test('none without a LAN pool, and the reason of one that cannot listen', () => {
  expect(lanPoolLines(null, plain)).toEqual([]);
  expect(lanPoolLines({ ...server, status: 'failed', reason: 'the port is taken\u001b[2J', address: null }, plain)).toEqual(['LAN pool   failed: the port is taken?[2J']);
});
