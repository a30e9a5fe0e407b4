import { describe, expect, test } from 'vitest';
import { uniform } from '../../sim/random.fixture.ts';
import { isChanging } from '../ledger/disk/disk-faults.fixture.ts';
import { randomCut } from '../ledger/disk/sim-content.fixture.ts';
import { SimDisk } from '../ledger/disk/sim-disk.fixture.ts';
import { GOLDEN_NAME } from './golden.ts';
import { counting, FOLDER, inMemory, instantSteps, SETTINGS } from './hunt.fixture.ts';
import { Hunt, type HuntOptions } from './hunt.ts';
import { JOURNAL_NAME, LEDGER_NAME } from './hunter.ts';
import { Journal } from './journal.ts';

const settings = { ...SETTINGS, population_size: 2, golden_seeds: 1 };
const GENERATIONS = 2;

/** A hunt as it stands on a disk, and what its owner had been told of it. */
interface Moment {
  readonly disk: SimDisk;
  readonly told: readonly string[];
}

/** Runs on whatever the disk holds to the end; `onEnded` is told of every job. */
async function finish(options: HuntOptions): Promise<Hunt> {
  const hunt = await Hunt.open(options);
  await hunt.run(hunt.hunter.targetGenerations === 0 ? GENERATIONS : undefined);
  await hunt.close();
  return hunt;
}

const configs = (hunt: Hunt): string[] => hunt.hunter.rows.map(({ job }) => job.config_hash);

async function goesOn({ disk, told }: Moment, reference: readonly string[], uuids: number): Promise<void> {
  const steps = instantSteps();
  const hunt = await finish(inMemory({ disk, steps, settings, newUuid: counting(uuids) }));
  // The same configurations in the same order: no generation is lost, repeated or numbered twice.
  expect(configs(hunt)).toEqual(reference);
  expect(hunt.hunter.rows.map(({ job }) => job.generation)).toEqual([0, 0, 1, 1, hunt.hunter.getBestRun()!.job.generation]);
  expect(hunt.hunter.rows.every(({ result }) => result?.status === 'ok')).toBe(true);
  const all = hunt.hunter.rows.map(({ job }) => job.job_uuid);
  for (const uuid of told) {
    expect(all).toContain(uuid);
    expect(steps.ran.map(({ job_uuid }) => job_uuid)).not.toContain(uuid);
  }
  const files = disk.files(FOLDER);
  expect(files.filter((file) => /\/provenance_[^/]*\.json$/.test(file)).sort()).toEqual(all.map((uuid) => `${FOLDER}/provenance/provenance_${uuid}.json`).sort());
  expect(disk.bytes(`${FOLDER}/${LEDGER_NAME}`).toString().trimEnd().split('\n')).toHaveLength(1 + all.length);
  expect(files).toContain(`${FOLDER}/${GOLDEN_NAME}`);
}

describe('a hunt that is cut at every change to the disk goes on as if nothing had been', async () => {
  const moments: Moment[] = [];
  const told: string[] = [];
  const random = uniform(1);
  const options = inMemory({ settings, onEvent: (event) => { if (event.kind === 'job-ended') told.push(event.row.job.job_uuid); } });
  const { disk } = options;
  const cuts: Moment[] = [];
  disk.faults.onOp = ({ call }) => {
    if (!isChanging(call)) return;
    moments.push({ disk: disk.clone(), told: [...told] });
    cuts.push({ disk: disk.crash(random, randomCut(random)), told: [...told] });
  };
  const reference = configs(await finish(options));

  test('there are moments enough to prove something', () => {
    expect(moments.length).toBeGreaterThan(60);
    expect(reference).toHaveLength(5);
    expect(new Set(reference).size).toBe(5);
  });

  test('kill -9', async () => {
    for (const moment of moments) await goesOn(moment, reference, 1000);
  });

  test('power cut', async () => {
    for (const cut of cuts) await goesOn(cut, reference, 1000);
  });

  test('killed again and again, every few changes', async () => {
    for (let seed = 1; seed <= 5; seed++) {
      const chance = uniform(seed);
      let at: Moment = { disk: new SimDisk(), told: [] };
      for (let life = 1; life <= 20; life++) {
        let left = 1 + Math.floor(chance() * 40);
        const ended = [...at.told];
        const { disk: running } = at;
        const next = await new Promise<Moment | null>((resolve, reject) => {
          running.faults.onOp = ({ call }) => {
            if (!isChanging(call) || --left > 0) return;
            resolve({ disk: running.crash(chance, randomCut(chance)), told: [...ended] });
            running.powerOff();
          };
          finish(inMemory({ disk: running, settings, newUuid: counting(life * 1000), onEvent: (event) => { if (event.kind === 'job-ended') ended.push(event.row.job.job_uuid); } })).then(() => resolve(null), reject);
        });
        if (next === null) break;
        at = next;
      }
      await goesOn({ disk: at.disk.clone(), told: at.told }, reference, 50_000);
    }
  });
});

describe('the journal', () => {
  test('refuses a damaged line that others stand behind, and names it', async () => {
    const { disk } = inMemory();
    const file = `${FOLDER}/${JOURNAL_NAME}`;
    const journal = new Journal<number>(disk, file);
    await journal.open();
    for (const record of [1, 2, 3]) await journal.append(record);
    await journal.close();
    const handle = await disk.open(file, 'update');
    await handle.write(Buffer.from('#'), disk.bytes(file).indexOf(0x0a) + 3);
    await handle.close();
    await expect(new Journal<number>(disk, file).open()).rejects.toMatchObject({ code: 'E_HUNT_JOURNAL', context: { line: 2 } });
  });

  test('takes a record after one that the disk refused half way', async () => {
    const { disk } = inMemory();
    const journal = new Journal<string>(disk, `${FOLDER}/${JOURNAL_NAME}`);
    await journal.open();
    await journal.append('first');
    disk.faults.failNext('ENOSPC', 'write');
    await expect(journal.append('x'.repeat(500))).rejects.toMatchObject({ code: 'ENOSPC' });
    await journal.append('second');
    await journal.close();
    expect(await new Journal<string>(disk, `${FOLDER}/${JOURNAL_NAME}`).open()).toEqual(['first', 'second']);
  });
});

test('a disk that refuses ends the hunt with its error, and nothing is lost', async () => {
  const options = inMemory({ settings });
  const hunt = await Hunt.open(options);
  options.disk.faults.when = ({ call, path }) => (call === 'create' && path.includes('provenance_') ? 'ENOSPC' : null);
  await expect(hunt.run(GENERATIONS)).rejects.toMatchObject({ code: 'ENOSPC' });
  expect(hunt.state).toBe('failed');
  options.disk.faults.when = () => null;
  await hunt.run();
  expect(hunt.hunter.rows).toHaveLength(5);
  expect(hunt.state).toBe('completed');
});
