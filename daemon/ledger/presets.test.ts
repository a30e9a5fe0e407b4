import { expect, it } from 'vitest';
import { configSchema, type RigConfigInput } from '../../config/schema.ts';
import { resolvePreset } from './presets.ts';

const settings = (ledger: RigConfigInput['ledger'], ...mode: ['demo' | 'live'] | []) => resolvePreset(configSchema.parse({ ledger }).ledger, ...mode);

it('is gentle to a card unless told otherwise, and quick in the demo', () => {
  expect(settings({})).toEqual({ preset: 'sd-card', syncMs: 15_000, leafFlushMs: 300_000, coarseFlushMs: 3_600_000, maxViewBytes: 67_108_864, queueLimit: 10_000, backupDir: null });
  expect(settings({}, 'live').preset).toBe('sd-card');
  expect(settings({}, 'demo')).toMatchObject({ preset: 'ssd', syncMs: 1000, leafFlushMs: 1000, coarseFlushMs: 5000 });
  expect(settings({ preset: 'sd-card' }, 'demo').preset).toBe('sd-card');
});

it('puts single keys before the preset', () => {
  expect(settings({ preset: 'paranoid' }).syncMs).toBe(0);
  expect(settings({ preset: 'paranoid', sync_ms: 20, leaf_flush_ms: 100, coarse_flush_ms: 200, max_view_mb: 1, backup_dir: '/media/usb', queue_limit: 100 })).toEqual({
    preset: 'paranoid',
    syncMs: 20,
    leafFlushMs: 100,
    coarseFlushMs: 200,
    maxViewBytes: 1_048_576,
    queueLimit: 100,
    backupDir: '/media/usb',
  });
});

it('never lets the coarse files be newer than the hours they count', () => {
  expect(settings({ leaf_flush_ms: 3_600_000 })).toMatchObject({ leafFlushMs: 3_600_000, coarseFlushMs: 3_600_000 });
});

it.each([{ preset: 'nvme' }, { sync_ms: -1 }, { leaf_flush_ms: 0 }, { max_view_mb: 401 }, { max_view_mb: 0 }, { backup_dir: 'backup' }, { retention: '1y' }])('%j is refused', (ledger) => {
  expect(configSchema.safeParse({ ledger }).success).toBe(false);
});
