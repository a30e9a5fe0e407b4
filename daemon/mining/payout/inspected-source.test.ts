import { expect, it } from 'vitest';
import type { Share } from '../job.ts';
import { HandSource, makeJob } from '../mining.fixture.ts';
import { InspectedSource } from './inspected-source.ts';

it('passes on what may be mined, takes work away where it may not, and hands everything else through', async () => {
  const inner = new HandSource();
  let refusal: string | null = null;
  const source = new InspectedSource(inner, () => refusal);
  const heard: string[] = [];
  source.events.on('job', ({ key }) => heard.push(`job ${key}`));
  source.events.on('invalidate', (reason) => heard.push(`lost: ${reason}`));
  source.events.on('change', () => heard.push('change'));
  inner.events.emit('job', makeJob({ key: 'a' }));
  refusal = 'it pays somebody else';
  inner.events.emit('job', makeJob({ key: 'b' }));
  inner.events.emit('invalidate', 'connection lost');
  inner.events.emit('change');
  expect(heard).toEqual(['job a', 'lost: it pays somebody else', 'lost: connection lost', 'change']);

  const share = { id: 's' } as Share;
  expect(await source.submit(share)).toEqual(inner.answer);
  source.heldBack(share);
  expect([inner.submitted, inner.heldBackShares, source.state(), source.id]).toEqual([[share], [share], inner.state(), inner.id]);
});
