import { describe, expect, it } from 'vitest';
import { RigError } from '../../protocol/common/errors.ts';
import { exitCodeOf } from './exit-codes.ts';
import { FakeIo } from './fake-io.fixture.ts';
import { reportError } from './report-error.ts';

describe('exit codes', () => {
  it('tell a service manager whether a restart can help', () => {
    expect(exitCodeOf('E_CONFIG_INVALID')).toBe(78);
    expect(exitCodeOf('E_LIVE_NOT_ENABLED')).toBe(78);
    expect(exitCodeOf('E_POOL_CONNECT')).toBe(69);
    expect(exitCodeOf('E_INTERNAL')).toBe(1);
  });
});

describe('reporting an error', () => {
  it('prints code, what and fix in one line, and no stack', () => {
    const io = new FakeIo('/');
    expect(reportError(io, new RigError('E_PORT_IN_USE', 'port 1883 is taken'), false)).toBe(69);
    expect(io.errLines).toEqual(['rigbrain: E_PORT_IN_USE: port 1883 is taken — Stop the other program or choose another port.']);
  });

  it('calls an unexpected error a defect and shows its stack only when debugging', () => {
    const defect = new TypeError('x is not a function');
    const quiet = new FakeIo('/');
    expect(reportError(quiet, defect, false)).toBe(1);
    expect(quiet.stderr).toMatch(/^rigbrain: E_INTERNAL: x is not a function — /);
    expect(quiet.errLines).toHaveLength(1);
    const loud = new FakeIo('/', { RIGBRAIN_LOG: 'debug' });
    reportError(loud, defect, false);
    expect(loud.stderr).toContain('exit-codes.test.ts');
  });

  it('is an object with --json', () => {
    const io = new FakeIo('/');
    reportError(io, new RigError('E_POOL_URL', 'no port', { context: { pool: 'a' } }), true);
    expect(JSON.parse(io.stderr)).toEqual({ error: { code: 'E_POOL_URL', message: 'no port', hint: expect.any(String), exit_code: 78, context: { pool: 'a' } } });
  });
});
