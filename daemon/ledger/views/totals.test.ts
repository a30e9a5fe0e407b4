import { expect, it } from 'vitest';
import { Tally } from './tally.ts';
import { fillTotals } from './totals.ts';

function tallyOf(...statuses: string[]): Tally {
  const tally = new Tally();
  for (const status of statuses) tally.add('submission', { status });
  return tally;
}

it('fills what the template names, at the top and in its summaries, and leaves the rest', () => {
  const document = { total_submissions: 0, accepted: 0, rejected_this_hour: 0, total_miners: 0, note: 'as it is', summary: { total_entries: 0 }, global_data: { acceptance_rate: null } };
  fillTotals(document, tallyOf('accepted', 'accepted', 'rejected', 'pending'));
  expect(document).toEqual({ total_submissions: 4, accepted: 2, rejected_this_hour: 1, total_miners: 0, note: 'as it is', summary: { total_entries: 4 }, global_data: { acceptance_rate: 2 / 3 } });
});

it('keeps unknown what nothing tells, and counts that begin as unknown while they are 0', () => {
  const document = { total_hashes: 0, best_difficulty: null, total_submissions: null, total_reports: null };
  fillTotals(document, tallyOf('accepted'));
  expect(document).toEqual({ total_hashes: 0, best_difficulty: null, total_submissions: 1, total_reports: null });
});

it('takes no name from the prototype for a total', () => {
  const document = { total_constructor: 0, to_string: 0, toString: 0 };
  fillTotals(document, tallyOf('accepted'));
  expect(document).toEqual({ total_constructor: 0, to_string: 0, toString: 0 });
});

it('writes break-downs in one order whatever they were counted in, those of the template first', () => {
  const texts = [['b', 'a', '__proto__'], ['__proto__', 'a', 'b']].map((reasons) => {
    const tally = new Tally();
    for (const reason of reasons) tally.add('rejection', { reason });
    const document = { summary: { rejections_by_reason: { zero: 0, b: 0 } } };
    fillTotals(document, tally);
    return JSON.stringify(document);
  });
  expect(texts[0]).toBe('{"summary":{"rejections_by_reason":{"zero":0,"b":1,"__proto__":1,"a":1}}}');
  expect(texts[1]).toBe(texts[0]);
});
