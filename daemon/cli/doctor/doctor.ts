/** `rigbrain doctor`: looks at the machine and says what to fix. Changes nothing. */
import { configSchema } from '../../../config/schema.ts';
import { createSecretResolver } from '../../../config/secrets.ts';
import { messageOf } from '../../../protocol/common/errors.ts';
import { EXIT } from '../exit-codes.ts';
import { dataDirOf, type Globals } from '../globals.ts';
import { paint, type CliIo, type Paint } from '../io.ts';
import { entriesOf } from '../actions/configured-entries.ts';
import { openContext } from '../actions/context.ts';
import { fail, ok, type Finding } from './finding.ts';
import { kernelFindings } from './kernel.ts';
import { thisMachine, type Machine } from './machine.ts';
import { brokerFinding, poolFindings } from './network.ts';
import { dataDirFindings, nodeFinding } from './runtime.ts';
import { serialFindings } from './serial.ts';
import { clockFinding, powerFindings } from './system.ts';

/** @returns 0, or 69 when something that is needed is unavailable */
export async function doctor(io: CliIo, globals: Globals, machine: Machine = thisMachine): Promise<number> {
  const findings = await examine(io, globals, machine);
  const exitCode = findings.some((finding) => finding.status === 'fail') ? EXIT.unavailable : EXIT.ok;
  if (globals.json) io.out(JSON.stringify({ ok: exitCode === EXIT.ok, findings }, null, 2));
  else for (const finding of findings) for (const line of lines(io, finding)) io.out(line);
  return exitCode;
}

async function examine(io: CliIo, globals: Globals, machine: Machine): Promise<Finding[]> {
  const { config, secrets, finding } = configuration(io, globals);
  const parts = await Promise.all([
    [nodeFinding(machine)],
    kernelFindings(config.devices),
    [finding],
    dataDirFindings(machine, dataDirOf(io, globals)),
    poolFindings(machine, config.pools.filter(({ enabled }) => enabled), config.mining.proxy),
    brokerFinding(config, secrets).then((found) => [found]),
    serialFindings(machine, entriesOf(config.devices)),
    clockFinding(machine).then((found) => [found]),
    powerFindings(machine),
  ]);
  return parts.flat();
}

/** The configuration, or the defaults with a finding when it is wrong: the rest of the machine is still worth a look. */
function configuration(io: CliIo, globals: Globals) {
  try {
    const { loaded, secrets } = openContext(io, globals);
    return { config: loaded.config, secrets, finding: ok('configuration', loaded.file ?? 'no file, the defaults hold') };
  } catch (error) {
    const config = configSchema.parse({});
    const secrets = createSecretResolver(config, new Map(), null, io.env);
    return { config, secrets, finding: fail('configuration', messageOf(error).split('\n')[0]!, 'Run `rigbrain check` and correct what it names.') };
  }
}

const STYLE: Readonly<Record<Finding['status'], Paint>> = { ok: 'green', warn: 'yellow', fail: 'red', unknown: 'dim' };

function lines(io: CliIo, { check, status, detail, fix }: Finding): string[] {
  const head = `${paint(io, STYLE[status], status.padEnd(7))} ${check}: ${detail}`;
  return fix === null ? [head] : [head, `        fix: ${fix}`];
}
