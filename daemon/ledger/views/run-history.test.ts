import { expect, it } from 'vitest';
import { fakeBrainstem } from '../fake-brainstem.fixture.ts';
import { Records } from './kit.fixture.ts';
import { RunHistory } from './run-history.ts';

it('says what was in force for any record, also when runs are read again or taken from a note', () => {
  const records = new Records(1, fakeBrainstem('/data'));
  const runs = [{ mode: 'demo', max_view_bytes: 100 }, { mode: 'demo', max_view_bytes: 100 }, { mode: 'live' }, { max_view_bytes: 7 }, { mode: 'nonsense', max_view_bytes: -1 }];
  for (const run of runs) {
    records.start(run);
    records.add('ledger');
  }
  const history = new RunHistory(64);
  const told = (of: RunHistory): unknown[] => [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10].map((seq) => Object.values({ ...of.at(seq) }));
  for (const record of records.all) if (record.kind === 'start') history.begin(record);
  const expected = [[null, 64], ...Array(4).fill(['demo', 100]), ...Array(2).fill(['live', 100]), ...Array(4).fill(['live', 7])];
  expect(told(history)).toEqual(expected);
  for (const record of records.all) if (record.kind === 'start') history.begin(record);
  const again = new RunHistory(64);
  again.restore(JSON.parse(JSON.stringify(history)));
  expect([told(history), told(again)]).toEqual([expected, expected]);
});

it('keeps nothing of runs that were like the one before', () => {
  const records = new Records(1, fakeBrainstem('/data'));
  const history = new RunHistory(64);
  for (let i = 0; i < 1000; i += 1) history.begin(records.start({ mode: 'test' }));
  expect(history.toJSON()).toEqual([[1, 'test', 64]]);
});
