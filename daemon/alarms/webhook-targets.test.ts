import { expect, test } from 'vitest';
import { RigError } from '../../protocol/common/errors.ts';
import { webhookTargets } from './webhook-targets.ts';

const resolve = (values: Record<string, string>) => (ref: { env?: string | undefined } | undefined) => (ref?.env === undefined ? null : (values[ref.env] ?? null));

test('labels name the host of an address that is written down, and nothing of one that is secret', () => {
  const targets = webhookTargets([{ url: 'https://ntfy.example/topic', format: 'ntfy' }, { url_from: { env: 'HOOK' }, token: { env: 'TOKEN' }, format: 'json' }], resolve({ HOOK: 'https://discord.example/api/webhooks/42/abc\n', TOKEN: 'tk_1' }));
  expect(targets.map(({ label }) => label)).toEqual(['webhook 1 (ntfy.example)', 'webhook 2']);
  expect(targets[1]).toMatchObject({ token: 'tk_1', url: expect.objectContaining({ pathname: '/api/webhooks/42/abc' }) });
});

test.each([
  ['hunter2', 'tk'],
  ['ftp://host/secret', 'tk'],
  ['https://host/secret', 'two\nlines'],
])('%j with token %j is refused without being shown', (url, token) => {
  const make = (): unknown => webhookTargets([{ url_from: { env: 'HOOK' }, token: { env: 'TOKEN' }, format: 'json' }], resolve({ HOOK: url, TOKEN: token }));
  expect(make).toThrow(RigError);
  expect(make).toThrow(/^(?!.*(secret|hunter2|two)).*alarms\.webhooks\.0\.(url_from|token)/s);
});
