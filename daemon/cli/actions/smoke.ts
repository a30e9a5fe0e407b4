/** `rigbrain smoke`: tries each part of the installation once, in a scratch folder, and files a report. */
import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { systemClock } from '../../../protocol/common/clock.ts';
import { messageOf } from '../../../protocol/common/errors.ts';
import { loadConfig } from '../../../config/load.ts';
import { modeNamed } from '../../brainstem/modes.ts';
import { EXIT } from '../exit-codes.ts';
import { configSources, dataDirOf, type Globals } from '../globals.ts';
import { paint, type CliIo } from '../io.ts';
import { fileSmokeReport, type SmokeReport } from '../smoke/report.ts';
import { SMOKE_STEPS, smokeContext, type SmokeContext, type SmokeStep } from '../smoke/steps.ts';
import { blueprintFile } from './check-blueprint.ts';

/** @returns 0 when every step succeeded, else 1 */
export async function smoke(io: CliIo, globals: Globals, modeWord: string): Promise<number> {
  const scratch = mkdtempSync(path.join(os.tmpdir(), 'rigbrain-smoke-'));
  const context = smokeContext(blueprintFile(), scratch);
  const results: Record<string, SmokeReport['results'][string]> = {};
  const tell = (name: string, success: boolean, detail: string) => {
    if (!globals.json) io.out(`${success ? paint(io, 'green', 'ok  ') : paint(io, 'red', 'FAIL')} ${name}: ${detail}`);
  };
  let base: string | null;
  try {
    base = baseOf(context, modeWord);
    for (const step of [configurationStep(io, globals), ...SMOKE_STEPS]) {
      const started = systemClock.monotonic();
      const { success, detail } = await attempt(step, context);
      results[step.name] = { success, detail, duration_ms: Math.round(systemClock.monotonic() - started) };
      tell(step.name, success, detail);
    }
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
  const success = Object.values(results).every((result) => result.success);
  const report: SmokeReport = { component: 'rigbrain', timestamp: timestamp(context), success, results };
  const filed = await whereFiled(base === null ? null : path.resolve(dataDirOf(io, globals), base), report);
  if (globals.json) io.out(JSON.stringify(report, null, 2));
  io.err(`rigbrain: ${filed}`);
  return success ? EXIT.ok : EXIT.failure;
}

async function attempt(step: SmokeStep, context: SmokeContext): Promise<{ success: boolean; detail: string }> {
  try {
    return { success: true, detail: await step.run(context) };
  } catch (error) {
    return { success: false, detail: messageOf(error) };
  }
}

function configurationStep(io: CliIo, globals: Globals): SmokeStep {
  return { name: 'configuration', run: async () => loadConfig(configSources(io, globals)).file ?? 'no file, the defaults hold' };
}

/** Base folder of the mode below the data folder; null when the blueprint cannot be read. @throws RigError E_MODE_UNKNOWN */
function baseOf(context: SmokeContext, modeWord: string): string | null {
  let modes;
  try {
    ({ modes } = context.brainstem().blueprint.data);
  } catch {
    return null; // the step `blueprint` tells why
  }
  return modes[modeNamed(modes, modeWord)].base_path;
}

/** Where the report is, in words. */
async function whereFiled(base: string | null, report: SmokeReport): Promise<string> {
  if (base === null) return 'the report could not be filed (see `blueprint`)';
  const { ok, layer, path: place, reason } = await fileSmokeReport(base, 'test', report);
  if (!ok) return `the report could not be filed: ${reason}`;
  return layer === 0 ? `report in ${place}` : `the report is not where it belongs but in ${place}: ${reason}`;
}

function timestamp(context: SmokeContext): string {
  const at = systemClock.now();
  try {
    return context.brainstem().timeParts(at).iso;
  } catch {
    return new Date(at).toISOString();
  }
}
