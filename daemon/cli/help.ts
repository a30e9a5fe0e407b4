/** Help texts that fit one 80x24 screen: no empty lines to spare, options that share a description share a line. */
import { Help, type Command, type Option } from 'commander';

const WIDTH = 80;

export class CompactHelp extends Help {
  override showGlobalOptions = true;
  override helpWidth = WIDTH;

  override formatHelp(command: Command, helper: Help): string {
    const options = helper.visibleOptions(command).filter((option) => !['--help', '--version'].includes(option.long ?? ''));
    const global = helper.visibleGlobalOptions(command).filter((option) => !['--help', '--version'].includes(option.long ?? ''));
    const commands = helper.visibleCommands(command).filter((sub) => sub.name() !== 'help');
    const args = helper.visibleArguments(command);
    const optionRows = merge([...options, ...global], (option) => helper.optionDescription(option));
    const commandRows = mergeCommands(commands, helper);
    const argumentRows = args.map((arg): Row => [helper.argumentTerm(arg), helper.argumentDescription(arg)]);
    const column = Math.max(0, ...[...optionRows, ...commandRows, ...argumentRows].map(([term]) => term.length)) + 2;
    const block = (title: string, rows: readonly Row[]) => (rows.length === 0 ? [] : [title, ...rows.flatMap((row) => layOut(row, column))]);
    return [
      `Usage: ${helper.commandUsage(command)}`,
      ...wrap(helper.commandDescription(command), WIDTH),
      ...block('Commands:', commandRows),
      ...block('Arguments:', argumentRows),
      // The first screen has the commands; what every one of them takes is explained in the help of each.
      ...(command.parent === null ? wrap(`Options: ${optionRows.map(([term]) => term).join(', ')}; see COMMAND --help.`, WIDTH) : block('Options:', optionRows)),
      '',
    ].join('\n');
  }
}

type Row = readonly [term: string, text: string];

/** Options with the same description become one row: `--quiet, --verbose   less or more talk`. */
function merge(options: readonly Option[], describe: (option: Option) => string): Row[] {
  const rows = new Map<string, string[]>();
  for (const option of options) rows.set(describe(option), [...(rows.get(describe(option)) ?? []), option.flags]);
  return [...rows].map(([text, flags]) => [flags.join(', '), text]);
}

/** Commands with the same summary become one row, with their names alone: `capture, replay`. */
function mergeCommands(commands: readonly Command[], helper: Help): Row[] {
  const rows = new Map<string, Command[]>();
  for (const command of commands) rows.set(helper.subcommandDescription(command), [...(rows.get(helper.subcommandDescription(command)) ?? []), command]);
  return [...rows].map(([text, group]) => [group.length === 1 ? helper.subcommandTerm(group[0]!).replace(' [options]', '') : group.map((one) => one.name()).join(', '), text]);
}

function layOut([term, text]: Row, column: number): string[] {
  const lines = wrap(text, WIDTH - column - 2);
  return lines.map((line, index) => `  ${(index === 0 ? term : '').padEnd(column)}${line}`.trimEnd());
}

/** Breaks at spaces so that no line is longer than `width`. */
export function wrap(text: string, width: number): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    if (line !== '' && line.length + 1 + word.length > width) {
      lines.push(line);
      line = word;
    } else {
      line = line === '' ? word : `${line} ${word}`;
    }
  }
  if (line !== '') lines.push(line);
  return lines;
}

/** The end of every help: examples, and where the environment comes in. */
export function closing(examples: readonly string[]): string {
  return [
    'Examples:',
    ...examples.map((example) => `  ${example}`),
    'Environment: RIGBRAIN_CONFIG, _DATA, _LOG, _<KEY>; NO_COLOR: docs/config.md.',
  ].join('\n');
}
