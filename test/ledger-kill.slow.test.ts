/** kill -9 at random moments under load, on a real disk: nothing durable may be lost, nothing doubled, no file half written. */
import { spawn } from 'node:child_process';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { systemClock } from '../protocol/common/clock.ts';
import { silentLog } from '../protocol/common/log.ts';
import { createBrainstem } from '../daemon/brainstem/brainstem.ts';
import type { Brainstem } from '../daemon/brainstem/contract.ts';
import { nodeDisk } from '../daemon/ledger/disk/node-disk.ts';
import { inlineEngine } from '../daemon/ledger/engine/inline.ts';
import { readJournal } from '../daemon/ledger/journal/reader.ts';
import { createLedger } from '../daemon/ledger/ledger.ts';
import { verifyLedger } from '../daemon/ledger/query/verify.ts';
import { packageRoot } from '../daemon/version.ts';
import { temporaryFolder } from './harness.ts';

const FOLDERS = 4;
const KILLS_A_FOLDER = 50;
/** The writer's. */
const MAX_VIEW_BYTES = 60_000;

const blueprintFile = path.join(packageRoot(), 'Brain.QTL');

test.concurrent.each(Array.from({ length: FOLDERS }, (_, index) => index))(`a ledger killed ${KILLS_A_FOLDER} times under load, folder %i`, { timeout: 900_000 }, async (folder) => {
  const { dir, remove } = temporaryFolder();
  const random = randomOf(folder + 1);
  const brainstem = createBrainstem({ blueprintFile, dataDir: dir, mode: 'demo', clock: systemClock, log: silentLog });
  try {
    const safe = new Set<string>();
    const checked = new Map<string, number>();
    let first = 0;
    for (let kill = 0; kill < KILLS_A_FOLDER; kill += 1) {
      const seed = `${folder}_${kill}`;
      const durable = await writeAndKill(dir, first, seed, 30 + random() * 500);
      for (const id of durable) safe.add(id);
      expect(brokenFiles(brainstem.base, checked), `after kill ${kill}`).toEqual([]);
      const counts = await idsInJournal(brainstem);
      expect([...safe].filter((id) => counts.get(id) !== 1), `safe and not once in the journal, after kill ${kill}`).toEqual([]);
      expect([...counts].filter(([, times]) => times > 1)).toEqual([]);
      first += 3000;
    }
    await bringUpToDate(brainstem);
    const report = await verifyLedger({ disk: nodeDisk, base: brainstem.base, journal: path.join(brainstem.base, '.ledger', 'journal'), brainstem, maxViewBytes: MAX_VIEW_BYTES });
    expect(report.problems).toEqual([]);
    expect(report.files_behind).toBe(0);
    expect(safe.size).toBeGreaterThan(KILLS_A_FOLDER);
  } finally {
    remove();
  }
});

/** Runs the writer until `ms` after its first word, kills it, and gives the ids it had said were durable. */
async function writeAndKill(dataDir: string, first: number, seed: string, ms: number): Promise<string[]> {
  const child = spawn(process.execPath, [path.join(packageRoot(), 'test', 'ledger-writer.mjs'), dataDir, String(first), seed], { stdio: ['ignore', 'pipe', 'inherit'] });
  let said = '';
  const spoke = new Promise<void>((resolve, reject) => {
    child.stdout.on('data', (chunk) => {
      said += String(chunk);
      // The first words are from before the journal was open.
      if (/[1-9]/.test(said)) resolve();
    });
    child.once('exit', () => reject(new Error(`the writer ended by itself: ${said.slice(-200)}`)));
    setTimeout(() => reject(new Error('the writer said nothing for 60 s')), 60_000).unref();
  });
  const exited = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  try {
    await spoke;
    await new Promise((resolve) => setTimeout(resolve, ms));
  } finally {
    child.kill('SIGKILL');
    await exited;
  }
  expect(said).not.toContain('lost');
  const written = Number(said.slice(0, said.lastIndexOf('\n')).split('\n').at(-1));
  return idsOf(first, seed, written);
}

/** The ids of the first `written` entries of a run: after every fifth attempt came a report, with an id of its own. */
function idsOf(first: number, seed: string, written: number): string[] {
  const ids: string[] = [];
  for (let number = first, entries = 0; entries < written; number += 1) {
    ids.push(`attempt_kill_${seed}_${String(number).padStart(6, '0')}`);
    entries += number % 5 === 0 ? 2 : 1;
  }
  return ids;
}

/** Public files that are empty or no JSON, of those that changed since the last look. */
function brokenFiles(base: string, checked: Map<string, number>): string[] {
  const broken: string[] = [];
  for (const entry of readdirSync(base, { recursive: true, withFileTypes: true })) {
    const file = path.join(entry.parentPath, entry.name);
    if (!entry.isFile() || !entry.name.endsWith('.json') || entry.name.startsWith('.') || file.includes(`${path.sep}.ledger${path.sep}`)) continue;
    const { mtimeMs } = statSync(file);
    if (checked.get(file) === mtimeMs) continue;
    checked.set(file, mtimeMs);
    try {
      JSON.parse(readFileSync(file, 'utf8'));
    } catch (error) {
      broken.push(`${file}: ${String(error)}`);
    }
  }
  return broken;
}

async function idsInJournal({ base }: Brainstem): Promise<Map<string, number>> {
  const counts = new Map<string, number>();
  for await (const { record } of readJournal(nodeDisk, path.join(base, '.ledger', 'journal'))) counts.set(record.id, (counts.get(record.id) ?? 0) + 1);
  return counts;
}

/** One more run, which ends as it should. */
async function bringUpToDate(brainstem: Brainstem): Promise<void> {
  const settings = { syncMs: 10, leafFlushMs: 10, coarseFlushMs: 10, maxViewBytes: MAX_VIEW_BYTES };
  const ledger = createLedger({ brainstem, clock: systemClock, log: silentLog, queueLimit: 1000, engine: inlineEngine({ brainstem, clock: systemClock, settings }), closeTimeoutMs: 60_000 });
  ledger.begin(Date.now(), { mode: 'demo', max_view_bytes: MAX_VIEW_BYTES });
  ledger.append('ledger', { nonce: 0 });
  await ledger.close();
  expect(ledger.stats()).toMatchObject({ written: 1, lost: 0, backup: 0, emergency: 0, files_behind: 0 });
}

function randomOf(seed: number): () => number {
  let state = seed * 2654435761;
  return () => {
    state = (state * 1664525 + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}
