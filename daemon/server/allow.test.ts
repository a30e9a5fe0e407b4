import { describe, expect, it } from 'vitest';
import { RigError } from '../../protocol/common/errors.ts';
import { AllowList, plainAddress } from './allow.ts';
import { isLoopback, listenWords, minersUrl, openness } from './where.ts';

describe('who may connect', () => {
  it('is private and loopback addresses when nobody is named', () => {
    const list = new AllowList([]);
    for (const address of ['127.0.0.1', '10.1.2.3', '172.31.255.255', '192.168.178.20', '169.254.7.7', '::1', 'fd00::1', 'fe80::1%eth0', '::ffff:192.168.1.2']) expect(list.permits(address), address).toBe(true);
    for (const address of ['8.8.8.8', '172.32.0.1', '100.64.0.1', '2001:db8::1', '::ffff:8.8.8.8', '', 'nonsense']) expect(list.permits(address), address).toBe(false);
  });

  it('is only those who are named', () => {
    const list = new AllowList(['192.168.1.0/24', '203.0.113.7', '2001:db8::/32']);
    for (const address of ['192.168.1.255', '203.0.113.7', '2001:db8::5', '::ffff:192.168.1.9']) expect(list.permits(address), address).toBe(true);
    for (const address of ['192.168.2.1', '203.0.113.8', '127.0.0.1', '::1']) expect(list.permits(address), address).toBe(false);
  });

  it.each(['', 'house', '10.0.0.0/33', '10.0.0/8', '::/129', '10.0.0.0/-1', '10.0.0.0/8/8'])('cannot be "%s"', (entry) => {
    expect(() => new AllowList(['10.0.0.1', entry])).toThrow(RigError);
    expect(() => new AllowList(['10.0.0.1', entry])).toThrow(/server\.allow\.1/);
  });

  it('is told without what is only the way', () => {
    expect(['::ffff:10.0.0.1', 'fe80::1%wlan0', '2001:db8::1'].map(plainAddress)).toEqual(['10.0.0.1', 'fe80::1', '2001:db8::1']);
  });
});

describe('where miners find the pool', () => {
  it('is the address listened on, or one of this machine', () => {
    expect(minersUrl('192.168.1.5', 3333)).toBe('stratum+tcp://192.168.1.5:3333');
    expect(minersUrl('::1', 3333)).toBe('stratum+tcp://[::1]:3333');
    expect(minersUrl('0.0.0.0', 3333)).toMatch(/^stratum\+tcp:\/\/\d+\.\d+\.\d+\.\d+:3333$/);
    expect(minersUrl('0.0.0.0', 3333)).not.toContain('0.0.0.0');
  });

  it('is worth a warning when everybody may mine there', () => {
    expect(['127.0.0.1', '127.1.2.3', 'localhost', '::1'].every(isLoopback)).toBe(true);
    expect(openness('127.0.0.1', false)).toBe(null);
    expect(openness('0.0.0.0', true)).toBe(null);
    expect(openness('0.0.0.0', false)).toContain('server.password');
  });
});

it('why a port cannot be had is told in words, with the code for whoever looks it up', () => {
  expect(listenWords(Object.assign(new Error('listen EADDRINUSE: address already in use 127.0.0.1:3333'), { code: 'EADDRINUSE' }))).toBe('another program has this port (EADDRINUSE)');
  expect(listenWords(new Error('something else'))).toBe('something else');
});
