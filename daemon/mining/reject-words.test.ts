import { expect, test } from 'vitest';
import { classifyReject } from '../../protocol/stratum-v1/reject.ts';
import { rejectWords, verdictWords } from './reject-words.ts';

const LATE = 'too late: the pool had moved on to other work';

// Codes and texts as pools send them.
test.each([
  [21, 'Stale', LATE],
  [21, 'Invalid JobID', LATE],
  [21, 'Job not found', LATE],
  [20, 'unknown-work', LATE],
  [21, 'stale-work', LATE],
  [21, 'stale-prevblk', LATE],
  [21, 'time-too-old', 'block time outside what the pool allows'],
  [20, 'Ntime out of range', 'block time outside what the pool allows'],
  [20, 'Worker mismatch', 'the worker name is not the one that was authorised'],
  [20, 'Invalid version mask', 'version bits the pool does not allow'],
  [20, 'version-rolling-not-negotiated', 'version bits the pool does not allow'],
  [23, 'bad-version', 'version bits the pool does not allow'],
  [23, 'H-not-zero', 'not even a share of difficulty 1'],
  [23, 'high-hash', 'the hash was not good enough for the pool'],
  [23, 'Above target', 'the hash was not good enough for the pool'],
  [null, 'Above target 2', 'the hash was not good enough for the pool'],
  [23, 'low difficulty share of 0.0123', 'the hash was not good enough for the pool'],
  [22, 'Duplicate share', 'the pool had this share already'],
  [24, 'Unauthorized worker', 'the pool does not know the worker'],
  [25, 'Not subscribed', 'the pool has forgotten this connection'],
  [20, 'incorrect size of extranonce2', 'the pool could not read the share'],
  [20, 'refused without a reason', 'refused without a reason'],
  [20, 'moon phase', 'refused: moon phase'],
])('%s %s: %s', (code, text, meaning) => {
  const words = rejectWords(classifyReject(code, text), text);
  expect(words.meaning).toBe(meaning);
  expect(words.advice).not.toBe('');
});

test('a text of any length makes a short group', () => {
  expect(rejectWords('rejected', 'x'.repeat(5000)).meaning.length).toBeLessThan(80);
});

test('an accepted share needs no words, one without an answer does', () => {
  expect(verdictWords({ status: 'accepted', latency_ms: 1 })).toBeNull();
  expect(verdictWords({ status: 'unknown', reason: 'r' })?.meaning).toBe('sent and never answered');
  expect(verdictWords({ status: 'withheld', reason: 'auto_submit is off' })?.meaning).toBe('not sent: auto_submit is off');
});
