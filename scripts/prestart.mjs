// Run by npm before `npm start`: what `npm install --ignore-scripts` left unbuilt is built now, and what cannot be is told.
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import path from 'node:path';

const built = path.resolve(import.meta.dirname, '..', 'dist', 'daemon', 'cli', 'bin.js');
if (!existsSync(built)) spawnSync(process.execPath, [path.join(import.meta.dirname, 'prepare.mjs')], { stdio: 'inherit' });
if (!existsSync(built)) {
  console.error('rigbrain: not built. Run `npm install` (without --omit=dev), then `npm start` again.');
  process.exit(1);
}
