// Runs every test and closes with one plain line of counts.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import os from 'node:os';
import path from 'node:path';

const root = path.resolve(import.meta.dirname, '..');
const require = createRequire(import.meta.url);
const vitest = path.join(path.dirname(require.resolve('vitest/package.json')), 'vitest.mjs');
const dir = mkdtempSync(path.join(os.tmpdir(), 'rigbrain-test-'));
const report = path.join(dir, 'report.json');
const result = spawnSync(process.execPath, [vitest, 'run', '--reporter=default', '--reporter=json', `--outputFile.json=${report}`, ...process.argv.slice(2)], { cwd: root, stdio: 'inherit' });
let failed = 1;
try {
  const counts = JSON.parse(readFileSync(report, 'utf8'));
  failed = counts.numFailedTests;
  // A file that fails to load has no failed test in it, but it is a failure.
  if (failed === 0 && !counts.success) failed = Math.max(1, counts.numFailedTestSuites);
  const skipped = counts.numPendingTests + (counts.numTodoTests ?? 0);
  console.log(`${counts.numPassedTests} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`);
} catch (error) {
  console.log(`no test report: ${error.message}`);
  console.log('0 passed, 1 failed');
}
rmSync(dir, { recursive: true, force: true });
process.exit(result.status !== 0 || failed > 0 ? 1 : 0);
