import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, it } from 'vitest';
import { DefensiveWriter } from './defensive-writer.ts';
import { diskError, FaultyFs } from './faulty-fs.fixture.ts';
import { temporaryFolder } from './kit.fixture.ts';

const refused = { id: 'sub_1', component: 'Looping', path: 'Submission_Logs/2025/yearly_submission.json', reason: 'ENOSPC: no space left on device', data: { id: 'sub_1', nonce: 7 } };

function setUp(): { writer: DefensiveWriter; fs: FaultyFs; base: string } {
  const base = temporaryFolder();
  const fs = new FaultyFs();
  return { writer: new DefensiveWriter({ base, fs, nowIso: () => '2025-12-18T01:47:41.076-06:00' }), fs, base };
}

it('writes the primary file whole and leaves nothing beside it', async () => {
  const { writer, base } = setUp();
  expect(await writer.writePrimary('a/b/c.json', '{"n":1}\n')).toEqual({ ok: true, layer: 0, path: 'a/b/c.json', reason: null });
  expect(readdirSync(path.join(base, 'a/b'))).toEqual(['c.json']);
});

it.each(['open', 'writeFile', 'sync', 'rename'] as const)('leaves the old primary file alone, and no temporary file, when %s fails', async (failing) => {
  const { writer, fs, base } = setUp();
  await writer.writePrimary('c.json', 'old');
  fs.onCall = (call) => {
    if (call === failing) throw diskError('ENOSPC');
  };
  expect(await writer.writePrimary('c.json', 'new')).toEqual({ ok: false, layer: 0, path: 'c.json', reason: 'ENOSPC: injected, write' });
  expect(readdirSync(base)).toEqual(['c.json']);
  expect(readFileSync(path.join(base, 'c.json'), 'utf8')).toBe('old');
});

it('keeps a refused entry under the path of the file it was meant for, one file a write', async () => {
  const { writer, base } = setUp();
  const first = await writer.keep(refused);
  const second = await writer.keep({ ...refused, path: 'Submission_Logs/2025/12/W50/18/20/20.json' });
  const third = await writer.keep({ ...refused, path: 'Submission_Logs/2025/12/W50/20/20.json' });
  const fourth = await writer.keep(refused);
  expect(first).toEqual({ ok: true, layer: 1, path: 'Backup_Logs/Looping/Submission_Logs/2025/yearly_submission.sub_1-1.json', reason: refused.reason });
  expect(new Set([first, second, third, fourth].map((result) => result.path)).size).toBe(4);
  expect(JSON.parse(readFileSync(path.join(base, first.path), 'utf8'))).toEqual({ time: '2025-12-18T01:47:41.076-06:00', path: refused.path, reason: refused.reason, data: refused.data });
});

it('appends one line of JSON to the emergency log when the backup folder refuses too', async () => {
  const { writer, fs, base } = setUp();
  fs.onCall = (_call, file) => {
    if (file.includes('Backup_Logs')) throw diskError('EACCES');
  };
  await writer.keep(refused);
  const result = await writer.keep({ ...refused, id: 'sub_2', data: { text: 'two\nlines' } });
  expect(result).toEqual({ ok: true, layer: 2, path: 'Emergency_Logs/Looping_emergency.log', reason: `${refused.reason}; backup: EACCES: injected, write` });
  const lines = readFileSync(path.join(base, result.path), 'utf8').trimEnd().split('\n');
  expect(lines.map((line) => JSON.parse(line).data)).toEqual([refused.data, { text: 'two\nlines' }]);
});

it('takes back an emergency line that did not get to disk whole', async () => {
  const { writer, fs, base } = setUp();
  const log = path.join(base, 'Emergency_Logs/Looping_emergency.log');
  let failSync = true;
  fs.onCall = (call, file) => {
    if (file.includes('Backup_Logs') || (failSync && call === 'sync' && file === log)) throw diskError('ENOSPC');
  };
  expect(await writer.keep(refused)).toMatchObject({ ok: false, layer: 3 });
  failSync = false;
  await writer.keep({ ...refused, data: { id: 'sub_3' } });
  expect(readFileSync(log, 'utf8').trimEnd().split('\n').map((line) => JSON.parse(line).data)).toEqual([{ id: 'sub_3' }]);
});

it('says layer 3 with every reason, and does not throw, when nothing takes the entry', async () => {
  const { writer, fs } = setUp();
  fs.onCall = () => {
    throw diskError('EROFS');
  };
  expect(await writer.keep(refused)).toEqual({
    ok: false,
    layer: 3,
    path: refused.path,
    reason: `${refused.reason}; backup: EROFS: injected, write; emergency log: EROFS: injected, write`,
  });
});

it('never leaves its folders, whatever the component or id is called', async () => {
  const { writer, base } = setUp();
  const { path: kept } = await writer.keep({ ...refused, component: '../../etc', id: '../../../x' });
  expect(path.resolve(base, kept).startsWith(path.join(base, 'Backup_Logs'))).toBe(true);
});
