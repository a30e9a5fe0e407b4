import { expect, test } from 'vitest';
import { SimDisk } from '../ledger/disk/sim-disk.fixture.ts';
import { writeWhole } from '../ledger/disk/files.ts';
import { fieldName } from './artifact.ts';
import { FOLDER, inMemory, instantSteps, SETTINGS, SIMULATED } from './hunt.fixture.ts';
import { Hunt } from './hunt.ts';
import { pruneFields } from './prune-fields.ts';
import type { HuntSteps } from './steps.ts';

const settings = { ...SETTINGS, population_size: 4, golden_seeds: 1 };

async function hunted(): Promise<{ readonly disk: SimDisk; readonly hunt: Hunt }> {
  const disk = new SimDisk();
  const steps: HuntSteps = {
    ...instantSteps(),
    async simulate({ fieldFile }) {
      await writeWhole(disk, fieldFile, Buffer.from('field'));
      return SIMULATED;
    },
  };
  const hunt = await Hunt.open(inMemory({ disk, steps, settings }));
  await hunt.run(5);
  await hunt.close();
  return { disk, hunt };
}

const fieldsOf = (disk: SimDisk): string[] => disk.files(`${FOLDER}/fields`).map((file) => file.slice(`${FOLDER}/fields/`.length)).sort();

test.each([0, 3, 10])('keeps the %i newest fields and those of the best', async (keep) => {
  const { disk, hunt } = await hunted();
  expect(fieldsOf(disk)).toHaveLength(21);
  const best = hunt.hunter.candidates().slice(0, 3);
  const newest = hunt.hunter.rows.slice(hunt.hunter.rows.length - keep);
  const kept = [...new Set([...best, ...newest].map(({ job }) => fieldName(job.job_uuid)))].sort();
  expect(await pruneFields(disk, FOLDER, hunt.hunter, keep)).toBe(21 - kept.length);
  expect(fieldsOf(disk)).toEqual(kept);
  expect(await pruneFields(disk, FOLDER, hunt.hunter, keep)).toBe(0);
});

test('touches no field of a job under way, and nothing that is no field', async () => {
  const { disk, hunt } = await hunted();
  await writeWhole(disk, `${FOLDER}/fields/notes.txt`, Buffer.from('mine'));
  const rows = hunt.hunter.rows.map((row, place) => (place < 2 ? { ...row, result: null } : row));
  await pruneFields(disk, FOLDER, { rows, settings, candidates: () => [] }, 0);
  expect(fieldsOf(disk)).toEqual(['notes.txt', ...rows.slice(0, 2).map(({ job }) => fieldName(job.job_uuid))].sort());
});

test('a hunt without fields has none to clear away', async () => {
  expect(await pruneFields(new SimDisk(), FOLDER, { rows: [], settings, candidates: () => [] }, 0)).toBe(0);
});
