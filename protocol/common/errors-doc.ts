import { ERROR_CODES } from './errors.ts';

/** The text of docs/errors.md, made from the registry so that the two cannot drift apart. */
export function errorReference(): string {
  const rows = Object.entries(ERROR_CODES).map(([code, { summary, fix }]) => `| <a id="${code.toLowerCase()}"></a>\`${code}\` | ${summary} | ${fix} |`);
  return [
    '# Error codes',
    '',
    'Generated from `protocol/common/errors.ts`; do not edit. Codes are stable: match on them, not on the words.',
    'The command line prints `rigbrain: CODE: what happened — what to do`, and with `--json` an object with the same parts.',
    '',
    '| code | meaning | what to do |',
    '| --- | --- | --- |',
    ...rows.map((row) => row.trimEnd()),
    '',
  ].join('\n');
}
