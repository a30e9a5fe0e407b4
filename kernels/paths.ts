import { existsSync } from 'node:fs';
import path from 'node:path';

/** Folder of package.json, from the sources or from dist/. */
export function packageRoot(): string {
  let dir = import.meta.dirname;
  while (!existsSync(path.join(dir, 'package.json')) && path.dirname(dir) !== dir) dir = path.dirname(dir);
  return dir;
}

/** The compiled form of a file of this room: worker threads need one, since plain Node cannot run TypeScript. */
export function compiledFile(relative: string): string {
  return path.join(packageRoot(), 'dist', 'kernels', relative);
}
