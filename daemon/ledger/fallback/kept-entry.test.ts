import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { record } from './keeper-kit.fixture.ts';
import { backupName, decodeKept, fileText, insideOnly, keyOf, lineText, parseBackupName, type KeptEntry } from './kept-entry.ts';

const kept = (fields: Partial<KeptEntry> = {}): KeptEntry => ({ order: 1_766_044_061_076, time: '2025-12-18T01:47:41.076-06:00', path: 'Ledgers/2025/hourly_ledger.json', reason: 'EIO', record: record(1), ...fields });

describe('the two forms', () => {
  it('come back as they were', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.jsonValue()), fc.string(), fc.integer({ min: 1, max: 9e12 }), (data, reason, order) => {
        const entry = kept({ order, reason, record: record(1, { entryText: JSON.stringify(data) }) });
        expect(decodeKept(JSON.parse(fileText(entry)))).toEqual(entry);
        expect(lineText(entry).indexOf('\n')).toBe(lineText(entry).length - 1);
        expect(decodeKept(JSON.parse(lineText(entry)))).toEqual(entry);
      }),
    );
  });

  it('show a change of anything that counts', () => {
    const plain = JSON.parse(lineText(kept())) as { order: number; record: Record<string, unknown>; data: Record<string, unknown> };
    const changed = [{ ...plain, order: 7 }, { ...plain, data: { ...plain.data, nonce: 8 } }, ...Object.keys(plain.record).map((key) => ({ ...plain, record: { ...plain.record, [key]: typeof plain.record[key] === 'number' ? 1 : 'x' } }))];
    for (const one of changed) expect(() => decodeKept(one)).toThrow('the checksum does not fit');
    expect(() => decodeKept({ ...plain, record: {} })).toThrow('a number is missing');
    expect(decodeKept({ time: 'x', data: {} })).toBeNull();
  });
});

describe('names', () => {
  it('differ for different ids, and are safe as a part of a path', () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 300 }), fc.string({ maxLength: 300 }), (a, b) => {
        expect(keyOf(a) === keyOf(b)).toBe(a === b);
        expect(keyOf(a)).toMatch(/^[A-Za-z0-9_~-]{1,120}$/);
      }),
    );
  });

  it('tell key and order again, and stay in their folder', () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), fc.string(), fc.integer({ min: 1, max: 9e12 }), (component, path, id, order) => {
        const name = backupName(component, kept({ path, order, record: record(1, { id }) }));
        expect(parseBackupName(name)).toEqual({ key: keyOf(id), order });
        expect(name.split('/').every((part) => part !== '..' && part !== '.' && part !== '' && Buffer.byteLength(part) < 250)).toBe(true);
      }),
    );
    expect(parseBackupName('global_ledger.attempt_20251218_014741_9f3c21_0007-3.json')).toBeNull();
    expect(insideOnly('/../../etc//passwd')).toBe('_/_/etc/passwd');
  });
});
