import { execFile, spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, truncateSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';
import { messageOf, RigError } from '../../../protocol/common/errors.ts';

const run = promisify(execFile);
const IMAGE_BYTES = 2 * 1024 ** 3;
const SECTOR_BYTES = 512;
type Tool = [name: string, ...args: string[]];

/** Formatting and unmounting a slow disk. */
const TOOL_MS = 120_000;

/**
 * Gives `use` a folder on an ext4 file system of its own, on a loop device over a file in `folder`, and a way to ask how
 * many bytes that device has been given to write so far: what is in the page cache is written first.
 * @throws RigError E_DATA_DIR when this cannot be made, which takes root, mkfs.ext4, losetup and mount
 */
export async function withLoopDevice<T>(folder: string, use: (mounted: string, bytesWritten: () => Promise<number>) => Promise<T>): Promise<T> {
  const image = path.join(folder, 'device.img');
  const mounted = path.join(folder, 'mounted');
  const undo: Tool[] = [];
  // Also when the measurement is broken off.
  const onExit = (): void => undo.splice(0).reverse().forEach(([name, ...args]) => spawnSync(name, args, { stdio: 'ignore' }));
  process.prependListener('exit', onExit);
  try {
    const device = await attach(image, mounted, undo);
    return await use(mounted, async () => {
      await tool('sync', '-f', mounted);
      return sectorsWritten(device) * SECTOR_BYTES;
    });
  } finally {
    await takeBack(undo);
    process.removeListener('exit', onExit);
  }
}

async function takeBack(undo: Tool[]): Promise<void> {
  for (let step = undo.at(-1); step !== undefined; step = undo.at(-1)) {
    // A device may be gone with its last file; what cannot be undone shows when the folder is removed.
    await tool(...step).catch(() => {});
    undo.pop();
  }
}

/** @param undo gets what takes it back, in order */
async function attach(image: string, mounted: string, undo: Tool[]): Promise<string> {
  try {
    mkdirSync(mounted, { recursive: true });
    writeFileSync(image, '');
    truncateSync(image, IMAGE_BYTES);
    // Everything is initialized now, so that the kernel does not do it behind the measurement.
    await tool('mkfs.ext4', '-q', '-F', '-E', 'lazy_itable_init=0,lazy_journal_init=0', image);
    const device = (await tool('losetup', '--find', '--show', image)).trim();
    undo.push(['losetup', '--detach', device]);
    await tool('mount', device, mounted);
    // Lazy: what broke off may have files open.
    undo.push(['umount', '--lazy', mounted]);
    return device;
  } catch (error) {
    await takeBack(undo);
    throw new RigError('E_DATA_DIR', `cannot make a block device to measure: ${messageOf(error)}`, { cause: error, hint: 'Run as root where loop devices may be used, or leave --wear device out.' });
  }
}

/** Seventh field of https://docs.kernel.org/block/stat.html */
function sectorsWritten(device: string): number {
  return Number(readFileSync(`/sys/block/${path.basename(device)}/stat`, 'utf8').trim().split(/\s+/)[6]);
}

async function tool(name: string, ...args: string[]): Promise<string> {
  return (await run(name, args, { timeout: TOOL_MS })).stdout;
}
