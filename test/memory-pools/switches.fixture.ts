/** Random pool life until the miner has switched so often, and had so many shares accepted; what came of it. */
import { makeWorld, hostOf, PORT, SECOND_PORT, settle, type World, type WorldOptions } from './world.fixture.ts';

export interface SwitchesResult {
  readonly violations: readonly string[];
  readonly switches: number;
  /** Lines of mining.submit that reached a pool. */
  readonly submits: number;
  readonly accepted: number;
  /** Shares found for work of a session that was over, or of another pool than the one mined for. */
  readonly late: number;
  readonly verdicts: World['verdicts'];
}

/** Works found among the newest this many: the pool may have changed several times since. */
const OLDEST_WORK = 8;

export async function runSwitches(options: WorldOptions & { readonly switches: number }): Promise<SwitchesResult> {
  const world = makeWorld(options);
  const { clock, random, pools, devices, engine } = world;
  const pick = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)]!;
  let late = 0;
  engine.events.on('share', ({ job }) => {
    const source = world.sources.find(({ id }) => id === job.sourceId)!;
    if (job.sourceId !== engine.activeSource || engine.jobOf(source.id)?.session !== job.session) late += 1;
  });
  /** A share of another miner in the house, which knows nothing of what has happened since it was given its work. */
  const findForeign = (): void => {
    const device = pick(devices);
    const nonce = device.search(Math.floor(random() * OLDEST_WORK));
    const verdict = nonce === null ? null : world.templates.judge(device.id, nonce);
    if (verdict?.kind === 'share' || verdict?.kind === 'stale') void engine.submitForeign({ ...verdict.share, deviceId: 'lan-miner' });
  };
  await world.start();

  const acts: ((index: number) => void)[] = [
    // The pool that is mined for, mostly: that is what makes a switch.
    () => pools.find(({ options: { name } }) => name === engine.activeSource)?.dropAll(),
    () => pools.find(({ options: { name } }) => name === engine.activeSource)?.dropAll(),
    (i) => pools[i]!.dropAll(),
    (i) => pools[i]!.sendJobs(random() < 0.3),
    (i) => pools[i]!.newBlock(),
    (i) => each(pools[i]!, (connection) => connection.changeExtranonce(random() < 0.5)),
    (i) => each(pools[i]!, (connection) => connection.changeDifficulty(2 ** -(27 + Math.floor(random() * 3)))),
    (i) => each(pools[i]!, (connection) => connection.redirect(random() < 0.5 ? '' : hostOf(i), random() < 0.5 ? PORT : SECOND_PORT)),
    // To another operator's pool: must never be followed.
    (i) => each(pools[i]!, (connection) => connection.redirect(hostOf((i + 1) % pools.length), PORT)),
    (i) => each(pools[i]!, (connection) => connection.send({ id: null, method: 'mining.notify', params: ['unreadable', 'not hex', '', '', [], '20000000', '2000ffff', '0', true] })),
    (i) => (pools[i]!.up = random() < 0.7),
    (i) => (pools[i]!.behaviour.silent = random() < 0.2),
    (i) => (pools[i]!.behaviour.jobBeforeAuthorize = random() < 0.5),
    (i) => (pools[i]!.behaviour.answersNoSubmit = random() < 0.1),
  ];
  let steps = 0;
  const acceptedSoFar = (): number => pools.reduce((sum, { counts }) => sum + counts.accepted, 0);
  // As many shares as switches: turns alone would be over before anything is found.
  while (world.switches() < options.switches || acceptedSoFar() < options.switches) {
    steps += 1;
    if (steps > 400 * options.switches) throw new Error(`only ${world.switches()} switches and ${acceptedSoFar()} shares in ${steps} steps`);
    for (let finds = Math.floor(random() * 3); finds > 0; finds--) pick(devices).find(Math.floor(random() ** 2 * OLDEST_WORK));
    if (random() < 0.3) findForeign();
    if (random() < 0.6) pick(acts)(Math.floor(random() * pools.length));
    // Nobody stays dead: with every pool gone there is nothing to switch between.
    if (random() < 0.05) for (const pool of pools) Object.assign(pool, { up: true }).behaviour.silent = false;
    // Short steps put shares and news on the wire at the same time, long ones let pauses and deadlines pass.
    clock.advance(random() < 0.7 ? Math.floor(random() * 120) : Math.floor(random() * 8000));
    if (steps % 4 === 0) await settle();
  }
  await world.stop();
  const sum = (count: (pool: (typeof pools)[number]) => number): number => pools.reduce((total, pool) => total + count(pool), 0);
  return { violations: world.violations(), switches: world.switches(), submits: sum(({ counts }) => counts.submits), accepted: acceptedSoFar(), late, verdicts: world.verdicts };
}

function each(pool: World['pools'][number], act: (connection: Parameters<Parameters<typeof pool.connections.forEach>[0]>[0]) => void): void {
  for (const connection of [...pool.connections]) act(connection);
}
