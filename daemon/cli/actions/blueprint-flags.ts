/**
 * The blueprint's flags on `rigbrain run`: Brain.QTL defines more flags than the command shows. Those that can be
 * honoured are; those of components that this version does not have are refused, never silently dropped.
 */
import { suggest } from '../../../config/suggest.ts';
import { RigError } from '../../../protocol/common/errors.ts';
import { loadBlueprint, type Blueprint } from '../../brainstem/blueprint.ts';
import { flagDefinitions, flagKey, resolveFlags } from '../../brainstem/flags.ts';
import { blueprintFile } from './check-blueprint.ts';

/** What `run` does with a flag of the blueprint that it has no option of its own for. */
const HONOURED = new Set(['test_run', 'smoke_test', 'day_all', 'brain_qtl']);

/** What to do instead of a flag that is not available. */
const INSTEAD: Readonly<Record<string, string>> = {
  daemon_mode: 'Run it as a service: deploy/rigbrain.service for systemd, ecosystem.config.js for PM2.',
  sleep_miners: 'Pause a running daemon over MQTT, see docs/mqtt.md.',
  wake_miners: 'Resume a running daemon over MQTT, see docs/mqtt.md.',
  miner_id: 'Set node.id in the configuration: it names this miner in the ledger.',
  terminal_id: 'Set node.id in the configuration: it names this miner in the ledger.',
  wallet_file: 'Set payout_address of the pool entry in the configuration.',
  max_daemons: 'Use --threads: one daemon runs all hashing threads.',
  max_parallel_daemons: 'Use --threads: one daemon runs all hashing threads.',
  smoke_network: 'Run `rigbrain smoke` for this installation and `rigbrain doctor` for its network.',
};

export interface BlueprintFlags {
  /** Names of those given and not switched off. */
  readonly given: ReadonlySet<string>;
}

export const NO_BLUEPRINT_FLAGS: BlueprintFlags = { given: new Set() };

/**
 * Reads the arguments that `run` did not know itself.
 * @param args as typed, e.g. `['--block', '5', '--test-run']`
 * @param ownOptions long names of run's own options, for suggestions
 * @throws RigError E_FLAG_INVALID for an unknown flag, a wrong value, or a flag that this version cannot honour
 */
export function readBlueprintFlags(args: readonly string[], ownOptions: readonly string[]): BlueprintFlags {
  if (args.length === 0) return NO_BLUEPRINT_FLAGS;
  const blueprint = loadBlueprint(blueprintFile());
  const given = parseArguments(args, blueprint, ownOptions);
  const values = resolveFlags(blueprint.data.flags.categories, given, { modes: blueprint.data.modes });
  for (const name of Object.keys(given)) {
    if (HONOURED.has(name)) continue;
    throw new RigError('E_FLAG_INVALID', `${typed(name, blueprint)} is not available in this version`, { context: { flag: name }, hint: INSTEAD[name] ?? 'Leave it out: it belongs to scheduling and coordination, which this version does not have.' });
  }
  return { given: new Set(Object.keys(given).filter((name) => values[name] !== false)) };
}

/** The flag as a person types it: `--block` for block_count. */
function typed(name: string, blueprint: Blueprint): string {
  const flag = flagDefinitions(blueprint.data.flags.categories).get(name)?.flag ?? '';
  return flag === '' ? `--${name}` : flag.replaceAll('_', '-');
}

function parseArguments(args: readonly string[], blueprint: Blueprint, ownOptions: readonly string[]): Record<string, unknown> {
  const definitions = flagDefinitions(blueprint.data.flags.categories);
  const byKey = new Map([...definitions].flatMap(([name, definition]) => [[name, name] as const, ...(definition.flag === '' ? [] : [[flagKey(definition.flag), name] as const])]));
  const given: Record<string, unknown> = {};
  for (let i = 0; i < args.length; i++) {
    const arg = args[i]!;
    if (!arg.startsWith('-')) throw new RigError('E_FLAG_INVALID', `unexpected argument "${arg}"`);
    const [spelling = '', ...rest] = arg.split('=');
    const name = byKey.get(flagKey(spelling));
    const definition = name === undefined ? undefined : definitions.get(name);
    if (name === undefined || definition === undefined) {
      const near = suggest(spelling, [...ownOptions, ...[...byKey.keys()].map((key) => `--${key.replaceAll('_', '-')}`)]);
      throw new RigError('E_FLAG_INVALID', `unknown option '${spelling}'${near === null ? '' : ` (did you mean ${near}?)`}`, { context: { flag: spelling } });
    }
    if (rest.length > 0) given[name] = rest.join('=');
    else if (definition.type === 'boolean') given[name] = true;
    else {
      const value = args[++i];
      if (value === undefined) throw new RigError('E_FLAG_INVALID', `option '${spelling}' needs a value`, { context: { flag: name } });
      given[name] = value;
    }
  }
  return given;
}
