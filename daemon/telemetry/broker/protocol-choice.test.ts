import { expect, test } from 'vitest';
import { ProtocolChoice, type HandshakeFailure } from './protocol-choice.ts';

const after = (...steps: (HandshakeFailure | 'ok')[]): number => {
  const choice = new ProtocolChoice();
  for (const step of steps) {
    if (step === 'ok') choice.succeeded();
    else choice.failed(step);
  }
  return choice.next;
};

test('begins with MQTT 5 and stays there while the broker is merely away', () => {
  expect(after()).toBe(5);
  expect(after('other', 'other', 'other')).toBe(5);
});

test('goes to 3.1.1 when the broker refuses 5, and remembers what worked', () => {
  expect(after('version_refused')).toBe(4);
  expect(after('version_refused', 'ok', 'dropped', 'other', 'dropped', 'dropped')).toBe(4);
});

test('one silent drop may be a restart; two in a row mean trying 3.1.1', () => {
  expect(after('dropped')).toBe(5);
  expect(after('dropped', 'dropped')).toBe(4);
  expect(after('dropped', 'dropped', 'ok', 'dropped')).toBe(4);
});

test('a broker that drops both versions is tried with each in turn', () => {
  expect(after('dropped', 'dropped', 'dropped')).toBe(5);
});

test('what worked before is not given up for a drop, only for a refusal', () => {
  expect(after('ok', 'dropped', 'dropped', 'dropped')).toBe(5);
  expect(after('ok', 'version_refused')).toBe(4);
  expect(after('version_refused', 'ok', 'version_refused')).toBe(5);
});
