import { spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { expect, test } from 'vitest';
import { readProvenance } from '../daemon/hunt/provenance.ts';
import { packageRoot } from '../daemon/version.ts';
import { uniform } from '../sim/random.fixture.ts';

const KILLS = 20;
const POPULATION = 4;

/** Runs the hunt of `folder`, `generations` more or to its end; kills it with -9 after `lines` words of it, or a little later. @returns what it said, and whether it came to its end */
function live(folder: string, generations: number, lines: number, delayMs: number): Promise<{ started: string[]; ended: string[]; isDone: boolean; stderr: string }> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [path.join(packageRoot(), 'test', 'hunt-runner.mjs'), folder, String(generations), String(POPULATION)], { stdio: ['ignore', 'pipe', 'pipe'] });
    let text = '';
    let stderr = '';
    child.stderr.on('data', (bytes: Buffer) => (stderr += bytes.toString()));
    child.stdout.on('data', (bytes: Buffer) => {
      const before = text.split('\n').length;
      text += bytes.toString();
      if (before <= lines && text.split('\n').length > lines) setTimeout(() => child.kill('SIGKILL'), delayMs);
    });
    child.on('error', reject);
    child.on('close', (code) => {
      const words = (kind: string): string[] => [...text.matchAll(new RegExp(`^${kind} (\\S+)$`, 'gm'))].map((match) => match[1]!);
      resolve({ started: words('started'), ended: words('ended'), isDone: code === 0, stderr });
    });
  });
}

test(`a hunt that is killed ${KILLS} times loses nothing and repeats nothing`, async () => {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'rb-hunt-kill-'));
  try {
    const chance = uniform(3);
    const ended = new Set<string>();
    let kills = 0;
    let more = 2;
    for (let life = 0; kills < KILLS || more > 0; life++) {
      const result = await live(folder, more, kills < KILLS ? 1 + Math.floor(chance() * 3) : Infinity, Math.floor(chance() * 300));
      expect(result.stderr).toBe('');
      for (const uuid of result.started) expect(ended).not.toContain(uuid);
      for (const uuid of result.ended) ended.add(uuid);
      if (!result.isDone) kills++;
      // A hunt that came to its end before all kills were made goes on with another generation.
      more = result.isDone && kills < KILLS ? 1 : 0;
      expect(life).toBeLessThan(200);
    }
    await live(folder, 0, Infinity, 0);
    const [head, ...lines] = readFileSync(path.join(folder, 'simulation_ledger.csv'), 'utf8').trimEnd().split('\n').map((line) => line.split(','));
    const column = (name: string): string[] => lines.map((cells) => cells[head!.indexOf(name)]!);
    const searched = lines.filter((cells) => cells[head!.indexOf('origin')] !== 'reevaluation');
    expect(searched.map((cells) => Number(cells[head!.indexOf('generation')]))).toEqual(searched.map((_, i) => Math.floor(i / POPULATION)));
    expect(searched.length % POPULATION).toBe(0);
    expect(column('status')).not.toContain('pending');
    expect(new Set(column('config_hash')).size).toBe(lines.length);
    const files = readdirSync(path.join(folder, 'provenance')).filter((name) => !name.startsWith('.'));
    expect(files.sort()).toEqual(column('job_uuid').map((uuid) => `provenance_${uuid}.json`).sort());
    for (const file of files) expect(readProvenance(readFileSync(path.join(folder, 'provenance', file), 'utf8')), file).not.toBeNull();
    for (const uuid of ended) expect(column('job_uuid')).toContain(uuid);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}, 180_000);
