// The kernel generator is TypeScript: finds its compiled form, compiling first when it is missing or older than its source.
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, statSync } from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';

export const root = path.resolve(import.meta.dirname, '..');

export async function generator() {
  const from = path.join(root, 'kernels', 'generator');
  const to = path.join(root, 'dist', 'kernels', 'generator');
  const stale = readdirSync(from, { recursive: true }).some((name) => {
    if (!name.endsWith('.ts') || /\.(test|fixture)\.ts$/.test(name)) return false;
    const compiled = path.join(to, name.replace(/\.ts$/, '.js'));
    return !existsSync(compiled) || statSync(compiled).mtimeMs < statSync(path.join(from, name)).mtimeMs;
  });
  if (stale) spawnSync(process.execPath, [path.join(root, 'scripts', 'build.mjs')], { stdio: ['ignore', 'ignore', 'inherit'] });
  const entry = path.join(to, 'index.js');
  if (!existsSync(entry)) throw new Error('the kernel generator is not compiled: run npm run build');
  return import(pathToFileURL(entry).href);
}
