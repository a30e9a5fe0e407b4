import { expect, it } from 'vitest';
import { BM13XX_CHIPS } from '../../protocol/bm13xx/chips.ts';
import { decodeCommand } from '../../protocol/bm13xx/command.ts';
import type { RegisterReply } from '../../protocol/bm13xx/reply.ts';
import { ChipPolls, POLL_MS } from './polls.ts';

const reply = (chipAddress: number, register: number, value = 0): RegisterReply => ({ kind: 'register', register, chipAddress, value, extra: null });

function asked(polls: ChipPolls): number {
  const result = decodeCommand(polls.ask());
  if (!result.ok || result.command.kind !== 'read' || result.command.target === 'all') throw new Error('not a read of one chip');
  return result.command.target.chipAddress;
}

it('asks one chip after the other, each every two seconds', () => {
  const polls = new ChipPolls(BM13XX_CHIPS.BM1366, [0, 64, 128, 192]);
  expect(polls.everyMs).toBe(POLL_MS / 4);
  expect([1, 2, 3, 4, 5].map(() => asked(polls))).toEqual([0, 64, 128, 192, 0]);
});

it('takes only what one of its chips was asked', () => {
  const polls = new ChipPolls(BM13XX_CHIPS.BM1366, [0, 128]);
  expect(polls.answer(reply(128, 0x8c), 0)).toBe(true);
  expect(polls.answer(reply(2, 0x8c), 0)).toBe(false);
  expect(polls.answer(reply(0, 0x40), 0)).toBe(false);
  expect(polls.answer(reply(0, 0x00), 0)).toBe(true);
});

it('finds the chips that leave three questions open, and none that found a nonce meanwhile', () => {
  const polls = new ChipPolls(BM13XX_CHIPS.BM1366, [0, 64, 128]);
  for (const address of [0, 64, 128]) polls.answer(reply(address, 0), 0);
  const round = (...alive: number[]): void => {
    for (let i = 0; i < 3; i++) {
      const address = asked(polls);
      if (alive.includes(address)) polls.answer(reply(address, 0x8c), 0);
    }
  };
  round(0, 64, 128);
  round(0);
  round(0);
  expect(polls.silent()).toEqual([]);
  polls.heard(2);
  round(0);
  expect(polls.silent()).toEqual([1]);
  // In the middle of a round some have been asked once more than others.
  asked(polls);
  expect(polls.silent()).toEqual([]);
});

it('finds a chip that has never answered, once another has', () => {
  const polls = new ChipPolls(BM13XX_CHIPS.BM1366, [0, 128]);
  for (let i = 0; i < 6; i++) if (asked(polls) === 0) polls.heard(0);
  expect(polls.silent()).toEqual([]);
  polls.answer(reply(0, 0x8c), 0);
  expect(polls.silent()).toEqual([1]);
});

it('does not take a chain for dead that answers no question but finds nonces', () => {
  const polls = new ChipPolls(BM13XX_CHIPS.BM1397, [0, 128]);
  for (let i = 0; i < 20; i++) {
    asked(polls);
    polls.heard(null);
  }
  expect(polls.silent()).toEqual([]);
  for (let i = 0; i < 6; i++) asked(polls);
  expect(polls.silent()).toEqual([0, 1]);
});

it('reckons what the counters say, over their end', () => {
  const polls = new ChipPolls(BM13XX_CHIPS.BM1366, [0, 128]);
  polls.answer(reply(0, 0x8c, 0xffff_ff00), 0);
  polls.answer(reply(128, 0x8c, 1000), 1000);
  expect(polls.claimedHs()).toBeNull();
  polls.answer(reply(0, 0x8c, 0x0000_0100), 2000);
  // Held up and told again at once: no rate.
  polls.answer(reply(0, 0x8c, 0x0000_0101), 2001);
  polls.answer(reply(128, 0x8c, 1100), 3000);
  expect(polls.claimedHs()).toBe((512 / 2 + 100 / 2) * 2 ** 32);
  const old = new ChipPolls(BM13XX_CHIPS.BM1397, [0]);
  old.answer(reply(0, 0x04, 0x8000_0001), 0);
  expect(old.claimedHs()).toBeNull();
  old.answer(reply(0, 0x04, 1000), 0);
  expect(old.claimedHs()).toBe(1000 * 2 ** 20);
});
