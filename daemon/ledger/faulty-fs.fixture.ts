import { nodeFs, type LedgerFile, type LedgerFs } from './file-system.ts';

export type FsCall = 'readFile' | 'stat' | 'mkdir' | 'open' | 'rename' | 'unlink' | 'writeFile' | 'sync';

/** The real file system with a hook before every call. For tests only. */
export class FaultyFs implements LedgerFs {
  /** Awaited before every call, with its path; what it throws is what the call fails with. */
  onCall: (call: FsCall, file: string) => void | Promise<void> = () => {};
  /** False leaves fsync out, for tests that write thousands of files. */
  realSync = true;
  /** Every completed rename's target, in order: the files replaced. */
  readonly replaced: string[] = [];

  async readFile(file: string): Promise<string> {
    await this.onCall('readFile', file);
    return nodeFs.readFile(file);
  }

  async stat(file: string): ReturnType<LedgerFs['stat']> {
    await this.onCall('stat', file);
    return nodeFs.stat(file);
  }

  async mkdir(folder: string): Promise<string | undefined> {
    await this.onCall('mkdir', folder);
    return nodeFs.mkdir(folder);
  }

  async rename(from: string, to: string): Promise<void> {
    await this.onCall('rename', to);
    await nodeFs.rename(from, to);
    this.replaced.push(to);
  }

  async unlink(file: string): Promise<void> {
    await this.onCall('unlink', file);
    await nodeFs.unlink(file);
  }

  async open(file: string, flags: 'w' | 'a' | 'r'): Promise<LedgerFile> {
    await this.onCall('open', file);
    const handle = await nodeFs.open(file, flags);
    return {
      writeFile: async (text) => {
        await this.onCall('writeFile', file);
        await handle.writeFile(text);
      },
      sync: async () => {
        await this.onCall('sync', file);
        if (this.realSync) await handle.sync();
      },
      truncate: (bytes) => handle.truncate(bytes),
      stat: () => handle.stat(),
      close: () => handle.close(),
    };
  }
}

/** What Node throws for a failed system call. */
export function diskError(code: 'ENOSPC' | 'EROFS' | 'EACCES' | 'EIO', what = 'write'): Error {
  return Object.assign(new Error(`${code}: injected, ${what}`), { code, syscall: what });
}
