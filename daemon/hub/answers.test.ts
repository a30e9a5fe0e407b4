import { expect, test } from 'vitest';
import { RigError } from '../../protocol/common/errors.ts';
import { errorAnswer, HubRefusal } from './answers.ts';

test('a full disk is told as such, and is no defect of ours', () => {
  expect(errorAnswer(new RigError('E_DATA_DIR', 'no hunt can be run in /data: ENOSPC'))).toMatchObject({ status: 503, isDefect: false, body: { error: { code: 'E_DATA_DIR', message: 'no hunt can be run in /data: ENOSPC' } } });
});

test('of what nobody expected nothing is told', () => {
  const { status, body, isDefect } = errorAnswer(new TypeError('secret of /etc'));
  expect([status, isDefect, body.error.code]).toEqual([500, true, 'E_INTERNAL']);
  expect(JSON.stringify(body)).not.toContain('secret');
});

test('a 409 has its message also where scripts of the first hubs look for it', () => {
  expect(errorAnswer(new HubRefusal(409, 'E_HUNT_BUSY', 'a hunt runs'))).toMatchObject({ status: 409, body: { message: 'a hunt runs' } });
});
