/**
 * Version rolling from the pool's mask to the hash kernel and back: real pool conversation, real engine, real hashing threads,
 * and a pool that judges the version bits with code of its own.
 */
import { once } from 'node:events';
import path from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { TemplateManager } from '../daemon/dtm/template-manager.ts';
import { MiningEngine } from '../daemon/mining/engine.ts';
import type { Share, Verdict } from '../daemon/mining/job.ts';
import { StratumV1Source } from '../daemon/mining/stratum-v1-source.ts';
import { CpuDevice } from '../drivers/cpu/device.ts';
import { cpuOptions } from '../drivers/cpu/options.ts';
import { kernelsHere } from '../kernels/kernels.fixture.ts';
import { systemClock } from '../protocol/common/clock.ts';
import { silentLog } from '../protocol/common/log.ts';
import { startSimPool, type SimPool } from '../sim/pool/pool.ts';
import { readJson, startRigbrain, temporaryFolder } from './harness.ts';

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

/** Hashes a share, about: some ten shares a second on a slow kernel, few enough for the pool on a fast one. */
const HASHES_A_SHARE: Record<string, number> = { native: 2 ** 18, wasm: 2 ** 17, js: 2 ** 15 };

interface Rig {
  readonly pool: SimPool;
  readonly device: CpuDevice;
  readonly told: { readonly share: Share; readonly verdict: Verdict }[];
  /** The next `count` shares of jobs with this mask that the pool has accepted. */
  accepted(count: number, mask: number): Promise<Share[]>;
}

async function startRig(kernel: string, source: string, wanted: number, versionMask = 0x1fffe000): Promise<Rig> {
  const pool = await startSimPool({ difficulty: (HASHES_A_SHARE[source] as number) / 2 ** 32, vardiff: null, versionMask });
  cleanups.push(() => pool.close());
  const pools = [
    new StratumV1Source(
      { id: 'sim', url: pool.url, user: 'acc.rig', password: 'x', tls: null, versionMask: wanted, suggestDifficulty: null, subscribeExtranonce: true, userAgent: 'rigbrain/test' },
      { clock: systemClock, log: silentLog },
    ),
  ];
  const device = new CpuDevice({ id: 'cpu', options: cpuOptions.parse({ kernel, threads: 1, nice: 0, pause_on_battery: false }), clock: systemClock, log: silentLog });
  const engine = new MiningEngine({ sources: pools, devices: [device], templates: new TemplateManager({ clock: systemClock, localZeros: 64 }), withhold: () => null, clock: systemClock, log: silentLog });
  const told: { share: Share; verdict: Verdict }[] = [];
  engine.events.on('verdict', (share, verdict) => told.push({ share, verdict }));
  cleanups.push(() => engine.stop());
  await engine.start(new AbortController().signal);
  return {
    pool,
    device,
    told,
    async accepted(count, mask) {
      const from = told.length;
      const fitting = (): Share[] => told.slice(from).flatMap(({ share, verdict }) => (share.job.versionMask === mask && verdict.status === 'accepted' ? [share] : []));
      while (fitting().length < count) await once(engine.events, 'verdict');
      return fitting();
    },
  };
}

/** The rolled bits of each share: where the hashed version differs from the job's. */
const rolledBits = (shares: readonly Share[]): number[] => shares.map((share) => (share.version ^ share.job.version) >>> 0);

/** One kernel of each source, and what `auto` picks. */
const kernels = [{ kernel: 'auto', source: kernelsHere()[0]?.info.source ?? 'js' }, ...['wasm', 'js'].map((source) => ({ kernel: source, source }))];

describe.each(kernels)('version rolling on $kernel', ({ kernel, source }) => {
  it('rolls what the pool grants, follows a mask that changes, and has every share accepted', async () => {
    const { pool, device, told, accepted } = await startRig(kernel, source, 0x1fffe000);
    const wide = await accepted(12, 0x1fffe000);
    const { kernel_rolled, kernel: plain, kernel_running } = device.state().detail;
    expect(kernel_running).toBe(kernel_rolled);
    expect(new Set(rolledBits(wide)).size).toBeGreaterThan(3);
    for (const share of wide) expect(share.versionBits).toBe((share.version & 0x1fffe000) >>> 0);

    pool.broadcast.versionMask(0x00006000);
    const narrow = await accepted(12, 0x00006000);
    expect(new Set(rolledBits(narrow)).size).toBeGreaterThan(1);
    for (const bits of rolledBits(narrow)) expect([0, 0x2000, 0x4000, 0x6000]).toContain(bits);
    expect(device.state().detail.kernel_running).toBe(kernel_rolled);

    pool.broadcast.versionMask(0);
    const none = await accepted(4, 0);
    expect(new Set(rolledBits(none))).toEqual(new Set([0]));
    expect(device.state().detail.kernel_running).toBe(plain);

    pool.broadcast.versionMask(0x1fffe000);
    expect(new Set(rolledBits(await accepted(8, 0x1fffe000))).size).toBeGreaterThan(2);

    // A share may be on the wire while the mask gets narrower, or a block comes: the pool refuses those, and no others.
    const refused = told.filter(({ verdict }) => !['accepted', 'withheld', 'stale'].includes(verdict.status));
    for (const { share, verdict } of refused) {
      const [, mask] = /only bits of ([0-9a-f]{8}) may be rolled/.exec('reason' in verdict ? String(verdict.reason) : '') ?? [];
      expect(mask, JSON.stringify(verdict)).toBeDefined();
      expect((share.versionBits ?? 0) & ~Number.parseInt(mask!, 16), JSON.stringify(verdict)).not.toBe(0);
    }
    expect(pool.stats().bad_lines).toBe(0);
    expect(pool.stats().accepted).toBeGreaterThan(30);
    expect(device.state().detail).toMatchObject({ hardware_errors: 0, hits_dropped: 0 });
  }, 60_000);

  it.each([
    ['we do not want to', 0, 0x1fffe000],
    ['the pool does not grant it', 0x1fffe000, 0],
    ['no bit is wanted by both', 0x1fff0000, 0x0000e000],
  ])('leaves the version alone when %s', async (_, wanted, granted) => {
    const { pool, device, told, accepted } = await startRig(kernel, source, wanted, granted);
    const shares = await accepted(4, 0);
    expect(new Set(rolledBits(shares))).toEqual(new Set([0]));
    expect(device.state().detail.kernel_running).toBe(device.state().detail.kernel);
    expect(pool.stats()).toMatchObject({ bad_lines: 0 });
    expect(told.filter(({ verdict }) => !['accepted', 'withheld', 'stale'].includes(verdict.status))).toEqual([]);
  });
});

describe('rigbrain run', () => {
  it.each([
    ['rolls versions', [], true],
    ['leaves them alone with --no-version-rolling', ['--no-version-rolling'], false],
  ])('%s', async (_, flags, rolled) => {
    const folder = temporaryFolder();
    cleanups.push(() => folder.remove());
    const rig = startRigbrain(['--demo', ...flags], { dataDir: folder.dir });
    cleanups.push(() => rig.stop('SIGKILL'));
    await rig.waitFor('accepted shares', () => rig.lines.filter((line) => line.event === 'share_accepted' || line.event === 'block_found').length >= 12, 60_000);
    expect((await rig.stop()).code).toBe(0);
    const { proofs } = readJson<{ proofs: { header_hex: string }[] }>(path.join(folder.dir, 'Test', 'Demo', 'Mining', 'Ledgers', 'global_math_proof.json'));
    const versions = new Set(proofs.map(({ header_hex }) => Buffer.from(header_hex, 'hex').readUInt32LE(0)));
    if (rolled) expect(versions.size).toBeGreaterThan(2);
    else expect([...versions]).toEqual([0x20000000]);
    // The pool of the demo judged all of them; one may be on its way when a block is found.
    expect(rig.lines.filter((line) => line.event === 'share_rejected' && line.status !== 'stale')).toEqual([]);
  }, 90_000);
});
