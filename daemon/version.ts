import { readFileSync } from 'node:fs';
import path from 'node:path';

/** Folder that holds package.json, Brain.QTL and config/: two up from here in the sources, three in dist/. */
export function packageRoot(): string {
  let dir = import.meta.dirname;
  for (;;) {
    try {
      const found = JSON.parse(readFileSync(path.join(dir, 'package.json'), 'utf8')) as { name?: string };
      if (found.name === 'rigbrain') return dir;
    } catch {
      // not here: look one folder up
    }
    const up = path.dirname(dir);
    if (up === dir) throw new Error('package.json of rigbrain not found above ' + import.meta.dirname);
    dir = up;
  }
}

/** Version of this installation, from package.json. */
export function version(): string {
  return (JSON.parse(readFileSync(path.join(packageRoot(), 'package.json'), 'utf8')) as { version: string }).version;
}
