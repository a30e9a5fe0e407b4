/** The parts of the installation that the smoke test tries, in order. Each either says what it saw or throws. */
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { chooseKernel } from '../../../kernels/choice.ts';
import { createHasher } from '../../../kernels/hasher.ts';
import type { Hit } from '../../../kernels/types.ts';
import { displayHash, hashHeader, HEADER_OFFSET } from '../../../protocol/bitcoin/header.ts';
import { targetFromCompact, targetToCompact } from '../../../protocol/bitcoin/nbits.ts';
import { hashToBigInt, targetToBytes, targetToHex } from '../../../protocol/bitcoin/target.ts';
import { systemClock } from '../../../protocol/common/clock.ts';
import { silentLog } from '../../../protocol/common/log.ts';
import { FILE_TYPES } from '../../brainstem/blueprint-schema.ts';
import type { BlueprintBrainstem } from '../../brainstem/blueprint-brainstem.ts';
import { createBrainstem } from '../../brainstem/brainstem.ts';
import type { FileType } from '../../brainstem/contract.ts';
import { templateLoader } from '../../brainstem/load-template.ts';
import type { EngineSettings } from '../../ledger/engine/contract.ts';
import { inlineEngine } from '../../ledger/engine/inline.ts';
import { createLedger } from '../../ledger/ledger.ts';
import type { EntryKind } from '../../ledger/contract.ts';

export interface SmokeContext {
  readonly blueprintFile: string;
  /** An empty folder that is thrown away afterwards. */
  readonly scratch: string;
  /** The brainstem of test mode in that folder, made at the first call. @throws RigError E_BLUEPRINT_INVALID */
  brainstem(): BlueprintBrainstem;
}

export function smokeContext(blueprintFile: string, scratch: string): SmokeContext {
  let made: BlueprintBrainstem | null = null;
  return {
    blueprintFile,
    scratch,
    brainstem: () => (made ??= createBrainstem({ blueprintFile, dataDir: scratch, mode: 'test', clock: systemClock, log: silentLog })),
  };
}

export interface SmokeStep {
  /** Key in the report's `results`. */
  readonly name: string;
  /** Resolves with what was seen; throws with what is wrong. */
  run(context: SmokeContext): Promise<string>;
}

/** The header of Bitcoin's first block, hash 000000000019d668...: known to everybody, so nothing here can cheat. */
const GENESIS = Buffer.from(
  '0100000000000000000000000000000000000000000000000000000000000000000000003ba3edfd7a7b12b27ac72c3e67768f617fc81bc3888a51323a9fb8aa4b1e5e4a29ab5f49ffff001d1dac2b7c',
  'hex',
);
const GENESIS_HASH = '000000000019d6689c085ae165831e934ff763ae46a2a6c172b3f1b60a8ce26f';

/** Compact targets and what they stand for: the first block, 2023, 2024. */
const TARGETS: readonly (readonly [nbits: number, target: string])[] = [
  [0x1d00ffff, `00000000ffff${'0'.repeat(52)}`],
  [0x1703a2c2, `${'0'.repeat(18)}03a2c2${'0'.repeat(40)}`],
  [0x170e1c16, `${'0'.repeat(18)}0e1c16${'0'.repeat(40)}`],
];

/** Names the seeds load templates by. */
const SEED_TEMPLATES = ['global_mining_ledger', 'global_mining_submission', 'global_mining_error', 'global_system_report', 'math_proof_template'];
const HASH_DEADLINE_MS = 10_000;

export const SMOKE_STEPS: readonly SmokeStep[] = [
  { name: 'blueprint', run: async (context) => `Brain.QTL ${context.brainstem().blueprint.sha256.slice(0, 12)}` },
  { name: 'examples_generated', run: examplesGenerated },
  { name: 'template_load', run: templateLoad },
  { name: 'hierarchical_paths', run: hierarchicalPaths },
  { name: 'file_write', run: (context) => writeAndReadBack(context, 'ledger') },
  { name: 'math_proof_write', run: (context) => writeAndReadBack(context, 'math_proof') },
  { name: 'system_report', run: (context) => report(context, 'system_report') },
  { name: 'error_report', run: (context) => report(context, 'error_report') },
  { name: 'targets', run: targets },
  { name: 'hash_reference', run: hashReference },
  { name: 'hasher', run: hasher },
];

async function examplesGenerated(context: SmokeContext): Promise<string> {
  await context.brainstem().initialize('Brainstem');
  const folder = path.join(context.scratch, 'System_File_Examples');
  const version = readFileSync(path.join(folder, '.brain_version'), 'utf8').trim();
  const expected = createHash('sha256').update(readFileSync(context.blueprintFile)).digest('hex');
  if (version !== expected) throw new Error(`.brain_version holds ${version}, Brain.QTL is ${expected}`);
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.json'));
  for (const name of files) JSON.parse(readFileSync(path.join(folder, name), 'utf8'));
  if (files.length === 0) throw new Error('no example was written');
  return `${files.length} examples, all valid JSON`;
}

async function templateLoad(context: SmokeContext): Promise<string> {
  const brainstem = context.brainstem();
  const at = systemClock.now();
  const seen = new Set<string>();
  for (const type of FILE_TYPES) {
    for (const target of brainstem.viewTargets(type, 'dtm', at)) {
      if (seen.has(target.template)) continue;
      seen.add(target.template);
      const options = { at, level: target.level, scope: target.scope };
      const one = brainstem.instantiate(target.template, options);
      if (typeof one.metadata !== 'object') throw new Error(`template ${target.template} has no metadata`);
      if (!isDeepStrictEqual(one, brainstem.instantiate(target.template, options))) throw new Error(`template ${target.template} is not a clean clone`);
    }
  }
  const { loadTemplateFromExamples } = templateLoader(brainstem, () => at);
  for (const name of SEED_TEMPLATES) {
    const { template_load_failed: failed, error } = loadTemplateFromExamples(name, 'dtm').metadata as Record<string, unknown>;
    if (failed === true) throw new Error(`template ${name}: ${String(error)}`);
  }
  return `${seen.size} templates`;
}

async function hierarchicalPaths(context: SmokeContext): Promise<string> {
  const brainstem = context.brainstem();
  const at = Date.parse('2025-12-18T01:47:41-06:00');
  const parts = brainstem.timeParts(at);
  const wanted = `Ledgers/${parts.YYYY}/${parts.MM}/W${parts.WW}/${parts.DD}/${parts.HH}/`;
  const paths = brainstem.viewTargets('ledger', 'dtm', at).map((target) => target.path);
  const found = paths.find((file) => file.startsWith(wanted));
  if (found === undefined) throw new Error(`no ledger file under ${wanted}`);
  return found;
}

async function writeAndReadBack(context: SmokeContext, kind: EntryKind): Promise<string> {
  return withLedger(context, kind, (ledger) => ledger.append(kind, { attempt_id: `smoke_${kind}`, proof_id: `smoke_${kind}`, block_hash: GENESIS_HASH, header_hex: GENESIS.toString('hex') }));
}

async function report(context: SmokeContext, type: 'system_report' | 'error_report'): Promise<string> {
  const data = { event: 'smoke_test', message: `smoke_${type}` };
  return withLedger(context, type, (ledger) => (type === 'system_report' ? ledger.saveSystemReport('brainstem', data) : ledger.saveSystemError('brainstem', { ...data, error_type: 'smoke_test', severity: 'info' })));
}

/** Nothing is to wait: the entry is looked for at once. */
const SMOKE_SETTINGS: EngineSettings = { syncMs: 0, leafFlushMs: 0, coarseFlushMs: 0, maxViewBytes: 64 << 20 };

/** Writes one entry, waits for the disk, and reads it back from every primary file it must be in. */
async function withLedger(context: SmokeContext, type: FileType, write: (ledger: ReturnType<typeof createLedger>) => string): Promise<string> {
  const brainstem = context.brainstem();
  const at = systemClock.now();
  const ledger = createLedger({ brainstem, clock: systemClock, log: silentLog, queueLimit: 100, engine: inlineEngine({ brainstem, clock: systemClock, settings: SMOKE_SETTINGS }) });
  write(ledger);
  await ledger.close();
  const { lost, backup, emergency, last_error } = ledger.stats();
  if (lost + backup + emergency > 0) throw new Error(`not in the primary tree: ${last_error ?? 'unknown reason'}`);
  const component = type === 'system_report' || type === 'error_report' ? 'brainstem' : 'dtm';
  const targets = brainstem.viewTargets(type, component, at).filter((target) => target.arrayKey !== null && target.entryFields === null && target.role !== 'aggregated_global');
  const missing = targets.filter((target) => {
    const file = path.join(brainstem.base, target.path);
    return !existsSync(file) || !readFileSync(file, 'utf8').includes(`smoke_${type}`);
  });
  if (missing.length > 0) throw new Error(`not found in ${missing.map((target) => target.path).join(', ')}`);
  return `read back from ${targets.length} files`;
}

async function targets(): Promise<string> {
  for (const [nbits, expected] of TARGETS) {
    const target = targetFromCompact(nbits);
    if (target === null || targetToHex(target) !== expected) throw new Error(`nbits ${nbits.toString(16)} gives ${target === null ? 'no target' : targetToHex(target)}`);
    if (targetToCompact(target) !== nbits) throw new Error(`nbits ${nbits.toString(16)} does not survive the way back`);
  }
  return `${TARGETS.length} compact targets, both ways`;
}

async function hashReference(): Promise<string> {
  const hash = hashHeader(GENESIS);
  if (displayHash(hash) !== GENESIS_HASH) throw new Error(`the first block hashes to ${displayHash(hash)}`);
  if (hashToBigInt(hash) > targetFromCompact(0x1d00ffff)!) throw new Error('the first block does not meet its own target');
  return GENESIS_HASH;
}

/** A short mining run: the kernel must find the nonce of the first block again, among a million others. */
async function hasher(): Promise<string> {
  const { kernel } = chooseKernel();
  const miner = createHasher({ kernel: kernel.info.kernel, threads: 1 });
  const nonce = GENESIS.readUInt32LE(HEADER_OFFSET.nonce);
  const header = Buffer.from(GENESIS);
  header.writeUInt32LE(0, HEADER_OFFSET.nonce);
  try {
    const found = new Promise<Hit>((resolve, reject) => {
      const timer = systemClock.after(HASH_DEADLINE_MS, () => reject(new Error('the nonce of the first block was not found in time')));
      miner.events.once('hit', (hit) => {
        timer.cancel();
        resolve(hit);
      });
      miner.events.once('fault', (error) => reject(error));
    });
    miner.setJob({ id: 1, header, versionMask: 0, target: targetToBytes(targetFromCompact(0x1d00ffff)!), nonceFrom: nonce - 500_000, nonceTo: nonce + 500_000 });
    const hit = await found;
    if (hit.nonce !== nonce) throw new Error(`nonce ${hit.nonce} instead of ${nonce}`);
    return `${kernel.info.kernel} found nonce ${nonce}`;
  } finally {
    await miner.stop();
  }
}
