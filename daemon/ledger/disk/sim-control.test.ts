import { describe, expect, test } from 'vitest';
import { BLOCK } from './disk.ts';
import { withFile, writeWhole } from './files.ts';
import { randomCut } from './sim-content.fixture.ts';
import { SimDisk } from './sim-disk.fixture.ts';
import { uniform } from '../../../sim/random.fixture.ts';

// A simulator that finds nothing proves nothing: it has to break what is known to be broken, and leave whole what is sound.

type Writer = (disk: SimDisk, file: string, bytes: Buffer) => Promise<void>;

/** What the seeds do: empty the file, write it anew. */
const inPlace: Writer = async (disk, file, bytes) => {
  const isThere = disk.files().includes(file);
  await withFile(disk, file, isThere ? 'update' : 'create', async (handle) => {
    await handle.truncate(0);
    await handle.write(bytes, 0);
  });
};

const inPlaceSynced: Writer = async (disk, file, bytes) => {
  await inPlace(disk, file, bytes);
  await withFile(disk, file, 'update', (handle) => handle.datasync());
};

const renamed = (options: { readonly datasync: boolean; readonly syncFolder: boolean }): Writer => async (disk, file, bytes) => {
  await withFile(disk, `${file}.tmp`, 'create', async (handle) => {
    await handle.write(bytes, 0);
    if (options.datasync) await handle.datasync();
  });
  await disk.rename(`${file}.tmp`, file);
  if (options.syncFolder) await disk.syncFolder('/data');
};

interface Verdict {
  /** States in which the file was neither whole nor absent before anyone was told it is there. */
  readonly broken: number;
  /** States in which a version was gone after its writer had said it was done. */
  readonly lost: number;
}

/** Writes growing versions of a JSON file and cuts the power at every call, in many ways. */
async function judge(write: Writer, seeds = 6): Promise<Verdict> {
  const disk = new SimDisk();
  await disk.mkdir('/data');
  await disk.syncFolder('/');
  let done = 0;
  let broken = 0;
  let lost = 0;
  disk.faults.onOp = ({ n }) => {
    for (let seed = 0; seed < seeds; seed += 1) {
      const random = uniform(n * 1000 + seed);
      const left = disk.crash(random, randomCut(random));
      const version = left.files().includes('/data/a.json') ? versionOf(left.bytes('/data/a.json')) : 0;
      if (version === null) broken += 1;
      else if (version < done) lost += 1;
    }
  };
  for (let version = 1; version <= 30; version += 1) {
    await write(disk, '/data/a.json', Buffer.from(JSON.stringify({ version, fill: 'x'.repeat(version * 700) })));
    done = version;
  }
  return { broken, lost };
}

function versionOf(bytes: Buffer): number | null {
  try {
    const { version, fill } = JSON.parse(bytes.toString()) as { version: number; fill: string };
    return fill === 'x'.repeat(version * 700) ? version : null;
  } catch {
    return null;
  }
}

describe('the simulator', () => {
  test('breaks a file that is written in place', async () => {
    const { broken } = await judge(inPlace);
    expect(broken).toBeGreaterThan(100);
  });

  test('breaks it also when it is synced afterwards, only less often', async () => {
    const [bare, synced] = [await judge(inPlace), await judge(inPlaceSynced)];
    expect(synced.broken).toBeGreaterThan(20);
    expect(synced.broken).toBeLessThan(bare.broken);
  });

  test('breaks a file renamed into place before its data was synced', async () => {
    const { broken } = await judge(renamed({ datasync: false, syncFolder: true }));
    expect(broken).toBeGreaterThan(20);
  });

  test('loses a version whose name was not synced, but breaks none', async () => {
    const { broken, lost } = await judge(renamed({ datasync: true, syncFolder: false }));
    expect(broken).toBe(0);
    expect(lost).toBeGreaterThan(20);
  });

  test('leaves whole what is written beside, synced, renamed, and its folder synced', async () => {
    expect(await judge(renamed({ datasync: true, syncFolder: true }), 30)).toEqual({ broken: 0, lost: 0 });
    expect(await judge((disk, file, bytes) => writeWhole(disk, file, bytes), 30)).toEqual({ broken: 0, lost: 0 });
  });

  test('breaks even that on a disk that lies about syncing', async () => {
    const verdict = await judge((disk, file, bytes) => {
      disk.lies = () => true;
      return writeWhole(disk, file, bytes);
    });
    expect(verdict.broken).toBeGreaterThan(20);
    expect(verdict.lost).toBeGreaterThan(20);
  });

  test('finds a log that is appended to within a block that was promised before', async () => {
    // Lines of one block share it: what is written beside a synced line endangers it on a medium that writes whole blocks.
    const loses = async (pad: number): Promise<number> => {
      const disk = new SimDisk();
      await withFile(disk, '/log', 'create', (handle) => handle.datasync());
      await disk.syncFolder('/');
      let promised = '';
      let lost = 0;
      disk.faults.onOp = ({ n }) => {
        for (let seed = 0; seed < 10; seed += 1) {
          const random = uniform(n * 100 + seed);
          if (!disk.crash(random, randomCut(random)).bytes('/log').toString('latin1').startsWith(promised)) lost += 1;
        }
      };
      let text = '';
      for (let line = 0; line < 30; line += 1) {
        const added = `line ${line}\n`.padEnd(pad, '\n');
        await withFile(disk, '/log', 'update', async (handle) => {
          await handle.write(Buffer.from(added), text.length);
          await handle.datasync();
        });
        text += added;
        promised = text;
      }
      return lost;
    };
    expect(await loses(0)).toBeGreaterThan(20);
    expect(await loses(BLOCK)).toBe(0);
  });
});
