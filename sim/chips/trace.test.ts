/** The simulated chips against the capture of a hash board with 110 BM1366. */
import { existsSync, readFileSync } from 'node:fs';
import { expect, it, type TestContext } from 'vitest';
import { capturedTraces } from '../../test/vectors.ts';
import { batchHasher } from './hash.ts';
import { readJob, type ChipJob } from './job.ts';
import { nonceReply } from './wire.ts';
import { benchOf, headerOfJobFrame, provenHeader, zeroBitsOf, type Bench } from './chips.fixture.ts';

interface TraceLine {
  readonly dir: 'tx' | 'rx' | 'event';
  readonly hex: string;
  readonly t: string;
  readonly job_no?: number;
}

function trace(context: TestContext): TraceLine[] {
  const file = capturedTraces()[0]!;
  if (!existsSync(file)) context.skip(`no external vectors: ${file} not found (set RIGBRAIN_VECTORS)`);
  return readFileSync(file, 'utf8').trim().split('\n').slice(1).map((line) => JSON.parse(line) as TraceLine);
}

/** A chain that was sent what the real one was. */
function replayed(lines: readonly TraceLine[], zeroBits = 12): Bench & { answers: string[] } {
  const bench = benchOf({ model: 'bm1366', chips: 110, zeroBits });
  const answers: string[] = [];
  for (const line of lines) {
    if (line.dir !== 'tx') continue;
    bench.tell(line.hex);
    answers.push(...bench.said());
  }
  return { ...bench, answers };
}

it('answers with the same chip ids, understands every frame, and ends with the same addresses, clock and speed', (context) => {
  const lines = trace(context);
  const { chain, answers } = replayed(lines);
  expect(answers).toEqual(lines.filter((line) => line.dir === 'rx' && line.t === 'reg').map((line) => line.hex));
  const frames = lines.filter((line) => line.dir === 'tx').length;
  expect(chain.stats()).toMatchObject({ frames, bytes_ignored: 0, jobs: lines.filter((line) => line.t === 'job').length });
  expect(chain.chips.map((chip) => chip.address)).toEqual(Array.from({ length: 110 }, (_, i) => 2 * i));
  expect(chain.chips.every((chip) => chip.frequencyMhz === 485 && chip.ticketMask === 0xff && chip.hashing && chip.reports(111))).toBe(true);
  expect(Math.round(chain.chips[0]!.baud)).toBe(1_041_667);
});

it('is silent before the host has changed its speed too', (context) => {
  const { chain, said, tell } = replayed(trace(context));
  chain.hostBaud = 115_200;
  tell('55aa520500000a');
  expect(said()).toEqual([]);
  chain.hostBaud = 1_000_000;
  tell('55aa520500000a');
  expect(said()).toHaveLength(110);
});

it('splits the nonce space as the real chips did: every captured nonce lies in the range of one chip', (context) => {
  const lines = trace(context);
  const { chain } = replayed(lines);
  const byStart = new Map(chain.chips.map((chip) => [chip.rangeStart, chip]));
  const nonces = lines.filter((line) => line.dir === 'rx' && line.t !== 'reg').map((line) => Number.parseInt(line.hex.slice(4, 12), 16));
  let furthest = -Infinity;
  let wrong = 0;
  for (const nonce of nonces) {
    const chip = byStart.get(nonce & 0x1fc_0000);
    if (chip === undefined || nonce >>> 25 >= 112) wrong++;
    else furthest = Math.max(furthest, (nonce & 0x3_ffff) - chip.rangeLength);
  }
  expect(nonces.length).toBeGreaterThan(1000);
  expect(wrong).toBe(0);
  // Real chips overrun the count a little (134 ticks of 25 MHz); they do use the range to its end.
  expect(furthest).toBeLessThan(2 * 134 * (485 / 25));
  expect(furthest).toBeGreaterThan(-1000);
});

it('finds nonces of a captured job that hash to the ticket of 256, in the form of the captured ones', (context) => {
  const lines = trace(context);
  const firstJob = lines.findIndex((line) => line.t === 'job');
  const { chain, said } = replayed(lines.slice(0, firstJob + 1), 6);
  chain.hash(1);
  const header = headerOfJobFrame(Buffer.from(lines[firstJob]!.hex, 'hex'));
  const nonces = said();
  // 110 chips x 896 hashes, one in 2^14.
  expect(nonces.length).toBeGreaterThanOrEqual(1);
  for (const hex of nonces) {
    expect(hex).toMatch(/^aa55.{18}$/);
    expect(zeroBitsOf(provenHeader('bm1366', header, Buffer.from(hex, 'hex')))).toBeGreaterThanOrEqual(14);
  }
});

it('the check of these tests says the same of the captured nonces as the capture does', (context) => {
  const lines = trace(context);
  const at = lines.findIndex((line) => line.t === 'job');
  const header = headerOfJobFrame(Buffer.from(lines[at]!.hex, 'hex'));
  const first = lines.slice(at + 1, at + 39).filter((line) => line.job_no === 0);
  expect(first.length).toBeGreaterThan(0);
  for (const line of first) expect(zeroBitsOf(provenHeader('bm1366', header, Buffer.from(line.hex, 'hex')))).toBeGreaterThanOrEqual(40);
});

const hasher = batchHasher();

/** What a chip that tries this nonce under these versions says, by the simulation's own hashing and encoding. */
function saidBy(bench: Bench, job: ChipJob, nonce: number, version: number): string[] {
  const { model, chips } = bench.chain;
  const chip = chips.find(({ rangeStart }) => rangeStart === (nonce & 0x1fc_0000))!;
  // The eight sub-cores of each of the 112 cores: the captured nonce is one of 896 that are hashed together.
  const versions = Array.from({ length: 8 }, (_, sub) => (version & ~7) | sub);
  const found = hasher(job, { counter: nonce & 0x1ff_ffff, versions }, { cores: model.cores, zeroBits: 32, ticketMask: chip.ticketMask });
  return found.filter(({ core }) => chip.reports(core)).map((hit) => Buffer.from(nonceReply(hit.nonce, hit.excess, model.jobByte(job.id, hit.version), chip.longReplies ? hit.version : null)).toString('hex'));
}

it('says every captured nonce byte for byte: nonce, excess, job and sub-core, version, checksum; and no other beside it', (context) => {
  const lines = trace(context);
  const bench = replayed(lines);
  const jobs = lines.filter((line) => line.t === 'job').map((line) => readJob(bench.chain.model, Buffer.from(line.hex, 'hex').subarray(4, -2)));
  const nonces = lines.filter((line) => line.t === 'nonce');
  const captured = new Set(nonces.map((line) => line.hex));
  let same = 0;
  let other = 0;
  const different: string[] = [];
  for (const { hex, job_no } of nonces) {
    const reply = Buffer.from(hex, 'hex');
    const said = saidBy(bench, jobs[job_no!]!, reply.readUInt32BE(2), reply.readUInt16BE(8));
    if (said.includes(hex)) same++;
    else different.push(`${hex} ${said.join()}`);
    other += said.filter((one) => !captured.has(one)).length;
  }
  expect(different.slice(0, 10)).toEqual([]);
  expect({ same, other }).toEqual({ same: nonces.length, other: 0 });
}, 60_000);

it('each of its 110 chips has had its share of the captured nonces', (context) => {
  const lines = trace(context);
  const { chain } = replayed(lines);
  const shares = new Map(chain.chips.map((chip) => [chip.rangeStart, 0]));
  const nonces = lines.filter((line) => line.t === 'nonce');
  for (const { hex } of nonces) {
    const start = Number.parseInt(hex.slice(4, 12), 16) & 0x1fc_0000;
    shares.set(start, (shares.get(start) ?? 0) + 1);
  }
  // Eight standard deviations either way: of 62 each in the mean, none has nothing.
  const mean = nonces.length / 110;
  expect(shares.size).toBe(110);
  expect(Math.min(...shares.values())).toBeGreaterThan(0);
  expect(Math.max(...shares.values())).toBeLessThan(mean + 8 * Math.sqrt(mean));
});
