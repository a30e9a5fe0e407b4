import { expect, it } from 'vitest';
import { SimDisk } from '../disk/sim-disk.fixture.ts';
import { placeholderTargets, placeholderText } from '../../brainstem/placeholder-files.ts';
import { realBrainstem } from '../engine/workload.fixture.ts';
import { readPublic } from './public-file.ts';

async function look(text: string, withSources = false): Promise<Awaited<ReturnType<typeof readPublic>>> {
  const disk = new SimDisk();
  const file = await disk.open('/file', 'create');
  await file.write(Buffer.from(text), 0);
  await file.close();
  return readPublic(disk, '/file', withSources);
}

it('knows every empty file that the blueprint lays out', async () => {
  const brainstem = realBrainstem();
  const targets = placeholderTargets(brainstem, '2026/11/W47/20/14');
  expect(targets.length).toBeGreaterThan(100);
  for (const target of targets) expect(await look(placeholderText(brainstem, target, '2026-11-20T14:00:00.000-06:00')), target.path).toMatchObject({ throughSeq: null, isPlaceholder: true });
});

it('takes nothing of a person’s for an empty one of ours', async () => {
  for (const text of ['', 'notes', '{"note": "call Bob"}', '[]', 'null', '{"metadata": {}, "entries": [1]}', '{"metadata": {}, "a": {"b": [[]]}}', `{"metadata": {}, "x": "${'x'.repeat(70_000)}"}`]) expect(await look(text), text.slice(0, 50)).toMatchObject({ throughSeq: null, isPlaceholder: false });
});

it('reads how far one of ours is, and an index’s list when asked', async () => {
  const text = '{"metadata": {\n    "through_seq": 42\n  }, "summary": {"data_sources": ["a", "b"]}}';
  expect(await look(text)).toEqual({ throughSeq: 42, isPlaceholder: false, sources: [] });
  expect(await look(text, true)).toEqual({ throughSeq: 42, isPlaceholder: false, sources: ['a', 'b'] });
  expect(await look(text.slice(0, -2), true)).toEqual({ throughSeq: null, isPlaceholder: false, sources: [] });
});

it('says that there is none, and no more than that of another error', async () => {
  const disk = new SimDisk();
  expect(await readPublic(disk, '/none')).toBeNull();
  disk.faults.failNext('EIO', 'open');
  await expect(readPublic(disk, '/none')).rejects.toThrow('EIO');
});
