import { describe, expect, test } from 'vitest';
import { ChoiceBench } from './choice.fixture.ts';

const S = 1000;

describe('a start', () => {
  test('nothing is mined for before a pool has work, and every pool says so', () => {
    const bench = new ChoiceBench(['a', 'b']);
    expect(bench.active).toBeNull();
    expect(bench.role('a')).toMatchObject({ role: 'down', role_reason: 'no work yet', quota: null, work_share: null });
  });

  test('a better pool whose handshake takes longer is gone to at once: a start is no return', () => {
    const bench = new ChoiceBench(['a', 'b']).gain('b').advance(3 * S);
    bench.gain('a');
    expect(bench.switches).toEqual(['b (found: b has work)', 'a (home: a comes first and has had work for 0 s)']);
  });

  test('also when its first attempts failed', () => {
    const bench = new ChoiceBench(['a', 'b']);
    bench.choice.away('a');
    bench.gain('b').advance(3 * S).gain('a');
    expect(bench.active).toBe('a');
  });
});

describe('losing a pool', () => {
  test('the next one with work is mined for at once, and why is said', () => {
    const bench = new ChoiceBench(['a', 'b', 'c']).gain('a', 'c').fail('a', 'not one line within 180 s');
    expect(bench.switches.at(-1)).toBe('c (lost: a: not one line within 180 s)');
    expect(bench.role('a')).toMatchObject({ role: 'down', role_reason: 'not one line within 180 s' });
    expect(bench.role('c')).toMatchObject({ role: 'active', role_reason: 'a is down, b is down' });
  });

  test('without another nothing is mined for, and the first that works again is', () => {
    const bench = new ChoiceBench(['a', 'b']).gain('a').fail('a').advance(5 * S);
    expect(bench.active).toBeNull();
    bench.gain('b').advance(S).gain('a');
    expect(bench.switches.slice(1)).toEqual(['null (lost: a: connection lost)', 'b (found: b has work)']);
    bench.fail('b');
    expect(bench.active).toBe('a');
  });
});

describe('the way home', () => {
  test('is taken after the better pool has held work for as long as configured', () => {
    const bench = new ChoiceBench(['a', 'b']).gain('a', 'b').fail('a').advance(600 * S).gain('a');
    expect(bench.role('a')).toMatchObject({ role: 'returning', role_reason: 'works again, mined for again in 60 s' });
    bench.advance(20 * S);
    expect(bench.role('a')).toMatchObject({ role: 'returning', role_reason: 'works again, mined for again in 40 s' });
    expect(bench.role('b')).toMatchObject({ role: 'active', role_reason: 'a has to prove itself' });
    bench.advance(39_999);
    expect(bench.active).toBe('b');
    bench.advance(1);
    expect(bench.active).toBe('a');
    expect(bench.switches.at(-1)).toBe('a (home: a comes first and has had work for 60 s)');
    expect(bench.role('b')).toMatchObject({ role: 'standby', role_reason: 'ready at once when a fails' });
  });

  test('begins anew with every failure, so that a pool that flaps is not gone back to', () => {
    const bench = new ChoiceBench(['a', 'b']).gain('a', 'b').fail('a');
    for (let i = 0; i < 100; i++) bench.gain('a').advance(59 * S).fail('a').advance(S);
    expect(bench.switches).toHaveLength(2);
    bench.gain('a').advance(60 * S);
    expect(bench.active).toBe('a');
  });

  test('is not cut short when the present pool dies and another has nothing to prove', () => {
    const bench = new ChoiceBench(['a', 'b', 'c']).gain('a', 'b', 'c').fail('a').gain('a').advance(5 * S).fail('b');
    expect(bench.active).toBe('c');
    expect(bench.role('a').role).toBe('returning');
    bench.advance(54_999);
    expect(bench.active).toBe('c');
    bench.advance(1);
    expect(bench.active).toBe('a');
  });

  test('is immediate when the present pool dies and all others still have to prove themselves', () => {
    const bench = new ChoiceBench(['a', 'b']).gain('a', 'b').fail('a').gain('a').advance(5 * S).fail('b');
    expect(bench.active).toBe('a');
    expect(bench.role('a').role).toBe('active');
    // It is at home there: no look back to b is due.
    bench.gain('b').advance(600 * S);
    expect(bench.active).toBe('a');
  });

  test('a pause between two jobs on a connection that stands costs no way home', () => {
    const bench = new ChoiceBench(['a', 'b']).gain('a', 'b').lose('a', 'block found').advance(300);
    expect(bench.active).toBe('b');
    bench.gain('a');
    expect(bench.active).toBe('a');
    bench.lose('a', 'the new job cannot be read').advance(20 * S).gain('a');
    expect(bench.active).toBe('b');
    expect(bench.role('a').role).toBe('returning');
  });

  test('takes no waiting when none is configured', () => {
    const bench = new ChoiceBench(['a', 'b'], { returnMs: 0 }).gain('a', 'b').fail('a').gain('a');
    expect(bench.active).toBe('a');
  });

  test('goes to the best one that has proved itself, step by step', () => {
    const bench = new ChoiceBench(['a', 'b', 'c']).gain('a', 'b', 'c').fail('a').fail('b').gain('b').advance(30 * S).gain('a').advance(30 * S);
    expect(bench.active).toBe('b');
    bench.advance(30 * S);
    expect(bench.active).toBe('a');
  });
});

test('the time of a role is that of its last change, and the share of work is what was hashed', () => {
  const bench = new ChoiceBench(['a', 'b']);
  bench.advance(5 * S).gain('a', 'b');
  const at = bench.clock.now();
  bench.advance(90 * S);
  expect(bench.role('a')).toMatchObject({ role: 'active', role_since: at, work_share: 1 });
  bench.fail('a').advance(30 * S);
  expect(bench.role('a')).toMatchObject({ role: 'down', role_since: at + 90 * S, work_share: 0.75 });
  expect(bench.role('b')).toMatchObject({ role: 'active', role_since: at + 90 * S, work_share: 0.25 });
});
