// Builds the hub's page (web/) into dist/web: checks its types, bundles it, nothing when nothing has changed. Without vite (--omit=dev), or
// where it has no build for this processor, there is no page and this says so; the daemon does without. Errors in the page are errors.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { gzipSync } from 'node:zlib';
import config from './vite-web.mjs';

const root = path.resolve(import.meta.dirname, '..');
const require = createRequire(import.meta.url);
const target = config.build.outDir;
const stampFile = path.join(root, 'build', 'web', 'stamp');

function filesBelow(folder) {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => path.join(entry.parentPath, entry.name))
    .sort();
}

/** Everything the page is made of: its files, the tools, the words it shares with the daemon (for the type check). */
function stampOf() {
  const hash = createHash('sha256');
  const shared = [...filesBelow(path.join(root, 'daemon', 'hub')), ...['telemetry/state.ts', 'hunt/archive-types.ts', 'hunt/golden.ts', 'hunt/provenance.ts', 'hunt/hunter.ts', 'hunt/settings.ts'].map((name) => path.join(root, 'daemon', name))];
  for (const file of [...filesBelow(config.root), ...shared.filter((name) => existsSync(name)), path.join(root, 'package-lock.json'), path.join(import.meta.dirname, 'vite-web.mjs')]) hash.update(`${path.relative(root, file)}\0`).update(readFileSync(file));
  return hash.digest('hex');
}

let vite;
try {
  for (const name of ['preact', 'uplot']) require.resolve(`${name}/package.json`);
  vite = await import('vite');
} catch (error) {
  console.warn(`web page: not built (${String(error.message).split('\n')[0]}). The hub then answers programs only.`);
  process.exit(0);
}

const stamp = stampOf();
if (existsSync(path.join(target, 'index.html')) && existsSync(stampFile) && readFileSync(stampFile, 'utf8') === stamp) {
  console.log(`web page: ${path.relative(root, target)} (up to date)`);
  process.exit(0);
}
mkdirSync(path.dirname(stampFile), { recursive: true });
rmSync(stampFile, { force: true });
const tsc = path.join(path.dirname(require.resolve('typescript/package.json')), 'bin', 'tsc');
const checked = spawnSync(process.execPath, [tsc, '-p', path.join(config.root, 'tsconfig.build.json')], { stdio: 'inherit' });
if (checked.status !== 0) process.exit(checked.status ?? 1);
try {
  await vite.build(config);
} catch (error) {
  console.error(`web page: ${error.message}`);
  process.exit(1);
}
writeFileSync(stampFile, stamp);
const sizes = filesBelow(target).map((file) => readFileSync(file));
const kB = (bytes) => `${(bytes / 1024).toFixed(0)} kB`;
console.log(`web page: ${path.relative(root, target)} (${kB(sizes.reduce((sum, { length }) => sum + length, 0))}, ${kB(sizes.reduce((sum, file) => sum + gzipSync(file).length, 0))} packed)`);
