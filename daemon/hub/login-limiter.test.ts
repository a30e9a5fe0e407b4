import { expect, test } from 'vitest';
import { ManualClock } from '../../protocol/common/manual-clock.ts';
import { LoginLimiter } from './login-limiter.ts';

const failTimes = (limiter: LoginLimiter, address: string, times: number): void => {
  for (let i = 0; i < times; i++) limiter.failed(address);
};

test('an address may be wrong ten times, then once every six seconds', () => {
  const clock = new ManualClock();
  const limiter = new LoginLimiter(clock);
  failTimes(limiter, '10.0.0.1', 9);
  expect(limiter.waitSeconds('10.0.0.1')).toBe(0);
  limiter.failed('10.0.0.1');
  expect(limiter.waitSeconds('10.0.0.1')).toBe(6);
  expect(limiter.waitSeconds('10.0.0.2')).toBe(0);
  clock.advance(6000);
  expect(limiter.waitSeconds('10.0.0.1')).toBe(0);
  limiter.failed('10.0.0.1');
  expect(limiter.waitSeconds('10.0.0.1')).toBe(6);
  limiter.succeeded('10.0.0.1');
  expect(limiter.waitSeconds('10.0.0.1')).toBe(0);
});

test('all addresses of one IPv6 network are one, an IPv4 address is the same in either notation', () => {
  const limiter = new LoginLimiter(new ManualClock());
  for (let i = 0; i < 10; i++) limiter.failed(`2001:db8:0:1::${i.toString(16)}`);
  expect(limiter.waitSeconds('2001:0db8:0:1:ffff::1')).toBe(6);
  expect(limiter.waitSeconds('2001:db8:0:2::1')).toBe(0);
  failTimes(limiter, '::ffff:10.0.0.1', 10);
  expect(limiter.waitSeconds('10.0.0.1')).toBe(6);
});

test('any number of addresses takes a bounded memory, and the one that is wrong now is not forgotten', () => {
  const limiter = new LoginLimiter(new ManualClock());
  failTimes(limiter, '10.255.255.255', 10);
  for (let i = 0; i < 5000; i++) {
    limiter.failed(`10.0.${i >> 8}.${i & 255}`);
    limiter.failed('10.255.255.255');
  }
  expect(limiter.size).toBe(1024);
  expect(limiter.waitSeconds('10.255.255.255')).toBe(6);
});
