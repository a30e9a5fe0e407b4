/** `rigbrain smoke`: tries each part of the installation once, in a scratch folder, and files a report. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { systemClock } from '../../../protocol/common/clock.ts';
import { messageOf } from '../../../protocol/common/errors.ts';
import { loadConfig } from '../../../config/load.ts';
import { modeNamed } from '../../brainstem/modes.ts';
import { EXIT } from '../exit-codes.ts';
import { configSources, dataDirOf, type Globals } from '../globals.ts';
import { paint, type CliIo } from '../io.ts';
import { SMOKE_STEPS, smokeContext, type SmokeContext, type SmokeStep } from '../smoke/steps.ts';
import { blueprintFile } from './check-blueprint.ts';

export interface SmokeReport {
  readonly component: 'rigbrain';
  /** Local time of the blueprint, with offset. */
  readonly timestamp: string;
  readonly success: boolean;
  readonly results: Readonly<Record<string, { readonly success: boolean; readonly detail: string; readonly duration_ms: number }>>;
}

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
  const file = fileReport(base === null ? null : path.join(dataDirOf(io, globals), base), report);
  if (globals.json) io.out(JSON.stringify(report, null, 2));
  io.err(file === null ? 'rigbrain: the report could not be filed (see `blueprint` and --data)' : `rigbrain: report in ${file}`);
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

/** Writes the report where a person looks for it. @returns the file, or null when it could not be written */
function fileReport(base: string | null, report: SmokeReport): string | null {
  if (base === null) return null;
  const file = path.join(base, 'User_Look_At', 'rigbrain_smoke_test.json');
  try {
    mkdirSync(path.dirname(file), { recursive: true });
    writeFileSync(file, `${JSON.stringify(report, null, 2)}\n`);
    return file;
  } catch {
    return null;
  }
}

function timestamp(context: SmokeContext): string {
  const at = systemClock.now();
  try {
    return context.brainstem().timeParts(at).iso;
  } catch {
    return new Date(at).toISOString();
  }
}
