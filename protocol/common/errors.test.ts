import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { packageRoot } from '../../daemon/version.ts';
import { ERROR_CODES, messageOf, RigError } from './errors.ts';
import { errorReference } from './errors-doc.ts';

describe('error registry', () => {
  it('is what docs/errors.md says (refresh it with: npx vitest run protocol/common -u)', async () => {
    await expect(errorReference()).toMatchFileSnapshot(path.join(packageRoot(), 'docs', 'errors.md'));
  });

  it('has a meaning and a fix for every code', () => {
    for (const [code, { summary, fix }] of Object.entries(ERROR_CODES)) {
      expect(code).toMatch(/^E_[A-Z0-9_]+$/);
      expect(summary).toMatch(/\.$/);
      expect(fix).toMatch(/\.$/);
    }
  });
});

describe('RigError', () => {
  it('takes the fix of its code unless the case has a better one', () => {
    expect(new RigError('E_POOL_URL', 'no port').describe()).toBe(`E_POOL_URL: no port — ${ERROR_CODES.E_POOL_URL.fix}`);
    expect(new RigError('E_POOL_URL', 'no port', { hint: 'Add :3333.' }).describe()).toBe('E_POOL_URL: no port — Add :3333.');
  });

  it('keeps its cause', () => {
    const cause = new Error('ENOSPC');
    expect(new RigError('E_DATA_DIR', 'full', { cause }).cause).toBe(cause);
  });
});

describe('messageOf', () => {
  it('reads the message of anything thrown', () => {
    expect([messageOf(new Error('a')), messageOf('b'), messageOf(3)]).toEqual(['a', 'b', '3']);
  });
});
