/**
 * The calls the ledger makes to the disk: few, positional, and each with a clear promise about a power cut, so that a
 * test can make any of them fail and a simulator can work out what a cut leaves behind. Paths are absolute. Every
 * method rejects with the file system's error (`code` as Node has it).
 */
export interface Disk {
  /** `read`: must be there. `update`: must be there, read and write. `create`: must not be there (EEXIST), read and write. */
  open(file: string, mode: OpenMode): Promise<DiskFile>;
  stat(file: string): Promise<DiskStat>;
  /** Names in a folder, sorted. */
  readdir(folder: string): Promise<string[]>;
  /** Creates a folder and its parents; resolves with the first folder it had to create, undefined when all were there. */
  mkdir(folder: string): Promise<string | undefined>;
  /** A second name for a file. Fails with EEXIST when the name is taken. */
  link(file: string, name: string): Promise<void>;
  /** Atomic; a file under the new name is replaced. */
  rename(from: string, to: string): Promise<void>;
  unlink(file: string): Promise<void>;
  /** Removes an empty folder. Fails with ENOTEMPTY when it is not. */
  rmdir(folder: string): Promise<void>;
  /** What happened to the names in a folder (create, link, rename, unlink, mkdir, rmdir) survives a power cut after this. */
  syncFolder(folder: string): Promise<void>;
}

export type OpenMode = 'read' | 'update' | 'create';

export interface DiskFile {
  /** @returns bytes read, 0 at or behind the end, fewer than asked for only at the end */
  read(into: Uint8Array, position: number): Promise<number>;
  /** Writes all of it or rejects. */
  write(bytes: Uint8Array, position: number): Promise<void>;
  /** Content and size survive a power cut after this. After a rejection nothing is known about what was written before. */
  datasync(): Promise<void>;
  truncate(bytes: number): Promise<void>;
  stat(): Promise<DiskStat>;
  close(): Promise<void>;
}

export interface DiskStat {
  readonly size: number;
  readonly ino: number;
  readonly mtimeMs: number;
  readonly isFolder: boolean;
  /** Names a file has. */
  readonly nlink: number;
}

/** A card's sector and a page of the file cache: what is written at once, and torn at once, on the media we know. */
export const BLOCK = 4096;

export function isMissing(error: unknown): boolean {
  return (error as NodeJS.ErrnoException | null)?.code === 'ENOENT';
}
