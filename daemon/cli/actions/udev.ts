/** `rigbrain udev`: the rules that open miners to this user and keep other programs away from them. */
import { execFile } from 'node:child_process';
import { mkdirSync, renameSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { UDEV_RULES_FILE, udevRules } from '../../../drivers/discovery/udev-rules.ts';
import { messageOf, RigError } from '../../../protocol/common/errors.ts';
import { EXIT } from '../exit-codes.ts';
import type { Globals } from '../globals.ts';
import type { CliIo } from '../io.ts';

/** What installing does to the machine. */
export interface UdevHost {
  /** Writes a file, whole or not at all. @throws when it may not */
  write(file: string, text: string): void;
  /** Runs a command. Null when it worked, else why not. */
  run(command: string, args: readonly string[]): Promise<string | null>;
}

const thisHost: UdevHost = {
  write(file, text) {
    mkdirSync(path.dirname(file), { recursive: true });
    writeFileSync(`${file}.new`, text, { mode: 0o644 });
    renameSync(`${file}.new`, file);
  },
  run: (command, args) =>
    new Promise((resolve) => {
      execFile(command, args, { timeout: 10_000 }, (error) => resolve(error === null ? null : messageOf(error).split('\n')[0]!));
    }),
};

/** Devices that are plugged in get their rights by an event each. */
const RELOAD: readonly (readonly string[])[] = [
  ['control', '--reload'],
  ['trigger', '--action=change', '--subsystem-match=tty', '--subsystem-match=usb', '--subsystem-match=hidraw'],
];

/** @throws RigError E_UDEV when the rules cannot be written */
export async function udev(io: CliIo, globals: Globals, install: boolean, host: UdevHost = thisHost): Promise<number> {
  const rules = udevRules();
  if (!install) {
    io.out(globals.json ? JSON.stringify({ file: UDEV_RULES_FILE, rules }, null, 2) : rules.trimEnd());
    return EXIT.ok;
  }
  try {
    host.write(UDEV_RULES_FILE, rules);
  } catch (error) {
    throw new RigError('E_UDEV', `${UDEV_RULES_FILE} cannot be written: ${messageOf(error)}`, { cause: error });
  }
  const problems: string[] = [];
  for (const args of RELOAD) {
    const problem = await host.run('udevadm', args);
    if (problem !== null) problems.push(problem);
  }
  if (globals.json) io.out(JSON.stringify({ file: UDEV_RULES_FILE, installed: true, active: problems.length === 0, problems }, null, 2));
  else {
    io.out(`Written: ${UDEV_RULES_FILE}`);
    io.out(problems.length === 0 ? 'udev has read them, for what is plugged in too.' : `udev has not read them (${problems.join('; ')}): unplug miners and plug them in again after the next start of the system.`);
  }
  return EXIT.ok;
}
