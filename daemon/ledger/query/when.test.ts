import { describe, expect, it } from 'vitest';
import { isSince, isUntil, parseBound, parseSpan } from './when.ts';

const NOW = Date.parse('2026-11-20T20:00:00Z');
const at = (iso: string, zone = -360) => ({ at: Date.parse(iso), zone });

describe('a bound in time', () => {
  it('is a span back from now', () => {
    expect(parseBound('--since', '2h', NOW)).toEqual({ at: NOW - 7_200_000 });
    expect(parseBound('--since', '3d', NOW)).toEqual({ at: NOW - 259_200_000 });
  });

  it('is an instant when it says its offset', () => {
    expect(parseBound('--since', '2026-11-20T14:00:00-06:00', NOW)).toEqual({ at: NOW });
    expect(parseBound('--since', '2026-11-20 20:00Z', NOW)).toEqual({ at: NOW });
  });

  it('is the local time of the ledger when it does not, whatever zone this computer is in', () => {
    const bound = parseBound('--since', '2026-11-20', NOW);
    expect(isSince(at('2026-11-20T05:59:59.999Z'), bound)).toBe(false);
    expect(isSince(at('2026-11-20T06:00:00Z'), bound)).toBe(true);
    expect(isSince(at('2026-11-20T05:00:00Z', 60), bound)).toBe(true);
  });

  it('counts to the end of the part it names', () => {
    expect(isUntil(at('2026-11-21T05:59:59.999Z'), parseBound('--until', '2026-11-20', NOW))).toBe(true);
    expect(isUntil(at('2026-11-21T06:00:00Z'), parseBound('--until', '2026-11-20', NOW))).toBe(false);
    expect(isUntil(at('2026-12-01T05:59:59Z'), parseBound('--until', '2026-11', NOW))).toBe(true);
    expect(isUntil(at('2026-11-20T20:30:59Z'), parseBound('--until', '2026-11-20T14:30', NOW))).toBe(true);
    expect(isUntil(at('2026-11-20T20:31:00Z'), parseBound('--until', '2026-11-20T14:30', NOW))).toBe(false);
  });

  it('is refused when it is no time', () => {
    for (const wrong of ['yesterday', '2026-13', '2026-02-30', '20', '3y', '99999999999999999999d', '2026-11-20T25', '2026-11-20T25:00Z', '']) {
      expect(() => parseBound('--since', wrong, NOW), wrong).toThrow(expect.objectContaining({ code: 'E_FLAG_INVALID', message: expect.stringContaining('--since') }));
    }
  });
});

describe('a length of time', () => {
  it('is a number and a unit', () => {
    expect(parseSpan('--older-than', '30d')).toBe(30 * 86_400_000);
    expect(() => parseSpan('--older-than', '30')).toThrow(expect.objectContaining({ code: 'E_FLAG_INVALID' }));
  });
});
