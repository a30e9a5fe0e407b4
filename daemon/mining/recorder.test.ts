import { createHash } from 'node:crypto';
import { beforeEach, describe, expect, test } from 'vitest';
import { silentLog } from '../../protocol/common/log.ts';
import type { DeviceStatus } from '../../drivers/contract.ts';
import { ManualClock } from '../../protocol/common/manual-clock.ts';
import { TemplateManager } from '../dtm/template-manager.ts';
import { MemoryLedger } from '../ledger/memory-ledger.fixture.ts';
import { MiningEngine } from './engine.ts';
import type { SourceStatus } from './job.ts';
import { HandDevice, HandSource, makeJob, search } from './mining.fixture.ts';
import { MiningRecorder } from './recorder.ts';

let clock: ManualClock;
let device: HandDevice;
let source: HandSource;
let backup: HandSource;
let engine: MiningEngine;
let ledger: MemoryLedger;
let withhold: string | null;

beforeEach(async () => {
  clock = new ManualClock();
  device = new HandDevice('cpu');
  source = new HandSource();
  backup = new HandSource('backup');
  ledger = new MemoryLedger();
  withhold = null;
  engine = new MiningEngine({ sources: [source, backup], devices: [device], templates: new TemplateManager({ clock, localZeros: 64 }), withhold: () => withhold, clock, log: silentLog });
  new MiningRecorder({ engine, ledger, clock, attestation: { hostname: 'rig', cpu_model: null, cpu_cores: 2, ram_total_gb: 1, machine: null, process_id: 1 }, mathematics: { categories_applied: { families: 'Knuth-Sorrellian-Class(95, 425000, 225)' }, bitload: null }, iso: (at) => new Date(at).toISOString() }).attach();
  await engine.start(new AbortController().signal);
});

async function mine(hashes: number, accept?: (hash: bigint) => boolean): Promise<void> {
  device.hashes = hashes;
  device.events.emit('nonce', search(device.work!, accept));
  for (let i = 0; i < 5; i++) await Promise.resolve();
}

test('a proof can be rechecked from header_hex and target with SHA-256 alone', async () => {
  source.events.emit('job', makeJob());
  await mine(10);
  const proof = ledger.of('math_proof')[0]!;
  const once = createHash('sha256').update(Buffer.from(proof.header_hex as string, 'hex')).digest();
  const digest = createHash('sha256').update(once).digest();
  const display = Buffer.from(digest).reverse().toString('hex');
  expect((proof.header_hex as string).length).toBe(160);
  expect(proof.block_hash).toBe(display);
  expect(BigInt(`0x${display}`) <= BigInt(`0x${proof.target as string}`)).toBe(true);
});

test('the coinbase and branch in a proof fold to the merkle root inside its header', async () => {
  source.events.emit('job', makeJob());
  await mine(10);
  const proof = ledger.of('math_proof')[0]! as { header_hex: string; coinbase: Record<string, string>; merkle_branch: string[] };
  const sha256d = (hex: string): string => createHash('sha256').update(createHash('sha256').update(Buffer.from(hex, 'hex')).digest()).digest('hex');
  const { coinb1, extranonce1, extranonce2, coinb2 } = proof.coinbase as { coinb1: string; extranonce1: string; extranonce2: string; coinb2: string };
  const root = proof.merkle_branch.reduce((left, right) => sha256d(left + right), sha256d(coinb1 + extranonce1 + extranonce2 + coinb2));
  expect(proof.header_hex.slice(72, 136)).toBe(root);
});

test('an accepted share leaves an attempt, a proof and a submission that refer to each other', async () => {
  source.events.emit('job', makeJob());
  await mine(1000);
  const [attempt] = ledger.of('ledger');
  const [proof] = ledger.of('math_proof');
  const [submission] = ledger.of('submission');
  expect(attempt).toMatchObject({ verdict: 'accepted', submitted_to_network: true, hashes_tried: 1000, block_height: 264 });
  expect(attempt!.references).toMatchObject({ math_proof: proof!.proof_id, submission_tracking: submission!.submission_id });
  expect(submission).toMatchObject({ status: 'accepted', network_response: { status: 'accepted', response_time_ms: 1.5 } });
  expect([attempt!.id, proof!.id, submission!.id]).toEqual([attempt!.attempt_id, proof!.proof_id, submission!.submission_id]);
  expect(attempt!.id).toMatch(/^attempt_\d{8}_\d{6}_/);
  expect(proof).toMatchObject({ attempt_id: attempt!.id, computation_proof: { total_hashes_computed: 1000, nonce_found: attempt!.nonce }, categories_applied: { families: 'Knuth-Sorrellian-Class(95, 425000, 225)' } });
  expect(ledger.of('rejection')).toHaveLength(0);
  // Whatever is asked about a share later: by whom, for whom, in which session, how good, how good it had to be, what was answered, after how long.
  expect(attempt).toMatchObject({ miner_id: 'cpu', pool: 'pool', session: 1, difficulty: expect.any(Number), share_difficulty: 2 ** -28, verdict: 'accepted', verdict_reason: null, plain_reason: null, latency_ms: 1.5 });
  expect(submission).toMatchObject({ miner_id: 'cpu', pool: 'pool', session: 1, share_difficulty: 2 ** -28, plain_reason: null });
});

test('hashes_tried of the entries add up to all hashes of the device', async () => {
  source.events.emit('job', makeJob());
  await mine(1000);
  source.events.emit('job', makeJob({ key: 'next' }));
  await mine(1700);
  expect(ledger.of('ledger').map((entry) => entry.hashes_tried)).toEqual([1000, 700]);
});

test('a rejected share also leaves a rejection with the reason in plain words', async () => {
  source.answer = { status: 'stale', code: 21, reason: 'Job not found', latency_ms: 2 };
  source.events.emit('job', makeJob());
  await mine(1);
  const plain_reason = 'too late: the pool had moved on to other work';
  expect(ledger.of('rejection')[0]).toMatchObject({ reason: 'stale', plain_reason, advice: expect.stringContaining('new block'), network_response: { rpc_code: 21, rpc_response: 'Job not found' } });
  expect(ledger.of('ledger')[0]).toMatchObject({ verdict: 'stale', verdict_reason: 'Job not found', plain_reason, latency_ms: 2 });
  expect(ledger.of('submission')[0]).toMatchObject({ status: 'rejected' });
});

describe('a block that is not accepted is put before a person', () => {
  const isBlock = (hash: bigint): boolean => hash <= makeJob().networkTarget;

  test('when it was refused', async () => {
    source.answer = { status: 'stale', code: 21, reason: 'Job not found', latency_ms: 2 };
    source.events.emit('job', makeJob());
    await mine(1, isBlock);
    const [rejection] = ledger.of('rejection');
    expect(ledger.of('look_at')).toEqual([
      {
        id: expect.stringMatching(/^look_\d{8}_\d{6}_/),
        timestamp: rejection!.timestamp,
        severity: 'critical',
        reason: 'block_rejected',
        message: 'Block 264 was refused by pool: Job not found (stale)',
        path: null,
        references: { ledger_entry: ledger.of('ledger')[0]!.id, math_proof: ledger.of('math_proof')[0]!.id, submission_tracking: ledger.of('submission')[0]!.id, rejection: rejection!.id },
      },
    ]);
  });

  test('when it was never answered', async () => {
    source.answer = { status: 'unknown', reason: 'the connection was lost' };
    source.events.emit('job', makeJob({ height: null }));
    await mine(1, isBlock);
    expect(ledger.of('look_at')).toMatchObject([{ severity: 'error', reason: 'block_unanswered', references: { rejection: null } }]);
    expect(ledger.of('look_at')[0]!.message).toBe(`Block ${String(ledger.of('ledger')[0]!.block_hash)} was sent to pool and never answered: the connection was lost`);
  });

  test('with the file it is kept in, and what to do with it', async () => {
    source.answer = { status: 'unknown', reason: 'no answer', block_file: 'User_Look_At/Unsent_Blocks/block_264.hex' };
    source.events.emit('job', makeJob());
    await mine(1, isBlock);
    expect(ledger.of('look_at')).toMatchObject([{ path: 'User_Look_At/Unsent_Blocks/block_264.hex', message: expect.stringContaining('bitcoin-cli -stdin submitblock < User_Look_At/Unsent_Blocks/block_264.hex') }]);
  });

  test('and only then', async () => {
    source.events.emit('job', makeJob());
    await mine(1, isBlock);
    source.answer = { status: 'rejected', code: 23, reason: 'low difficulty', latency_ms: 2 };
    source.events.emit('job', makeJob({ key: 'next', extranonce1: Uint8Array.of(1, 2, 3, 4) }));
    await mine(2, (hash) => !isBlock(hash));
    expect(ledger.of('ledger').map((entry) => [entry.is_block, entry.verdict])).toEqual([[true, 'accepted'], [false, 'rejected']]);
    expect(ledger.of('look_at')).toEqual([]);
  });
});

test('a withheld share is on record, but not as a submission', async () => {
  withhold = 'staging mode never submits';
  source.events.emit('job', makeJob());
  await mine(1);
  expect(ledger.of('ledger')[0]).toMatchObject({ submitted_to_network: false, submission_timestamp: null, verdict: 'withheld', verdict_reason: 'staging mode never submits' });
  expect(ledger.of('submission')).toHaveLength(0);
});

test('an outage of a pool is one error on record, however often it is tried again', () => {
  const change = (status: SourceStatus): void => {
    source.status = status;
    source.events.emit('change');
  };
  for (const status of ['mining', 'backing_off', 'connecting', 'backing_off', 'mining', 'waiting_for_job', 'auth_failed'] as const) change(status);
  expect(ledger.errors.map(({ category, data }) => [category, data.error_type, data.context])).toEqual([
    ['looping', 'pool_lost', { status: 'backing_off' }],
    ['looping', 'pool_lost', { status: 'auth_failed' }],
  ]);
});

test('who is mined for instead of whom is on record with the reason; a pause between jobs and a turn are not', () => {
  source.events.emit('job', makeJob());
  source.events.emit('invalidate', 'block found');
  source.events.emit('job', makeJob({ key: 'next' }));
  engine.events.emit('active', 'backup', 'it is the turn of backup', 'turn');
  engine.events.emit('active', 'pool', 'it is the turn of pool', 'turn');
  expect(ledger.reports).toEqual([]);
  backup.events.emit('job', makeJob({ sourceId: 'backup' }));
  source.events.emit('invalidate', 'not one line within 180 s');
  expect(ledger.reports).toMatchObject([{ category: 'looping', data: { event: 'pool_switched', pool: 'backup', instead_of: 'pool', cause: 'lost', reason: 'pool: not one line within 180 s' } }]);
});

test('a device fault is on record once, and again after the device was well', () => {
  const change = (status: DeviceStatus): void => {
    device.status = status;
    device.events.emit('change');
  };
  for (const status of ['fault', 'fault', 'hashing', 'fault'] as const) change(status);
  expect(ledger.errors.map(({ category, data }) => [category, data.error_type, data.miner_id])).toEqual(Array(2).fill(['miners', 'device_fault', 'cpu']));
});

test('a device that miscalculates by the thousand is reported once a minute, with the count', () => {
  source.events.emit('job', makeJob({ shareTarget: 1n, networkTarget: 1n }));
  for (let nonce = 0; nonce < 1000; nonce++) device.events.emit('nonce', { workId: device.work!.id, nonce, version: 0x20000000 });
  expect(ledger.errors).toHaveLength(1);
  clock.advance(60_000);
  device.events.emit('nonce', { workId: device.work!.id, nonce: 5000, version: 0x20000000 });
  expect(ledger.errors).toHaveLength(2);
  expect(ledger.errors[1]!.data).toMatchObject({ error_type: 'hardware_error', context: { count_since_last_report: 1000 } });
});
