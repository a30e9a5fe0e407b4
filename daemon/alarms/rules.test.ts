/** Every rule with the book, second by second on a manual clock. */
import { beforeEach, describe, expect, test } from 'vitest';
import type { Clock } from '../../protocol/common/clock.ts';
import { silentLog } from '../../protocol/common/log.ts';
import { ManualClock } from '../../protocol/common/manual-clock.ts';
import { xorshift } from '../../protocol/common/xorshift.fixture.ts';
import { noPoolAccount } from '../mining/pool-account.ts';
import { noShares } from '../mining/share-account.ts';
import { fakeDevice, fakePool, FakeStateSource } from '../telemetry/rig-state.fixture.ts';
import type { DeviceTelemetry, PayoutState, PoolAccountState, PoolTelemetry, RigState } from '../telemetry/state.ts';
import { AlarmBook } from './book.ts';
import { alarmRules, AlarmWatch } from './watch.ts';

const CONFIG = { pool_silent_seconds: 90, reject_percent: 5, no_share_factor: 10, all_pools_dead_seconds: 15 };
let clock: ManualClock;
let source: FakeStateSource;
let told: string[];

function watch(overrides: Partial<typeof CONFIG> = {}, submits = true, silenceMs = 180_000): AlarmWatch {
  clock = new ManualClock();
  source = new FakeStateSource();
  told = [];
  const book = new AlarmBook(clock);
  book.events.on('raised', ({ kind, subject }) => told.push(`${kind} ${subject} raised`));
  book.events.on('healed', ({ kind, subject }) => told.push(`${kind} ${subject} healed`));
  const made = new AlarmWatch(alarmRules({ ...CONFIG, ...overrides }, { silenceMs: () => silenceMs, submits }), { state: source, book, clock, log: silentLog });
  made.start();
  return made;
}

beforeEach(() => {
  watch();
});

function set(overrides: { pools?: Partial<PoolTelemetry>[]; mining?: Partial<RigState['mining']>; device?: Partial<DeviceTelemetry> }): void {
  const { state } = source;
  source.state = {
    ...state,
    ...(overrides.pools ? { pools: overrides.pools.map((pool, index) => ({ ...(state.pools[index] ?? fakePool({ id: `pool${index}` })), ...pool })) } : {}),
    mining: { ...state.mining, ...overrides.mining },
    devices: overrides.device ? [{ ...(state.devices[0] ?? fakeDevice()), ...overrides.device }] : state.devices,
  };
}
const account = (part: Partial<PoolAccountState>): { account: PoolAccountState } => ({ account: { ...noPoolAccount(), ...part } });
const seconds = (count: number, each: (i: number) => void = () => {}): void => {
  for (let i = 0; i < count; i++) {
    each(i);
    clock.advance(1000);
  }
};
/** A pool that speaks every 30 s. */
const speaks = (i: number): void => {
  if (i % 30 === 0) set({ pools: [{ last_heard_at: clock.now() }] });
};

describe('pool_silent', () => {
  test('raised once and healed once, whatever the client does in between', () => {
    seconds(200, speaks);
    expect(told).toEqual([]);
    seconds(60);
    expect(told).toEqual([]);
    seconds(120);
    expect(told).toEqual(['pool_silent demo raised']);
    // The client gives up and tries again; the pool takes the connection and says nothing.
    for (let attempt = 0; attempt < 20; attempt++) {
      set({ pools: [{ status: 'backing_off' }] });
      seconds(20);
      set({ pools: [{ status: 'handshaking' }] });
      seconds(100);
    }
    expect(told).toHaveLength(1);
    set({ pools: [{ status: 'mining', last_heard_at: clock.now() }] });
    seconds(600, speaks);
    expect(told).toEqual(['pool_silent demo raised', 'pool_silent demo healed']);
  });

  test('a pool that speaks just in time, and one whose clock is set, is not silent', () => {
    seconds(3600, (i) => {
      if (i % 89 === 0) set({ pools: [{ last_heard_at: clock.now() }] });
      if (i % 500 === 0) clock.setWall(clock.now() - 86_400_000);
    });
    expect(told).toEqual([]);
  });

  test('a pool that cannot be reached is not silent, and gets its time when it is connected again', () => {
    set({ pools: [{ status: 'backing_off' }] });
    seconds(1000);
    set({ pools: [{ status: 'handshaking' }] });
    seconds(80);
    expect(told).toEqual([]);
    seconds(20);
    expect(told).toEqual(['pool_silent demo raised']);
  });

  test('comes before the client gives a silent connection up by itself', () => {
    watch({}, true, 20_000);
    seconds(20);
    expect(told).toEqual(['pool_silent demo raised']);
  });

  test('a standby pool counts too', () => {
    set({ pools: [{}, { id: 'standby', role: 'standby', last_heard_at: clock.now() }] });
    seconds(200, (i) => {
      if (i % 30 === 0) set({ pools: [{ last_heard_at: clock.now() }, {}] });
    });
    expect(told).toEqual(['pool_silent standby raised']);
  });
});

describe('pool_auth', () => {
  test('raised at once, healed by work and not by another attempt', () => {
    seconds(5, speaks);
    set({ pools: [{ status: 'auth_failed', reason: 'Unauthorized worker' }] });
    seconds(5);
    for (const status of ['connecting', 'handshaking', 'auth_failed', 'waiting_for_job', 'auth_failed'] as const) {
      set({ pools: [{ status, last_heard_at: clock.now() }] });
      seconds(60);
    }
    expect(told).toEqual(['pool_auth demo raised']);
    set({ pools: [{ status: 'mining', last_heard_at: clock.now() }] });
    seconds(60, speaks);
    expect(told).toEqual(['pool_auth demo raised', 'pool_auth demo healed']);
  });
});

describe('reject_rate', () => {
  /** A share a second, of which so many percent are rejected by the dice of the seed. */
  function shares(count: number, percent: number, random: (below: number) => number, onSecond: () => void = () => {}): void {
    seconds(count, () => {
      const before = source.state.pools[0]!.account;
      const rejected = random(10_000) < percent * 100;
      set({ pools: [{ last_heard_at: clock.now(), ...account({ ...before, sent: before.sent + 1, rejected: before.rejected + (rejected ? 1 : 0), expected_shares: 0 }) }] });
      onSecond();
    });
  }

  test('a healthy pool rings never, a sick one once, and is healed once', () => {
    const random = xorshift(7);
    shares(6 * 3600, 1, random);
    expect(told).toEqual([]);
    shares(3600, 20, random);
    expect(told).toEqual(['reject_rate demo raised']);
    shares(3600, 1, random);
    expect(told).toEqual(['reject_rate demo raised', 'reject_rate demo healed']);
  });

  test('a pool right at the limit for a day rings a few times at most', () => {
    const random = xorshift(11);
    shares(24 * 3600, 5, random);
    expect(told.filter((line) => line.endsWith('raised')).length).toBeLessThanOrEqual(4);
  });

  test('one unlucky share of three is chance; five of five are not', () => {
    set({ pools: [{ ...account({}), last_heard_at: clock.now() }] });
    seconds(2);
    set({ pools: [{ ...account({ sent: 3, rejected: 1 }), last_heard_at: clock.now() }] });
    seconds(60);
    expect(told).toEqual([]);
    set({ pools: [{ ...account({ sent: 8, rejected: 1, stale: 5 }), last_heard_at: clock.now() }] });
    seconds(60);
    expect(told).toEqual([]);
    seconds(200, speaks);
    expect(told).toEqual(['reject_rate demo raised']);
  });
});

describe('no_share', () => {
  /** Hashing as expected a second, with or without accepted shares of the rig's own device. */
  function hash(count: number, perSecond: number, accepted: number, foreign = 0): void {
    seconds(count, () => {
      const [device] = source.state.devices;
      const before = source.state.pools[0]!.account;
      set({
        pools: [{ last_heard_at: clock.now(), ...account({ ...before, expected_shares: (before.expected_shares ?? 0) + perSecond, sent: before.sent + accepted + foreign, accepted: before.accepted + accepted + foreign }) }],
        device: { shares: { ...noShares(), accepted: device!.shares.accepted + accepted } },
      });
    });
  }

  test('raised after ten expected shares without one, healed by one', () => {
    hash(100, 0.1, 0);
    expect(told).toEqual([]);
    hash(10, 0.1, 0);
    expect(told).toEqual(['no_share rig raised']);
    hash(1000, 0.1, 0);
    hash(1, 0.1, 1);
    hash(90, 0.1, 0);
    expect(told).toEqual(['no_share rig raised', 'no_share rig healed']);
  });

  test('shares of miners in the house do not hide a rig that finds none', () => {
    hash(200, 0.1, 0, 5);
    expect(told).toEqual(['no_share rig raised']);
  });

  test('a pause, a harder difficulty and a solo pool raise nothing', () => {
    hash(90, 0.1, 0);
    hash(7200, 0, 0);
    hash(1, 0.1, 1);
    hash(7200, 1e-9, 0);
    hash(50, 0.1, 0);
    expect(told).toEqual([]);
  });

  test('what was to be expected adds up over pools: a switch neither hides nor raises it', () => {
    hash(60, 0.1, 0);
    const [first] = source.state.pools;
    const second = (expected: number): void => set({ pools: [{ last_heard_at: clock.now() }, { id: 'second', last_heard_at: clock.now(), ...account({ expected_shares: expected }) }] });
    seconds(39, (i) => second((i + 1) * 0.1));
    expect(first!.account.expected_shares).toBeCloseTo(6, 6);
    expect(told).toEqual([]);
    seconds(10, (i) => second(4 + i * 0.1));
    expect(told).toEqual(['no_share rig raised']);
  });

  test('where nothing is sent, nothing can be accepted', () => {
    watch({}, false);
    hash(600, 1, 0);
    expect(told).toEqual([]);
  });

  test('four hours of fair hashing, with a share in two seconds, do not raise it', () => {
    const random = xorshift(3);
    hash(1, 0, 1);
    for (let i = 0; i < 3600 * 4; i++) hash(1, 0.5, random(1_000_000) < 393_469 ? 1 : 0);
    expect(told).toEqual([]);
  });
});

describe('payee_changed', () => {
  const payout = (verdict: PayoutState['verdict']): Partial<PoolTelemetry> => ({ last_heard_at: clock.now(), payout: { expected_address: null, expected_from: null, paid_sat: null, total_sat: 1, paid_percent: null, outputs: [], output_count: 1, tag: null, height: null, verdict, explanation: verdict } });

  test('raised once though good and bad jobs take turns, healed when only good ones come', () => {
    for (let i = 0; i < 20; i++) {
      set({ pools: [payout(i % 2 === 0 ? 'payee_changed' : 'pays_pool')] });
      seconds(30);
    }
    set({ pools: [payout('unreadable')] });
    seconds(80);
    expect(told).toEqual(['payee_changed demo raised']);
    seconds(90, (i) => {
      if (i % 30 === 0) set({ pools: [payout('pays_expected')] });
    });
    expect(told).toEqual(['payee_changed demo raised', 'payee_changed demo healed']);
  });

  test('a pool that does not pay the address it should', () => {
    set({ pools: [payout('does_not_pay_expected')] });
    seconds(2);
    expect(told).toEqual(['payee_changed demo raised']);
  });
});

describe('all_pools_dead', () => {
  test('raised once after its time, healed once', () => {
    set({ mining: { pool: null, status: 'no_pool' }, pools: [{ status: 'backing_off', reason: 'connection refused' }] });
    seconds(15);
    expect(told).toEqual([]);
    seconds(500);
    expect(told).toEqual(['all_pools_dead rig raised']);
    set({ mining: { pool: 'demo', status: 'mining' }, pools: [{ status: 'mining' }] });
    seconds(60, speaks);
    expect(told).toEqual(['all_pools_dead rig raised', 'all_pools_dead rig healed']);
  });

  test('between two templates, with all devices paused, and while the rig stops, nothing is told', () => {
    set({ mining: { pool: null }, pools: [{ status: 'backing_off' }] });
    seconds(10);
    set({ mining: { pool: 'demo' } });
    seconds(10);
    set({ mining: { pool: null }, device: { status: 'paused' } });
    seconds(100);
    set({ mining: { status: 'stopping' }, device: { status: 'hashing' } });
    seconds(100);
    expect(told).toEqual([]);
  });
});

test('a state that cannot be read stops no timer and throws nothing', () => {
  const good = source.state;
  source.state = null as unknown as RigState;
  seconds(5);
  source.state = { ...good, pools: [fakePool({ status: 'auth_failed' })] };
  seconds(2);
  expect(told).toEqual(['pool_auth demo raised']);
});

test('a process that stood still reads what came meanwhile before it rings', () => {
  // A clock whose timers fire once however much time has passed, as those of a process that was stopped do.
  let mono = 0;
  let tick = (): void => {};
  const stopped: Clock = { now: () => mono, monotonic: () => mono, after: () => ({ cancel() {} }), every: (_ms, fn) => ((tick = fn), { cancel() {} }) };
  const book = new AlarmBook(stopped);
  source = new FakeStateSource();
  new AlarmWatch(alarmRules(CONFIG, { silenceMs: () => 180_000, submits: true }), { state: source, book, clock: stopped, log: silentLog }).start();
  const after = (ms: number): void => {
    mono += ms;
    tick();
  };
  after(1000);
  set({ pools: [{ last_heard_at: 1 }] });
  after(1000);
  after(600_000);
  set({ pools: [{ last_heard_at: 2 }] });
  after(1000);
  expect(book.active()).toEqual([]);
  // Late every time, it looks at least every second time.
  for (let i = 0; i < 40; i++) after(5000);
  expect(book.active()).toMatchObject([{ kind: 'pool_silent' }]);
});

test('nothing is looked at after a stop', () => {
  const made = watch();
  made.stop();
  expect(clock.pendingTimers).toBe(0);
});
