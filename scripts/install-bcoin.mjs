// Installs the Bitcoin node of the end-to-end tests into test/bcoin/node_modules: apart from Rigbrain's own packages,
// because its packages try to compile old C++ at install, which --ignore-scripts leaves out and they run without.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';

const folder = path.resolve(import.meta.dirname, '..', 'test', 'bcoin');
const lock = path.join(folder, 'package-lock.json');
const stamp = path.join(folder, 'node_modules', '.installed-from');

// A packed or production installation has no tests to run.
const omitted = (process.env.npm_config_omit ?? '').split(/[\s,]+/).includes('dev');
if (!existsSync(lock) || omitted) process.exit(0);

const wanted = createHash('sha256').update(readFileSync(lock)).digest('hex');
if (existsSync(stamp) && readFileSync(stamp, 'utf8') === wanted) process.exit(0);

const args = ['ci', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'];
const npm = process.env.npm_execpath;
const [command, ...rest] = npm?.endsWith('.js') ? [process.execPath, npm, ...args] : ['npm', ...args];
const result = spawnSync(command, rest, { cwd: folder, stdio: ['ignore', 'ignore', 'inherit'], timeout: 120_000 });
if (result.status === 0) writeFileSync(stamp, wanted);
else console.log('bcoin could not be installed (no network?): the tests that need a Bitcoin node are skipped. Try: node scripts/install-bcoin.mjs');
process.exit(result.status ?? 1);
