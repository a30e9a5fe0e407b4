import { concatBytes } from '../../protocol/common/bytes.ts';
import { transportContract } from './contract.fixture.ts';
import { MemoryTransport } from './memory.fixture.ts';

transportContract('MemoryTransport', async () => {
  const transport = new MemoryTransport();
  return {
    transport,
    received: () => concatBytes(...transport.written),
    say: (bytes) => transport.feed(bytes),
    unplug: async () => transport.unplug(),
    hang: () => (transport.stuck = true),
    close: async () => {},
  };
});
