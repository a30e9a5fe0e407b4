import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { silentLog } from '../../protocol/common/log.ts';
import { ManualClock } from '../../protocol/common/manual-clock.ts';
import { packageRoot } from '../version.ts';
import type { BlueprintBrainstem } from './blueprint-brainstem.ts';
import { createBrainstem, type BrainstemOptions } from './brainstem.ts';
import { localIso } from './local-iso.ts';

const AT = Date.parse('2025-12-18T01:47:41.076-06:00');

/** The repository's own blueprint; nothing is written. */
function brainstem(options: Partial<BrainstemOptions> = {}): BlueprintBrainstem {
  return createBrainstem({ blueprintFile: path.join(packageRoot(), 'Brain.QTL'), dataDir: '/nowhere', mode: 'demo', clock: new ManualClock(AT), log: silentLog, ...options });
}

describe('bucketOf', () => {
  it('is the hour of the folder tree', () => {
    expect(brainstem().bucketOf(AT)).toBe('2025/12/W50/18/01');
    expect(brainstem({ timeZone: 'Asia/Kathmandu', weekNumbering: 'iso' }).bucketOf(AT)).toBe('2025/12/W51/18/13');
  });
});

describe('localIso', () => {
  it('gives with the offset alone what the zone gives', () => {
    for (const timeZone of ['America/Chicago', 'Asia/Kolkata', 'Asia/Kathmandu', 'America/St_Johns', 'Australia/Lord_Howe', 'UTC']) {
      const stem = brainstem({ timeZone });
      for (let at = Date.UTC(2025, 11, 28, 0, 0, 59, 999); at < Date.UTC(2027, 0, 5); at += 13 * 3_600_000 + 1_234_567) {
        const text = localIso(at, stem.zoneOffset(at));
        expect(text).toBe(stem.timeParts(at).iso);
        expect(Date.parse(text)).toBe(at);
      }
    }
  });

  it('cuts fractions of a millisecond off', () => {
    expect(localIso(1_766_044_061_076.9, -360)).toBe('2025-12-18T01:47:41.076-06:00');
  });
});

describe('viewTargetsOf', () => {
  it('gives what viewTargets gives at any instant of the bucket', () => {
    const stem = brainstem();
    for (const type of ['ledger', 'rejection', 'system_report'] as const) expect(stem.viewTargetsOf(type, 'miners', '2025/12/W50/18/01')).toEqual(stem.viewTargets(type, 'Production-Miner', AT));
  });

  it('takes the bucket as it stands, whatever the zone and the week rule are now', () => {
    const now = brainstem({ timeZone: 'Asia/Kolkata', weekNumbering: 'iso' });
    expect(now.bucketOf(AT)).toBe('2025/12/W51/18/13');
    expect(now.viewTargetsOf('ledger', 'dtm', '2025/12/W50/18/01')).toEqual(brainstem().viewTargets('ledger', 'dtm', AT));
  });

  it('hands out one frozen array while an hour is recent, and an equal one afterwards', () => {
    const stem = brainstem();
    const first = stem.viewTargetsOf('ledger', 'dtm', '2025/12/W50/18/01');
    expect(Object.isFrozen(first)).toBe(true);
    expect(stem.viewTargetsOf('ledger', 'dynamic_template_manager', '2025/12/W50/18/01')).toBe(first);
    for (let hour = 2; hour < 24; hour++) stem.viewTargetsOf('ledger', 'dtm', `2025/12/W50/18/${String(hour).padStart(2, '0')}`);
    expect(stem.viewTargetsOf('ledger', 'dtm', '2025/12/W50/18/01')).toEqual(first);
  });

  it.each(['', '2025/12/W50/18', '2025/12/50/18/01', '2025/12/W50/18/01/', '../12/W50/18/01'])('refuses %j', (bucket) => {
    expect(() => brainstem().viewTargetsOf('ledger', 'dtm', bucket)).toThrow('is not an hour of the ledger');
  });
});

describe('instantiate', () => {
  it('makes the same document from an instant and from its local time as text', () => {
    const stem = brainstem();
    const elsewhere = brainstem({ timeZone: 'Asia/Kolkata' });
    const place = { level: 'hour', scope: '2025/12/W50/18/01' } as const;
    expect(elsewhere.instantiate('hourly_ledger', { ...place, iso: localIso(AT, -360) })).toEqual(stem.instantiate('hourly_ledger', { ...place, at: AT }));
  });
});
