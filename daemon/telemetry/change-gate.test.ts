import { describe, expect, test } from 'vitest';
import { ChangeGate, changeMatters } from './change-gate.ts';

describe('changeMatters', () => {
  test.each([
    ['the time of the message', { at: 'a' }, { at: 'b' }, false],
    ['uptime', { uptime_secs: 1 }, { uptime_secs: 2 }, false],
    ['the total of hashes', { hashes_total: 1 }, { hashes_total: 9e9 }, false],
    ['a counter', { accepted: 3 }, { accepted: 4 }, true],
    ['a nested counter', { ledger: { lost: 0 } }, { ledger: { lost: 1 } }, true],
    ['hash rate within 2 %', { hashrate_hs: 100 }, { hashrate_hs: 102 }, false],
    ['hash rate beyond 2 %', { hashrate_hs: 100 }, { hashrate_hs: 97 }, true],
    ['hash rate from nothing', { hashrate_hs: 0 }, { hashrate_hs: 1 }, true],
    ['hash rate becoming unknown', { hashrate_hs: 100 }, { hashrate_hs: null }, true],
    ['half a degree', { temp_c: 50 }, { temp_c: 50.5 }, false],
    ['more than half a degree', { temp_c: 50 }, { temp_c: 50.6 }, true],
    ['a fraction within 1 %', { load: 1.5 }, { load: 1.505 }, false],
    ['a word', { status: 'hashing' }, { status: 'paused' }, true],
    ['a new field', {}, { extra: 1 }, true],
    ['a field gone', { extra: 1 }, {}, true],
    ['a longer list', [1], [1, 2], true],
    ['the same again', { a: [{ b: 1 }] }, { a: [{ b: 1 }] }, false],
  ])('%s', (_what, before, after, matters) => {
    expect(changeMatters(before, after)).toBe(matters);
  });

  test('slow drift adds up: the comparison is with what was sent, not with the last look', () => {
    const gate = new ChangeGate(60_000);
    gate.sent('t', { temp_c: 50 }, 0);
    const sent: number[] = [];
    for (let second = 2; second <= 12; second++) {
      const payload = { temp_c: 50 + second * 0.1 };
      if (!gate.due('t', 'heartbeat', payload, second * 1000)) continue;
      gate.sent('t', payload, second * 1000);
      sent.push(second);
    }
    expect(sent).toEqual([6, 12]);
  });
});

describe('ChangeGate', () => {
  test('the first message of a topic is due at once', () => {
    expect(new ChangeGate(10_000).due('t', 'change', {}, 0)).toBe(true);
  });

  test('at most one message a second', () => {
    const gate = new ChangeGate(10_000);
    gate.sent('t', { n: 1 }, 0);
    expect(gate.due('t', 'heartbeat', { n: 2 }, 949)).toBe(false);
    expect(gate.due('t', 'heartbeat', { n: 2 }, 999.6)).toBe(true);
  });

  test('without change: a heartbeat topic after the interval, a change topic never', () => {
    const gate = new ChangeGate(10_000);
    gate.sent('t', { n: 1 }, 0);
    expect(gate.due('t', 'heartbeat', { n: 1 }, 9949)).toBe(false);
    expect(gate.due('t', 'heartbeat', { n: 1 }, 9999.6)).toBe(true);
    expect(gate.due('t', 'change', { n: 1 }, 1e9)).toBe(false);
  });

  test('a minute topic is due each minute whatever changes', () => {
    const gate = new ChangeGate(10_000);
    gate.sent('t', { n: 1 }, 0);
    expect(gate.due('t', 'minute', { n: 2 }, 59_949)).toBe(false);
    expect(gate.due('t', 'minute', { n: 1 }, 59_999.6)).toBe(true);
  });

  test('forget makes one topic due, reset all', () => {
    const gate = new ChangeGate(10_000);
    gate.sent('a', 1, 0);
    gate.sent('b', 1, 0);
    gate.forget('a');
    expect([gate.due('a', 'change', 1, 1), gate.due('b', 'change', 1, 1)]).toEqual([true, false]);
    gate.reset();
    expect(gate.due('b', 'change', 1, 1)).toBe(true);
  });
});
