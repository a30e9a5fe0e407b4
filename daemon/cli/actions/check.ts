/** `rigbrain check`: everything a person can get wrong in files, without starting anything. */
import { loadConfig, type LoadedConfig } from '../../../config/load.ts';
import { describeOrigin, nearestOrigin } from '../../../config/origin.ts';
import { formatProblem } from '../../../config/problem.ts';
import { createSecretResolver, secretRefs } from '../../../config/secrets.ts';
import { messageOf } from '../../../protocol/common/errors.ts';
import { webhookTargets } from '../../alarms/webhook-targets.ts';
import { huntProblems } from '../../hunt/config-problems.ts';
import { SIGNIFICANT } from '../../hunt/golden.ts';
import { EXIT } from '../exit-codes.ts';
import { configSources, dataDirOf, type Globals } from '../globals.ts';
import { paint, type CliIo } from '../io.ts';
import { findingsOf, type CheckFinding } from './check-finding.ts';
import { blueprintFindings } from './check-blueprint.ts';
import { deviceFindings } from './check-devices.ts';
import { poolFindings } from './check-pools.ts';
import { hubFindings } from './check-hub.ts';
import { serverFindings } from './check-server.ts';
import { dataDirProblem } from './data-dir.ts';

/** @returns 0, or 78 when something is wrong */
export async function check(io: CliIo, globals: Globals): Promise<number> {
  const findings: CheckFinding[] = [];
  const loaded = load(io, globals, findings);
  findings.push(...blueprintFindings());
  if (loaded !== null) findings.push(...(await deviceFindings(loaded)), ...poolFindings(loaded), ...serverFindings(loaded), ...hubFindings(loaded), ...huntFindings(loaded), ...secretFindings(loaded, io), ...webhookFindings(loaded, io));
  const dataDir = dataDirOf(io, globals);
  const reason = dataDirProblem(dataDir);
  if (reason !== null) findings.push({ severity: 'error', code: 'E_DATA_DIR', message: reason });

  const ok = findings.every((finding) => finding.severity !== 'error');
  if (globals.json) {
    io.out(JSON.stringify({ ok, config: loaded?.file ?? null, files: loaded?.files ?? [], data_dir: dataDir, findings }, null, 2));
  } else {
    for (const { severity, code, message } of findings) io.out(`${paint(io, severity === 'error' ? 'red' : 'yellow', severity)}: ${code === null ? '' : `${code}: `}${message}`);
    if (ok) io.out(`${paint(io, 'green', 'ok')}: ${loaded?.file ?? 'no configuration file, the defaults hold'}`);
  }
  return ok ? EXIT.ok : EXIT.config;
}

function load(io: CliIo, globals: Globals, findings: CheckFinding[]): LoadedConfig | null {
  try {
    const loaded = loadConfig(configSources(io, globals));
    findings.push(...loaded.warnings.map((message) => ({ severity: 'warning', code: null, message }) as const));
    return loaded;
  } catch (error) {
    findings.push(...findingsOf(error));
    return null;
  }
}

function huntFindings({ config, origins }: LoadedConfig): CheckFinding[] {
  const errors = huntProblems(config, origins).map((problem): CheckFinding => ({ severity: 'error', code: problem.code ?? 'E_CONFIG_INVALID', message: formatProblem(problem) }));
  const { enabled, surrogates } = config.hunt;
  if (!enabled || 1 / (surrogates + 1) <= SIGNIFICANT) return errors;
  const where = describeOrigin(nearestOrigin(origins, ['hunt', 'surrogates']));
  return [...errors, { severity: 'warning', code: null, message: `${where}: hunt.surrogates: with ${surrogates} no p-value is below ${(1 / (surrogates + 1)).toPrecision(2)}, so no golden run can be significant; use 19 or more` }];
}

/** Addresses that come from secrets have not been looked at yet; that a secret is missing is told already. */
function webhookFindings(loaded: LoadedConfig, io: CliIo): CheckFinding[] {
  const secrets = createSecretResolver(loaded.config, loaded.origins, loaded.file, io.env);
  try {
    webhookTargets(loaded.config.alarms.webhooks, (ref) => secrets.resolve(ref));
    return [];
  } catch (error) {
    return findingsOf(error).filter(({ code }) => code !== 'E_SECRET_MISSING');
  }
}

function secretFindings(loaded: LoadedConfig, io: CliIo): CheckFinding[] {
  const secrets = createSecretResolver(loaded.config, loaded.origins, loaded.file, io.env);
  const findings: CheckFinding[] = secrets.warnings().map((message) => ({ severity: 'warning', code: null, message }));
  for (const { ref } of secretRefs(loaded.config)) {
    try {
      secrets.resolve(ref);
    } catch (error) {
      findings.push({ severity: 'error', code: 'E_SECRET_MISSING', message: messageOf(error) });
    }
  }
  return findings;
}
