import path from 'node:path';
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { packageRoot } from '../version.ts';
import { renderAsyncApi, renderMarkdown } from './topic-docs.ts';
import { TOPICS } from './topics.ts';

const docs = path.join(packageRoot(), 'docs');

test('docs/mqtt.md says what the topic map says', async () => {
  await expect(renderMarkdown()).toMatchFileSnapshot(path.join(docs, 'mqtt.md'));
});

test('docs/asyncapi.yaml says what the topic map says', async () => {
  await expect(renderAsyncApi()).toMatchFileSnapshot(path.join(docs, 'asyncapi.yaml'));
});

test('the AsyncAPI document has a channel and an operation for every topic', () => {
  const document = parse(renderAsyncApi()) as { channels: Record<string, { address: string }>; operations: Record<string, { action: string; channel: { $ref: string } }> };
  for (const [key, spec] of Object.entries(TOPICS)) {
    expect(document.channels[key]?.address).toBe(spec.pattern);
    expect(document.operations[key]).toMatchObject({ action: spec.direction === 'publish' ? 'send' : 'receive', channel: { $ref: `#/channels/${key}` } });
  }
});

test('every payload field of an object is described', () => {
  const bare = renderMarkdown()
    .split('\n')
    .filter((line) => /^\| `\w+` \|.*\|\s*\|$/.test(line));
  expect(bare).toEqual([]);
});
