import type dns from 'node:dns';
import type { LookupAddress } from 'node:dns';
import { once } from 'node:events';
import net, { type AddressInfo } from 'node:net';
import { afterEach, expect, test } from 'vitest';
import { ManualClock } from '../../protocol/common/manual-clock.ts';
import { PoolSocket } from './pool-socket.ts';

const cleanups: (() => unknown)[] = [];
afterEach(() => {
  for (const cleanup of cleanups.splice(0).reverse()) cleanup();
});

test('the name is looked up at every attempt, and all its addresses are tried', async () => {
  const server = net.createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  cleanups.push(() => server.close());
  const { port } = server.address() as AddressInfo;
  const names: string[] = [];
  // Nobody listens at the first two.
  const addresses: LookupAddress[] = ['127.0.0.3', '127.0.0.2', '127.0.0.1'].map((address) => ({ address, family: 4 }));
  const lookup = ((host: string, _options: object, answer: (error: null, found: LookupAddress[]) => void) => {
    names.push(host);
    answer(null, addresses);
  }) as unknown as typeof dns.lookup;
  for (let attempt = 1; attempt <= 2; attempt++) {
    const outcome = await new Promise<string>((resolve) => {
      const socket = new PoolSocket({ host: 'pool.test', port, tls: null, connectTimeoutMs: 10_000, lookup }, new ManualClock(), { onConnect: () => resolve('connected'), onData: () => {}, onClose: (error) => resolve(error.message) });
      cleanups.push(() => socket.destroy());
      socket.open();
    });
    expect(outcome).toBe('connected');
    expect(names).toHaveLength(attempt);
  }
});
