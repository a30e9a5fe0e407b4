// Run by npm after `npm install` in a clone. Builds what this machine can build; only TypeScript errors are errors.
// A missing compiler or wasm toolchain costs speed, never the installation.
import { spawnSync } from 'node:child_process';
import path from 'node:path';

const here = import.meta.dirname;
function step(script, required) {
  const result = spawnSync(process.execPath, [path.join(here, script)], { stdio: 'inherit' });
  if (result.status !== 0 && required) process.exit(result.status ?? 1);
}
step('build.mjs', true);
step('build-wasm.mjs', false);
step('build-native.mjs', false);
step('install-bcoin.mjs', false);
