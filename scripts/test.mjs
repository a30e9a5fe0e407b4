// Runs every test and closes with one plain line of counts.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import os from 'node:os';
import path from 'node:path';

/** More files than this failing together is no accident of a busy machine. */
const MOST_TO_REPEAT = 3;

const root = path.resolve(import.meta.dirname, '..');
const require = createRequire(import.meta.url);
const vitest = path.join(path.dirname(require.resolve('vitest/package.json')), 'vitest.mjs');
const dir = mkdtempSync(path.join(os.tmpdir(), 'rigbrain-test-'));

/** One run; its report, or null when there is none. */
function run(name, args) {
  const file = path.join(dir, `${name}.json`);
  const { status } = spawnSync(process.execPath, [vitest, 'run', '--reporter=default', '--reporter=json', `--outputFile.json=${file}`, ...args], { cwd: root, stdio: 'inherit' });
  try {
    const report = JSON.parse(readFileSync(file, 'utf8'));
    // A file that fails to load has no failed test in it, but it is a failure.
    const failed = report.numFailedTests || (report.success && status === 0 ? 0 : Math.max(1, report.numFailedTestSuites));
    return { passed: report.numPassedTests, failed, skipped: report.numPendingTests + (report.numTodoTests ?? 0), files: report.testResults };
  } catch (error) {
    console.log(`no test report: ${error.message}`);
    return null;
  }
}

const count = (files, status) => files.reduce((sum, { assertionResults }) => sum + assertionResults.filter((test) => test.status === status).length, 0);

let result = run('first', process.argv.slice(2)) ?? { passed: 0, failed: 1, skipped: 0, files: [] };
const red = result.files.filter(({ status }) => status === 'failed');
if (red.length > 0 && red.length <= MOST_TO_REPEAT) {
  // Tests with real processes, sockets and serial lines share two cores with all the others: what fails has one more try, alone, and is named.
  const names = red.map(({ name }) => path.relative(root, name));
  console.log(`\nonce more, alone: ${names.join(', ')}`);
  const second = run('second', ['--maxWorkers=1', ...names]);
  if (second) {
    const before = { passed: count(red, 'passed'), skipped: result.skipped - second.skipped };
    result = { passed: result.passed - before.passed + second.passed, failed: second.failed, skipped: before.skipped + second.skipped };
    if (second.failed === 0) console.log(`passed only the second time, alone: ${names.join(', ')}`);
  }
}
rmSync(dir, { recursive: true, force: true });
console.log(`${result.passed} passed, ${result.failed} failed${result.skipped > 0 ? `, ${result.skipped} skipped` : ''}`);
process.exit(result.failed > 0 ? 1 : 0);
