import path from 'node:path';
import { afterAll, expect, test, vi } from 'vitest';
import { targetForWork } from '../sim/chain/target.ts';
import { startSimPool, type SimPool } from '../sim/pool/pool.ts';
import { readJson, startRigbrain, temporaryFolder, type RunningRigbrain } from './harness.ts';

/** Two daemons as two people would run them: one serves, the other mines through it, and the pool above pays the one that serves. */

interface Entry {
  readonly verdict: string;
  readonly miner_id: string;
  readonly nonce: number | string;
}

const folders = [temporaryFolder(), temporaryFolder()] as const;
const running: RunningRigbrain[] = [];
let pool: SimPool | null = null;

afterAll(async () => {
  await Promise.all(running.map((rig) => rig.stop('SIGKILL')));
  await pool?.close();
  for (const folder of folders) folder.remove();
});

test('a daemon mines through the LAN pool of another one, and both write down the same shares', async () => {
  const difficulty = 2 ** -17;
  pool = await startSimPool({ difficulty, vardiff: null, chainParams: { initialTarget: targetForWork(2n ** 60n) } });
  const common = 'mqtt: { enabled: false }\ndiscovery: { enabled: false }\nmining: { mode: live, live: true }\n';
  const serving = `${common}devices: [{ id: cpu, driver: cpu, enabled: false }]
pools: [{ id: above, url: "${pool.url}", user: house.rig }]
server: { enabled: true, port: 0, start_difficulty: ${difficulty}, min_difficulty: ${difficulty}, max_difficulty: ${difficulty} }
`;
  const house = startRigbrain([], { dataDir: folders[0].dir, yaml: serving });
  running.push(house);
  const { url } = await house.waitFor('the LAN pool', (line) => line['module'] === 'server' && typeof line['url'] === 'string', 40_000);
  const mining = `${common}devices: [{ id: cpu, driver: cpu, options: { kernel: js, threads: 1 } }]
pools: [{ id: house, url: "${String(url)}", user: garage.pi }]
`;
  const guest = startRigbrain([], { dataDir: folders[1].dir, yaml: mining });
  running.push(guest);
  await vi.waitFor(() => expect(pool?.stats().accepted).toBeGreaterThanOrEqual(5), { timeout: 40_000, interval: 50 });
  expect((await guest.stop()).code).toBe(0);
  // Sent and accepted; or, on a machine that stood still at the stop, sent and accepted without an answer in time.
  const acceptedIn = (dir: string): Entry[] => readJson<{ entries: Entry[] }>(path.join(dir, 'Mining/Ledgers/global_ledger.json')).entries.filter(({ verdict }) => verdict === 'accepted' || verdict === 'unknown');
  const ofGuest = acceptedIn(folders[1].dir);
  expect(ofGuest.some(({ verdict }) => verdict === 'accepted')).toBe(true);
  // The house answered at once; the pool above has its say a little later.
  await vi.waitFor(() => expect(pool?.stats()).toMatchObject({ accepted: ofGuest.length, rejected: 0 }), { timeout: 10_000 });
  expect((await house.stop()).code).toBe(0);

  expect(pool.stats().workers.map(({ worker }) => worker)).toEqual(['house.rig']);
  const ofHouse = acceptedIn(folders[0].dir);
  const nonces = (entries: readonly Entry[]): string[] => entries.map(({ nonce }) => String(nonce)).sort();
  expect(nonces(ofHouse)).toEqual(nonces(ofGuest));
  for (const { miner_id } of ofHouse) expect(miner_id).toMatch(/^lan-garage-pi-[0-9a-f]{4}$/);
}, 120_000);
