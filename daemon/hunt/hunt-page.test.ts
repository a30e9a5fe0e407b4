import { readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { packageRoot } from '../version.ts';
import { GOLDEN_NAME } from './golden.ts';
import { pageTables, withTables } from './hunt-page.fixture.ts';
import { JOURNAL_NAME, LEDGER_NAME } from './hunter.ts';
import { ledgerCsv } from './ledger-csv.ts';
import { counting } from './hunt.fixture.ts';
import { configHash, contentOf } from './job.ts';
import { DEFAULT_PARAMETERS } from '../../kernels/spectral/parameters.ts';
import { provenanceSchema } from './provenance.ts';
import { PRIME_LOG_TARGETS } from './validator/prime-match.ts';

const file = path.join(packageRoot(), 'docs', 'hunt.md');
const page = (): string => readFileSync(file, 'utf8');

test('the tables of docs/hunt.md are those of the code (refresh them with: npx vitest run daemon/hunt/hunt-page -u)', async () => {
  await expect(withTables(page(), pageTables())).toMatchFileSnapshot(file);
});

test('the page names every file, every column and every field there is', () => {
  const text = page();
  const content = contentOf(DEFAULT_PARAMETERS, 1);
  const columns = ledgerCsv([{ job: { job_uuid: counting()(), config_hash: configHash(content), generation: 0, origin: 'uniform', parent_1: null, parent_2: null, ...content }, genes: {}, result: null }]).split('\n')[0]!.split(',');
  const words = [JOURNAL_NAME, LEDGER_NAME, GOLDEN_NAME, ...columns, ...Object.keys(provenanceSchema.shape)];
  expect(words.filter((word) => !text.includes(`\`${word}\``))).toEqual([]);
});

test('the page gives the targets of the score', () => {
  expect(PRIME_LOG_TARGETS).toEqual([2, 3, 5, 7, 11].map(Math.log));
  expect(page()).toContain('ln 2, ln 3, ln 5, ln 7 and ln 11');
});
