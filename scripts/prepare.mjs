// Run by npm after `npm install` in a clone. Builds what this machine can build; only TypeScript errors are errors.
// A missing compiler or wasm toolchain costs speed, never the installation; without TypeScript (--omit=dev) nothing is built.
import { spawnSync } from 'node:child_process';
import { createRequire } from 'node:module';
import path from 'node:path';

const here = import.meta.dirname;
function step(script, required) {
  const result = spawnSync(process.execPath, [path.join(here, script)], { stdio: 'inherit' });
  if (result.status !== 0 && required) process.exit(result.status ?? 1);
}
function installed(name) {
  try {
    createRequire(import.meta.url).resolve(`${name}/package.json`);
    return true;
  } catch {
    return false;
  }
}
step('build.mjs', installed('typescript'));
step('build-wasm.mjs', false);
step('build-native.mjs', false);
step('install-bcoin.mjs', false);
