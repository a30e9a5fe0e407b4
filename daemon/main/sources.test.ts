import { describe, expect, test } from 'vitest';
import { configSchema, poolSchema, type PoolConfig } from '../../config/schema.ts';
import { silentLog, type Log } from '../../protocol/common/log.ts';
import { ManualClock } from '../../protocol/common/manual-clock.ts';
import { choiceOf, createSources } from './sources.ts';

const pool = (options: object): PoolConfig => poolSchema.parse({ url: 'stratum+tcp://pool.example.com:3333', user: 'w', ...options });
const create = (pools: readonly PoolConfig[], log: Log = silentLog) => createSources(pools, { clock: new ManualClock(), log, live: false, resolveSecret: () => null });

describe('createSources', () => {
  test('a pool that is switched off is left out, says so, and keeps its id', () => {
    const said: object[] = [];
    const log: Log = { ...silentLog, info: (fields) => void said.push(fields), child: () => log };
    const pools = [pool({ enabled: false, url: 'nonsense' }), pool({ enabled: false }), pool({}), pool({ id: 'mine' })];
    expect(create(pools, log).map(({ id }) => id)).toEqual(['pool-example-com-2', 'mine']);
    expect(said).toEqual([{ pool: 'pool' }, { pool: 'pool-example-com' }]);
  });
});

test('the choice follows the configuration, with the weight of each pool', () => {
  const { mining } = configSchema.parse({ mining: { pool_strategy: 'quota', rotate_seconds: 5, return_seconds: 7 } });
  expect(choiceOf(mining, [pool({ quota: 3 }), pool({}), pool({ id: 'z', quota: 0 })])).toEqual({
    strategy: 'quota',
    rotateMs: 5000,
    returnMs: 7000,
    quotas: new Map([
      ['pool-example-com', 3],
      ['pool-example-com-2', 1],
      ['z', 0],
    ]),
  });
});
