/** kill -9 of the command that runs a hunt, again and again: nothing is lost, nothing is run twice, and no process of a step stays behind. */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { expect, test, vi } from 'vitest';
import { readHuntFolder, type HuntFolder } from './hunt-folder.fixture.ts';
import { readProvenance } from '../daemon/hunt/provenance.ts';
import { uniform } from '../sim/random.fixture.ts';
import { HuntCli, processesWith } from './hunt-cli.fixture.ts';

const KILLS = 20;
const POPULATION = 2;
const GENERATIONS = 2;
const YAML = `
simulation: { N_grid: 16, dt: 0.1, T_steps: 50 }
hunt: { generations: ${GENERATIONS}, population: ${POPULATION}, workers: 2, nice: 0, surrogates: 1, golden_seeds: 1 }
`;
const LOOK_MS = 10;

test.runIf(process.platform === 'linux')(`a hunt whose command is killed ${KILLS} times loses nothing, repeats nothing and leaves no process behind`, async () => {
  const dataDir = mkdtempSync(path.join(os.tmpdir(), 'rb-hunt-kill-'));
  try {
    const cli = new HuntCli(dataDir, YAML);
    const chance = uniform(3);
    const before = new Map<string, string>();
    let kills = 0;
    for (let life = 0; ; life++) {
      expect(life).toBeLessThan(100);
      const at = await readHuntFolder(dataDir);
      noneIsLost(before, at);
      if (at?.isComplete === true && kills >= KILLS) break;
      // A hunt that came to its end before all kills were made goes on with another generation.
      const running = cli.start(...(at === null ? ['start', '--seed', '11'] : at.isComplete ? ['resume', '--more', '1'] : ['resume']));
      if (kills < KILLS) {
        // While it begins, or once so many more jobs have left their provenance.
        const more = Math.floor(chance() * 3);
        const watch = setInterval(() => {
          if (more === 0 || provenanceFiles(dataDir).length >= (at?.provenance.length ?? 0) + more) running.process.kill('SIGKILL');
        }, more === 0 ? 1 + Math.floor(chance() * 600) : LOOK_MS);
        await running.ended;
        clearInterval(watch);
      }
      const { code, stderr } = await running.ended;
      expect([code === null || code === 0, stderr]).toEqual([true, '']);
      if (running.process.signalCode === 'SIGKILL') kills++;
      // Every other time the next begins while steps of the last one may still run.
      if (life % 2 === 0) await vi.waitFor(() => expect(processesWith(cli.mark)).toEqual([]));
    }
    await vi.waitFor(() => expect(processesWith(cli.mark)).toEqual([]));

    const { csv, provenance, folder } = (await readHuntFolder(dataDir))!;
    const [head, ...lines] = csv.trimEnd().split('\n').map((line) => line.split(','));
    const column = (name: string): string[] => lines.map((cells) => cells[head!.indexOf(name)]!);
    const searched = lines.filter((cells) => cells[head!.indexOf('origin')] !== 'reevaluation');
    expect(searched.map((cells) => Number(cells[head!.indexOf('generation')]))).toEqual(searched.map((_, i) => Math.floor(i / POPULATION)));
    expect(searched.length % POPULATION).toBe(0);
    expect(new Set(column('status'))).toEqual(new Set(['ok']));
    expect(new Set(column('config_hash')).size).toBe(lines.length);
    expect(provenance).toEqual(column('job_uuid').map((uuid) => `provenance_${uuid}.json`).sort());
    for (const file of provenance) expect(readProvenance(readFileSync(path.join(folder, 'provenance', file), 'utf8')), file).not.toBeNull();
    expect(readdirSync(path.dirname(folder)).filter((name) => !name.startsWith('.'))).toEqual([path.basename(folder)]);
  } finally {
    rmSync(dataDir, { recursive: true, force: true });
  }
}, 240_000);

/** What had a result keeps it, to the instant it was written: a job that ran again would have another. */
function noneIsLost(before: Map<string, string>, at: HuntFolder | null): void {
  const now = new Map((at?.results ?? []).map(({ job_uuid, result }) => [job_uuid, JSON.stringify(result)]));
  for (const [uuid, result] of before) expect(now.get(uuid), uuid).toBe(result);
  for (const [uuid, result] of now) before.set(uuid, result);
}

function provenanceFiles(dataDir: string): string[] {
  const hunts = path.join(dataDir, 'Mining', 'Hunts');
  try {
    return readdirSync(hunts).flatMap((name) => readdirSync(path.join(hunts, name, 'provenance'))).filter((name) => !name.startsWith('.'));
  } catch {
    return [];
  }
}
