// Compiles the TypeScript to dist/. Plain tsc output: stack traces match the sources, nothing is bundled but the hub's page (build-web.mjs).
import { spawnSync } from 'node:child_process';
import { existsSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';

const root = path.resolve(import.meta.dirname, '..');
const require = createRequire(import.meta.url);
if (process.argv.includes('--clean')) rmSync(path.join(root, 'dist'), { recursive: true, force: true });

let tsc;
try {
  tsc = path.join(path.dirname(require.resolve('typescript/package.json')), 'bin', 'tsc');
} catch {
  console.error('rigbrain: TypeScript is not installed (npm install without --omit=dev brings it).');
  process.exit(existsSync(path.join(root, 'dist', 'daemon')) ? 0 : 1);
}
const result = spawnSync(process.execPath, [tsc, '-p', path.join(root, 'tsconfig.json')], { stdio: 'inherit' });
if (result.status !== 0) process.exit(result.status ?? 1);
const page = spawnSync(process.execPath, [path.join(import.meta.dirname, 'build-web.mjs')], { stdio: 'inherit' });
process.exit(page.status ?? 1);
