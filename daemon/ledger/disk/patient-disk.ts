import type { Clock } from '../../../protocol/common/clock.ts';
import type { Disk, DiskFile } from './disk.ts';

/**
 * A disk whose calls end: one that is not answered in time (a frozen file system, a stick pulled out of its hub, a
 * network mount) rejects with ETIMEDOUT. As long as such a call is under way every other one is refused at once with
 * EBUSY, so that the hung disk holds one thread and nothing is written behind its back.
 * @param ms most time one call may take
 */
export function patientDisk(disk: Disk, clock: Clock, ms: number): Disk {
  let hanging = 0;

  function limited<T>(call: string, start: () => Promise<T>, late: (value: T) => void = () => {}): Promise<T> {
    if (hanging > 0) return Promise.reject(diskError('EBUSY', `the disk has not answered an earlier call for more than ${ms} ms, ${call}`));
    return new Promise<T>((resolve, reject) => {
      let inTime = true;
      const timer = clock.after(ms, () => {
        inTime = false;
        hanging += 1;
        reject(diskError('ETIMEDOUT', `the disk did not answer within ${ms} ms, ${call}`));
      });
      const settle = (): boolean => {
        timer.cancel();
        if (!inTime) hanging -= 1;
        return inTime;
      };
      start().then(
        (value) => (settle() ? resolve(value) : late(value)),
        (error: unknown) => settle() && reject(error as Error),
      );
    });
  }

  function limitedFile(file: DiskFile): DiskFile {
    return {
      read: (into, position) => limited('read', () => file.read(into, position)),
      write: (bytes, position) => limited('write', () => file.write(bytes, position)),
      datasync: () => limited('fdatasync', () => file.datasync()),
      truncate: (bytes) => limited('ftruncate', () => file.truncate(bytes)),
      stat: () => limited('fstat', () => file.stat()),
      // Never refused: a file left open because the disk was slow for a while would stay open for good.
      close: () => {
        if (hanging === 0) return limited('close', () => file.close());
        void file.close().catch(() => {});
        return Promise.resolve();
      },
    };
  }

  return {
    open: async (file, mode) => limitedFile(await limited('open', () => disk.open(file, mode), (late) => void late.close().catch(() => {}))),
    stat: (file) => limited('stat', () => disk.stat(file)),
    readdir: (folder) => limited('readdir', () => disk.readdir(folder)),
    mkdir: (folder) => limited('mkdir', () => disk.mkdir(folder)),
    link: (file, name) => limited('link', () => disk.link(file, name)),
    rename: (from, to) => limited('rename', () => disk.rename(from, to)),
    unlink: (file) => limited('unlink', () => disk.unlink(file)),
    rmdir: (folder) => limited('rmdir', () => disk.rmdir(folder)),
    syncFolder: (folder) => limited('fsync', () => disk.syncFolder(folder)),
  };
}

function diskError(code: 'EBUSY' | 'ETIMEDOUT', what: string): Error {
  return Object.assign(new Error(`${code}: ${what}`), { code });
}
