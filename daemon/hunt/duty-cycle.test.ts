import { expect, test } from 'vitest';
import { DutyCycle } from './duty-cycle.ts';

/** Work that takes `cpu` ms of which the process gets one in every `slowness`, then rests as told. */
function simulate(percent: number, pieces: readonly number[], slowness = 1): { cpu: number; wall: number } {
  const now = { cpu: 500, wall: 90_000 };
  const duty = new DutyCycle(percent, { cpuMs: () => now.cpu, wallMs: () => now.wall });
  for (const piece of pieces) {
    now.cpu += piece;
    now.wall += piece * slowness;
    now.wall += duty.due();
  }
  return { cpu: now.cpu - 500, wall: now.wall - 90_000 };
}

test.each([1, 10, 25, 50, 99])('%i % of a core is what it takes, however unequal the pieces', (percent) => {
  const { cpu, wall } = simulate(percent, Array.from({ length: 50 }, (_, i) => 10 + (i % 7) * 40));
  expect(wall).toBeCloseTo((cpu * 100) / percent, 6);
});

test('100 % rests never, and neither does one that others keep from more anyway', () => {
  expect(simulate(100, [30, 30, 30])).toEqual({ cpu: 90, wall: 90 });
  expect(simulate(50, [30, 30, 30], 3)).toEqual({ cpu: 90, wall: 270 });
});

test('time that passed unused is not made up for by hours at full speed', () => {
  const now = { cpu: 0, wall: 0 };
  const duty = new DutyCycle(10, { cpuMs: () => now.cpu, wallMs: () => now.wall });
  now.wall = 3_600_000;
  expect(duty.due()).toBe(0);
  // 100 ms are a second at 10 %, which is the most that is in hand.
  now.cpu += 100;
  expect(duty.due()).toBe(0);
  now.cpu += 100;
  expect(duty.due()).toBeCloseTo(1000, 6);
});

test('a rest takes at least as long as it is due', async () => {
  const now = { cpu: 20 };
  const duty = new DutyCycle(50, { cpuMs: () => now.cpu, wallMs: () => performance.now() });
  const began = performance.now();
  now.cpu += 15;
  duty.restBlocking();
  now.cpu += 15;
  await duty.rest();
  expect(performance.now() - began).toBeGreaterThan(55);
});
