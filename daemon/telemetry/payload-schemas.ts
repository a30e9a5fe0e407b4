/**
 * Shapes of what goes over MQTT, in the wire's own terms: numbers carry their unit in the name, `null` is unknown and
 * never 0, instants are ISO 8601 in UTC. Every field is described, because docs/mqtt.md is generated from here.
 */
import { z } from 'zod';

const instant = z.iso.datetime();
const at = instant.describe('When this was true.');
const count = z.int().min(0);
const id = z.string().regex(/^[a-z0-9][a-z0-9-]{0,62}$/);

export const onlineOffline = z.enum(['online', 'offline']);

const shares = {
  accepted: count.describe('Shares the pool accepted since start.'),
  rejected: count.describe('Shares the pool rejected since start.'),
  stale: count.describe('Shares that came too late since start.'),
  unknown: count.describe('Shares sent and never answered.'),
  withheld: count.describe('Shares found and deliberately not sent.'),
  hardware_errors: count.describe('Nonces that did not hash to the target the device claimed.'),
  duplicates: count.describe('Nonces found twice; never sent.'),
  blocks: count.describe('Blocks found since start.'),
  best_difficulty: z.number().nullable().describe('Highest share difficulty since start.'),
  last_accepted_at: instant.nullable().describe('When the last share was accepted.'),
};

export const infoPayload = z.strictObject({
  schema: z.literal(1).describe('Version of these payloads.'),
  node: id.describe('Id of this rig.'),
  version: z.string().describe('Rigbrain version.'),
  mode: z.enum(['demo', 'test', 'staging', 'live']).describe('Mode the daemon runs in.'),
  pid: count.describe('Process id.'),
  started_at: instant.describe('When the daemon started.'),
  runtime: z.string().describe('Node.js version.'),
  platform: z.string().describe('Operating system and architecture.'),
  drivers: z.array(z.string()).describe('Ids of the drivers in use.'),
});

export const mqttStatsPayload = z.strictObject({
  connected: z.boolean().describe('True while a broker session is open.'),
  protocol: z.enum(['5.0', '3.1.1']).nullable().describe('Protocol of the present session.'),
  published: count.describe('Messages handed over to the broker (QoS 1: acknowledged).'),
  dropped: count.describe('Messages and events that were lost: queue full, too big, or refused by the broker.'),
  reconnects: count.describe('Sessions opened after the first.'),
  queued_events: count.describe('Events waiting for the broker.'),
  last_error: z.string().nullable().describe('Last connection or publish error in plain words.'),
});

export const healthPayload = z.strictObject({
  at,
  uptime_secs: z.number().min(0).describe('Seconds since the daemon started.'),
  rss_bytes: count.describe('Resident memory of the daemon.'),
  heap_used_bytes: count.describe('JavaScript heap in use.'),
  load_1m: z.number().min(0).describe('Load average of the machine over one minute.'),
  cpus: count.describe('Logical CPUs of the machine.'),
  memory_free_bytes: count.describe('Free memory of the machine.'),
  memory_total_bytes: count.describe('Memory of the machine.'),
  job_sent_p99_ms: z.number().min(0).nullable().describe('From the bytes of a new job to the last byte on the wire of a device, 99th percentile; null without a device on a wire.'),
  share_sent_p99_ms: z.number().min(0).nullable().describe('From the last byte of a nonce to the socket of the pool, 99th percentile; null without one.'),
  mqtt: mqttStatsPayload.describe('Counters of this MQTT connection.'),
  devices: z
    .array(z.strictObject({ id, status: z.string(), hardware_errors: count, duplicates: count }))
    .describe('Fault counters of every device.'),
});

export const devicesPayload = z.array(
  z.strictObject({
    id: id.describe('Topic level of the device.'),
    title: z.string().describe('Name for people.'),
    driver: z.string().describe('Driver id.'),
    capabilities: z.array(z.string()).describe('What it can be told to do.'),
  }),
);

const ends = { low: z.number(), high: z.number() };

/** Verdicts on what was sent to a pool, and the hashing behind it. */
const account = z.strictObject({
  sent: count.describe('Shares sent.'),
  accepted: count.describe('Accepted.'),
  rejected: count.describe('Rejected, other than for being late.'),
  stale: count.describe('Too late.'),
  unknown: count.describe('Never answered.'),
  withheld: count.describe('Found and deliberately not sent.'),
  reject_percent: z.number().nullable().describe('Rejected and too late, in percent of those sent.'),
  accepted_difficulty: z.number().describe('Sum of the difficulties of the accepted shares.'),
  rejected_difficulty: z.number().describe('The same of rejected and late ones.'),
  best_difficulty: z.number().nullable().describe('Best share.'),
  last_accepted_at: instant.nullable().describe('When the last one was accepted.'),
  reject_reasons: z.record(z.string(), count).describe('Plain words to how often, most frequent first, 16 at most.'),
  latency_ms: z.strictObject({ p50: z.number(), p99: z.number() }).nullable().describe('Time to the answer of a share.'),
  hashes: z.number().nullable().describe('Hashes our own devices made for this pool.'),
  found: count.describe('Shares our own devices found, whatever became of them.'),
  expected_shares: z.number().nullable().describe('Shares so many hashes should have given.'),
  luck: z.strictObject({ ratio: z.number(), ...ends }).nullable().describe('found / expected_shares, with its 95 % interval.'),
  pool_hashrate_hs: z.strictObject({ value: z.number(), ...ends }).nullable().describe('Rate the pool can see, from accepted shares of the last hour, with its 95 % interval.'),
  explanation: z.string().nullable().describe('Whether and why it differs from the rate of the rig, for a person.'),
});

export const alarmsPayload = z.array(
  z.strictObject({
    kind: z.enum(['pool_silent', 'pool_auth', 'reject_rate', 'no_share', 'payee_changed', 'all_pools_dead']).describe('What is wrong.'),
    subject: z.string().describe('A pool id, or `rig`.'),
    severity: z.enum(['critical', 'error', 'warning']).describe('critical: somebody else may be paid. error: nothing is earned. warning: less than could be.'),
    raised_at: instant.describe('When it began.'),
    healed_at: instant.nullable().describe('When it ended; null = it is still on.'),
    message: z.string().describe('For a person.'),
  }),
);

export const poolsPayload = z.array(
  z.strictObject({
    id: z.string().describe('Id of the pool.'),
    kind: z.enum(['stratum_v1', 'gbt']).describe('Protocol.'),
    url: z.string().describe('Address without credentials.'),
    user: z.string().nullable().describe('Worker name.'),
    status: z.string().describe('idle, connecting, handshaking, waiting_for_job, mining, backing_off, auth_failed or stopped.'),
    reason: z.string().nullable().describe('Why it is in this status.'),
    since: instant.describe('When the status last changed.'),
    role: z.enum(['active', 'standby', 'returning', 'down']).describe('active: mined for. standby: has work and waits for its turn. returning: works again and has to prove it for a while. down: no work.'),
    role_reason: z.string().nullable().describe('Why it has this role.'),
    role_since: instant.describe('When the role last changed.'),
    quota: z.number().nullable().describe('Weight with the quota strategy.'),
    work_share: z.number().nullable().describe('Part of all work so far that went to it, 0 to 1.'),
    failures: count.describe('Attempts that failed since it last held work for a minute.'),
    next_attempt_at: instant.nullable().describe('When it is tried again.'),
    last_heard_at: instant.nullable().describe('When it last sent anything readable.'),
    history: z
      .array(z.strictObject({ status: z.string(), reason: z.string().nullable(), at: instant }))
      .describe('The last 16 changes of status, oldest first.'),
    difficulty: z.number().nullable().describe('Share difficulty in force.'),
    version_mask: z.string().nullable().describe('Version bits that may be rolled, hex.'),
    jobs_received: count.describe('Jobs since start.'),
    last_job_at: instant.nullable().describe('When the last job came.'),
    bad_lines: count.describe('Lines that were not Stratum.'),
    reconnects: count.describe('Reconnections since start.'),
    latency_ms: z.number().nullable().describe('Usual answer time of a submit.'),
    message: z.string().nullable().describe('Last message the pool wanted shown.'),
    account: account.describe('What became of the shares sent to it since start, and the hashing behind them.'),
    payout: z
      .strictObject({
        expected_address: z.string().nullable().describe('Address that must be paid; null = none is known.'),
        expected_from: z.enum(['config', 'user']).nullable().describe('Where that address is from: payout_address, or the worker name.'),
        paid_percent: z.number().nullable().describe('Part of the reward it gets, percent.'),
        paid_sat: count.nullable().describe('The same in satoshi.'),
        total_sat: count.describe('The whole reward.'),
        payee: z.string().nullable().describe('Address that gets most; null = it has none.'),
        output_count: count.describe('Outputs of the coinbase.'),
        tag: z.string().nullable().describe('Text in the coinbase.'),
        height: count.nullable().describe('Height of the block that is mined.'),
        verdict: z.enum(['pays_expected', 'does_not_pay_expected', 'pays_pool', 'payee_changed', 'unreadable']).describe('What to think of it.'),
        explanation: z.string().describe('The same for a person.'),
      })
      .nullable()
      .describe('Whom the newest job pays; null = none has come yet.'),
  }),
);

export const rigStatePayload = z.strictObject({
  at,
  mode: z.enum(['demo', 'test', 'staging', 'live']).describe('Mode the daemon runs in.'),
  status: z.enum(['starting', 'mining', 'paused', 'no_pool', 'no_device', 'stopping', 'stopped']).describe('What the rig is doing.'),
  reason: z.string().nullable().describe('Why, in plain words.'),
  paused: z.boolean().describe('True when mining was paused.'),
  hashrate_hs: z.number().nullable().describe('Hashes per second of all devices.'),
  pool: z.string().nullable().describe('Pool in use.'),
  pool_connected: z.boolean().describe('True when a pool gives work.'),
  ...shares,
  last_reject: z.string().nullable().describe('Plain words of the last rejection.'),
  reject_percent: z.number().nullable().describe('Rejected and too late, in percent of the shares sent to all pools since start.'),
  luck: z.number().nullable().describe('Shares the devices of this rig found over those their hashes should have given, all pools since start.'),
  pool_hashrate_hs: z.number().nullable().describe('Hash rate the pool in use can see, from the accepted shares of the last hour.'),
  alarms: count.describe('Alarms that are on.'),
  economy: z
    .strictObject({
      currency: z.string(),
      network_difficulty: z.number().nullable(),
      btc_per_day: z.number().nullable(),
      revenue_per_day: z.number().nullable(),
      power_w: z.number().nullable(),
      cost_per_day: z.number().nullable(),
      profit_per_day: z.number().nullable(),
      days_per_block: z.number().nullable(),
      explanation: z.string(),
    })
    .describe('Estimated earnings and cost, from configured figures only; null = a figure is missing, `explanation` says which.'),
  session: z
    .strictObject({ round: count, target_zeros: count, best_zeros: count })
    .nullable()
    .describe('Present round: number, local target and best so far in leading zero hex digits.'),
  started_at: instant.describe('When the daemon started.'),
  uptime_secs: z.number().min(0).describe('Seconds since then.'),
  ledger: z
    .strictObject({
      accepted: count,
      written: count,
      queued: count,
      backup: count,
      emergency: count,
      lost: count,
      files_behind: count,
      degraded: z.boolean(),
      last_error: z.string().nullable(),
      last_seq: count,
      chain: z.string().nullable(),
    })
    .describe('Ledger entries by where they ended up; files that could not be brought up to date; number and chain value of the last record that is safe: `rigbrain ledger verify` shows the same.'),
});

export const serverPayload = z.strictObject({
  at,
  status: z.enum(['stopped', 'listening', 'failed']).describe('Whether other miners can connect.'),
  reason: z.string().nullable().describe('Why not, in plain words.'),
  address: z.string().nullable().describe('host:port listened on.'),
  miners: count.describe('Miners connected.'),
  hashrate_hs: z.number().min(0).nullable().describe('Hashes per second of all miners, from their accepted shares of the last 5 minutes.'),
  worker_count: count.describe('Worker names seen since start.'),
  refused_connections: count.describe('Connections that were not let in.'),
  accepted: count.describe('Shares accepted from miners since start.'),
  rejected: count.describe('Shares of miners rejected since start.'),
  stale: count.describe('Shares of miners that came too late since start.'),
  duplicate: count.describe('Shares that miners sent twice.'),
  accepted_difficulty: z.number().min(0).describe('Sum of the difficulties of the accepted shares.'),
  forwarded: count.describe('Shares that went on to the pool.'),
  forwarded_rejected: count.describe('Shares of these that the pool refused.'),
  blocks: count.describe('Blocks found by miners.'),
  best_difficulty: z.number().nullable().describe('Highest share difficulty of a miner since start.'),
  last_share_at: instant.nullable().describe('When the last share was accepted.'),
});

export const serverWorkersPayload = z.array(
  z.strictObject({
    name: z.string().describe('Worker name as the miner gives it.'),
    connections: count.describe('Connections at present.'),
    address: z.string().nullable().describe('Address of the newest connection.'),
    user_agent: z.string().nullable().describe('What the miner says it is.'),
    connected_since: instant.nullable().describe('Since when; null = it is not connected.'),
    difficulty: z.number().nullable().describe('Share difficulty in force.'),
    version_mask: z.string().nullable().describe('Version bits it may roll, hex; null = none.'),
    accepted: count.describe('Shares accepted since start.'),
    rejected: count.describe('Shares rejected since start.'),
    stale: count.describe('Shares that came too late since start.'),
    duplicate: count.describe('Shares sent twice since start.'),
    accepted_difficulty: z.number().min(0).describe('Sum of the difficulties of the accepted shares.'),
    forwarded: count.describe('Shares that went on to the pool.'),
    forwarded_rejected: count.describe('Shares of these that the pool refused.'),
    blocks: count.describe('Blocks found.'),
    best_difficulty: z.number().nullable().describe('Highest share difficulty since start.'),
    last_share_at: instant.nullable().describe('When the last share was accepted.'),
    hashrate_hs: z
      .strictObject({ m1: z.number().nullable(), m5: z.number().nullable(), m15: z.number().nullable(), h1: z.number().nullable() })
      .describe('Hashes per second over 1, 5, 15 and 60 minutes, from accepted shares.'),
    reject_reasons: z.record(z.string(), count).describe('Why shares were refused, and how often.'),
  }),
);

const run = {
  job_uuid: z.string().describe('Job, also the name of its provenance file.'),
  log_prime_sse: z.number().nullable().describe('Score, less is better; to be read with p_value only.'),
  sdg_h_norm_l2: z.number().nullable().describe('How well geometry and field fit.'),
  p_value: z.number().nullable().describe('How often scrambled fields score at least as well: above 0.05 the score is what noise gives.'),
};

export const huntPayload = z.strictObject({
  at,
  status: z.enum(['idle', 'running', 'pausing', 'paused', 'stopping', 'stopped', 'completed', 'failed']).describe('What the hunt is doing.'),
  reason: z.string().nullable().describe('Why it failed or stopped, or why no job gets on.'),
  hunt_id: z.string().nullable().describe('The hunt that runs, or the last one; null = there was none.'),
  engine: z.enum(['local', 'bullmq']).describe('Who runs its jobs.'),
  generation: count.nullable().describe('Generation under way, counted from 0.'),
  generations: count.nullable().describe('Generations it is to have.'),
  population: count.nullable().describe('Jobs of a generation.'),
  jobs_total: count.nullable().describe('Jobs of all generations; those that prove the champion are not among them.'),
  jobs_done: count.describe('Jobs that have ended.'),
  jobs_failed: count.describe('Jobs of these without a score.'),
  jobs_running: count.describe('Jobs under way.'),
  progress_percent: z.number().min(0).max(100).nullable().describe('Part of its jobs that has ended.'),
  eta_secs: z.number().min(0).nullable().describe('To its end at the pace so far; null = too early to tell, or it does not run.'),
  started_at: instant.nullable().describe('When it began to run.'),
  ended_at: instant.nullable().describe('When it ended.'),
  last_event: z.string().nullable().describe('What happened last, for a person.'),
  last_event_at: instant.nullable().describe('When.'),
  last_sse: z.number().nullable().describe('Score of the job that ended last.'),
  last_h_norm: z.number().nullable().describe('Its sdg_h_norm_l2.'),
  last_p_value: z.number().nullable().describe('Its p-value.'),
});

export const huntBestPayload = z.strictObject({
  hunt_id: z.string().nullable().describe('The hunt; null = there was none.'),
  best: z.strictObject({ ...run, generation: count.describe('Its generation.'), fitness: z.number().describe('What it was chosen for, more is better.') }).nullable().describe('The fittest run so far, the best of many; null = none has a score.'),
  golden: z
    .strictObject({ ...run, is_stable: z.boolean().describe('It has a score on every fresh seed.'), is_significant: z.boolean().describe('On fresh seeds it scores better than scrambled fields do, at the 5 % level.') })
    .nullable()
    .describe('The champion, medians over fresh seeds; null = nobody has proved himself yet.'),
});

export const deviceStatePayload = z.strictObject({
  at,
  title: z.string().describe('Name for people.'),
  driver: z.string().describe('Driver id.'),
  status: z.enum(['init', 'idle', 'hashing', 'paused', 'fault', 'stopped']).describe('What the device is doing.'),
  reason: z.string().nullable().describe('Why, in plain words.'),
  paused: z.boolean().describe('True when the device was paused.'),
  hashrate_hs: z.number().nullable().describe('Hashes per second, mean of about 10 s; of boards with ASICs over as long as 30 nonces take (`detail.window_s`).'),
  hashes_total: z.number().min(0).nullable().describe('Hashes since start.'),
  temp_c: z.number().nullable().describe('Temperature.'),
  power_w: z.number().nullable().describe('Power drawn.'),
  efficiency_j_per_th: z.number().nullable().describe('Power over hash rate.'),
  ...shares,
  detail: z.record(z.string(), z.unknown()).describe('Facts of this driver.'),
});

export const eventPayload = z.strictObject({
  type: z.string().describe('Kind of event.'),
  at,
  device: z.string().nullable().describe('Device it is about.'),
  message: z.string().describe('What happened, for a person.'),
  data: z.record(z.string(), z.unknown()).describe('Facts of the event. `coalesced` = events of this type left out since the one before.'),
});

/** Echoed in the response, so that a caller can tell its own answers from those of others. */
export const transaction = z.union([z.string().max(128), z.number()]).describe('Echoed in the response.');

export const responsePayload = z.discriminatedUnion('status', [
  z.strictObject({ status: z.literal('ok'), data: z.unknown(), transaction: transaction.optional() }),
  z.strictObject({ status: z.literal('error'), error: z.strictObject({ code: z.string(), message: z.string() }), transaction: transaction.optional() }),
]);

/** What Home Assistant requires of device discovery; the rest of the document is its own affair. */
export const discoveryPayload = z.looseObject({
  device: z.looseObject({ identifiers: z.array(z.string()).min(1), name: z.string() }).describe('The device as Home Assistant shows it; `via_device` is the rig.'),
  origin: z.looseObject({ name: z.string() }).describe('Who announces it: rigbrain and its version.'),
  availability: z.array(z.strictObject({ topic: z.string() })).min(1).describe('Status of the rig, and availability of the device.'),
  availability_mode: z.literal('all').describe('Online only when all of them say so.'),
  state_topic: z.string().describe('State topic that every component reads.'),
  components: z.record(z.string(), z.looseObject({ platform: z.string(), unique_id: z.string() })).describe('Sensors, switches and numbers by name.'),
});
