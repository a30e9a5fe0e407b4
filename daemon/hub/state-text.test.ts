import { expect, test } from 'vitest';
import { ManualClock } from '../../protocol/common/manual-clock.ts';
import type { RigState } from '../telemetry/state.ts';
import { StateText } from './state-text.ts';

test('a state serves all who ask within a while, but nobody after something has changed', () => {
  let made = 0;
  const clock = new ManualClock();
  const text = new StateText({ snapshot: () => ({ made: ++made }) as unknown as RigState }, clock);
  expect([text.read(1000).text, text.read(1000).text]).toEqual(['{"made":1}', '{"made":1}']);
  text.expire();
  expect(text.read(1000).text).toBe('{"made":2}');
  clock.advance(1000);
  expect([text.read(1000).text, text.read(0).text]).toEqual(['{"made":3}', '{"made":4}']);
});
