import { expect, test } from 'vitest';
import { ManualClock } from '../../protocol/common/manual-clock.ts';
import type { Share, Verdict } from './job.ts';
import { HandSource, makeJob } from './mining.fixture.ts';
import { MAX_IN_FLIGHT, ShareDesk } from './share-desk.ts';

const share = (sourceId: string, isBlock = false): Share => ({ job: makeJob({ sourceId }), isBlock }) as Share;

test('a pool that does not answer holds up its own shares only, and none of its blocks', async () => {
  const deaf = new HandSource('deaf');
  const well = new HandSource('well');
  const answers: ((verdict: Verdict) => void)[] = [];
  deaf.submit = (sent) => {
    deaf.submitted.push(sent);
    return new Promise((resolve) => answers.push(resolve));
  };
  const verdicts: string[] = [];
  const desk = new ShareDesk({ sources: [deaf, well], clock: new ManualClock(), onShare: () => {}, onVerdict: (_, { status }) => verdicts.push(status) });
  for (let i = 0; i < MAX_IN_FLIGHT; i++) void desk.hand(share('deaf'), [], null);
  await expect(desk.hand(share('deaf'), [], null)).resolves.toEqual({ status: 'withheld', reason: '256 shares are already waiting for an answer of this pool' });
  await expect(desk.hand(share('well'), [], null)).resolves.toMatchObject({ status: 'accepted' });
  void desk.hand(share('deaf', true), [], null);
  expect(deaf.submitted).toHaveLength(MAX_IN_FLIGHT + 1);
  for (const answer of answers) answer({ status: 'unknown', reason: 'the connection ended' });
  await desk.settled();
  expect(verdicts.filter((status) => status === 'unknown')).toHaveLength(MAX_IN_FLIGHT + 1);
  void desk.hand(share('deaf'), [], null);
  expect(deaf.submitted).toHaveLength(MAX_IN_FLIGHT + 2);
});

test('a share of a pool that is not there goes nowhere', async () => {
  const pool = new HandSource('pool');
  const desk = new ShareDesk({ sources: [pool], clock: new ManualClock(), onShare: () => {}, onVerdict: () => {} });
  await expect(desk.hand(share('gone'), [], null)).resolves.toEqual({ status: 'withheld', reason: 'its pool is no longer configured' });
  expect(pool.submitted).toEqual([]);
});

test('a source that fails at a share costs the answer to that share, and nothing else', async () => {
  const pool = new HandSource('pool');
  const { submit } = pool;
  pool.submit = () => Promise.reject(new Error('out of order'));
  const desk = new ShareDesk({ sources: [pool], clock: new ManualClock(), onShare: () => {}, onVerdict: () => {} });
  await expect(desk.hand(share('pool'), [], null)).resolves.toEqual({ status: 'unknown', reason: 'out of order' });
  pool.submit = submit;
  await expect(desk.hand(share('pool'), [], null)).resolves.toMatchObject({ status: 'accepted' });
});
