import { describe, expect, it } from 'vitest';
import { poolSchema } from '../../../config/schema.ts';
import { fakeMachine } from './fake-machine.fixture.ts';
import { poolFindings } from './network.ts';

const pool = (url: string, more: object = {}) => poolSchema.parse({ id: 'p', url, ...more });
const TOR = 'socks5h://127.0.0.1:9050';

/** What is said of a pool, and whom this machine connected to for it. */
async function look(config: ReturnType<typeof pool>, common?: string, unreachable: Record<string, string> = {}) {
  const asked: string[] = [];
  const machine = { ...fakeMachine({ unreachable }), connect: async (host: string, port: number) => (asked.push(`${host}:${port}`), unreachable[`${host}:${port}`] ?? null) };
  const [finding] = await poolFindings(machine, [config], common);
  return { ...finding!, asked };
}

describe('doctor and pools behind a proxy', () => {
  it.each([
    ['its own proxy', pool('stratum+tcp://pool.example:3333', { proxy: TOR }), undefined],
    ['the common proxy', pool('stratum+ssl://pool.example:3333'), TOR],
    ['an onion address', pool('stratum+tcp://abc.onion:3333'), TOR],
  ])('asks only the proxy with %s, so that the name stays with it', async (_, config, common) => {
    expect(await look(config, common)).toMatchObject({ asked: ['127.0.0.1:9050'], status: 'unknown', detail: expect.stringContaining('rigbrain pools') });
  });

  it('says when the proxy does not answer', async () => {
    expect(await look(pool('stratum+tcp://pool.example:3333'), TOR, { '127.0.0.1:9050': 'ECONNREFUSED' })).toMatchObject({ status: 'fail', detail: expect.stringContaining('through the proxy 127.0.0.1:9050: ECONNREFUSED') });
  });

  it('asks your own node directly all the same', async () => {
    expect(await look(pool('http://127.0.0.1:8332'), TOR)).toMatchObject({ asked: ['127.0.0.1:8332'], status: 'ok' });
  });

  it('says what an onion address needs', async () => {
    expect(await look(pool('stratum+tcp://abc.onion:3333'))).toMatchObject({ asked: [], status: 'fail' });
  });
});
