// Compiles the TypeScript to dist/. Plain tsc output: stack traces match the sources, nothing is bundled but the hub's page (build-web.mjs).
import { spawnSync } from 'node:child_process';
import { existsSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { pathToFileURL } from 'node:url';

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
// The checked blueprint as JSON: every process starts a quarter of a second sooner (on a Pi more than one second).
const built = path.join(root, 'dist', 'daemon', 'brainstem', 'blueprint.json');
rmSync(built, { force: true });
const { checkedPart, loadBlueprint } = await import(pathToFileURL(path.join(path.dirname(built), 'blueprint.js')).href);
try {
  writeFileSync(built, JSON.stringify(checkedPart(loadBlueprint(path.join(root, 'Brain.QTL')))));
} catch (error) {
  // A blueprint that is being edited does not keep anybody from building: it is then read, and refused, at the start.
  console.error(`rigbrain: ${error.message}`);
}
const page = spawnSync(process.execPath, [path.join(import.meta.dirname, 'build-web.mjs')], { stdio: 'inherit' });
process.exit(page.status ?? 1);
