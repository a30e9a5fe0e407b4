import { expect, test } from 'vitest';
import { Cooling } from './cooling.ts';

test('waits a minute at least, and for 10 degC less', () => {
  const cooling = new Cooling(0, 'too hot', 85);
  expect(cooling.reason).toBe('too hot; waits a minute at least, until it has cooled to 75 degC');
  expect([cooling.look(59_000, 40), cooling.look(60_000, 75.1), cooling.look(60_000, 75)]).toEqual(['wait', 'wait', 'cool']);
});

test('50 degC is cool even when another part was what was hot', () => {
  const cooling = new Cooling(0, 'regulator too hot', 52);
  expect([cooling.look(60_000, 51), cooling.look(60_000, 50)]).toEqual(['wait', 'cool']);
});

test('a temperature that is not known is never cool, and not waited for without end', () => {
  const cooling = new Cooling(0, 'too hot', null);
  expect(cooling.reason).toBe('too hot; waits a minute at least, until it has cooled');
  expect([cooling.look(14 * 60_000, null), cooling.look(15 * 60_000, null), cooling.look(60_000, 90)]).toEqual(['wait', 'blind', 'cool']);
});
