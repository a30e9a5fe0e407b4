import { expect, it } from 'vitest';
import { hidePassword } from './hide-password.ts';
import type { ClientOutput } from './outputs.ts';

it.each<ClientOutput>([
  { type: 'message', text: 'hello sesame, sesame' },
  { type: 'warning', text: 'sesame' },
  { type: 'invalidate', reason: 'sesame is wrong' },
  { type: 'status', phase: 'closed', reason: 'bad password sesame' },
  { type: 'close', code: 'E_POOL_AUTH', reason: 'worker a, password "sesame"' },
  { type: 'verdict', token: '1', verdict: { status: 'rejected', code: 24, reason: 'sesame', latencyMs: 1 } },
])('$type has no password in it', (output) => {
  const hidden = hidePassword(output, 'sesame');
  expect(JSON.stringify(hidden)).not.toContain('sesame');
  expect(JSON.stringify(hidden)).toContain('***');
  // The usual password is part of many words.
  expect(hidePassword(output, 's')).toEqual(output);
});

it('leaves what is sent as it is', () => {
  const output: ClientOutput = { type: 'send', line: 'sesame\n' };
  expect(hidePassword(output, 'sesame')).toBe(output);
});
