/** Recorded sessions and accepted shares of real pools, replayed. */
import { describe, expect, it } from 'vitest';
import { loadVectors } from '../../test/vectors.ts';
import { bytesToHex, hexToBytes } from '../common/bytes.ts';
import { assembleCoinbase } from '../bitcoin/coinbase.ts';
import { sha256d } from '../bitcoin/hash.ts';
import { displayHash, hashHeader, serializeHeader } from '../bitcoin/header.ts';
import { foldBranch } from '../bitcoin/merkle.ts';
import { difficultyOfHash, meetsTarget, targetFromDifficulty } from '../bitcoin/target.ts';
import { rollVersion, versionBitsToSubmit } from '../bitcoin/version-rolling.ts';
import { decodeLine } from './decode.ts';
import { submitParams } from './encode.ts';
import type { NotifyParams } from './messages.ts';
import { only, sent, TestClient } from './client.fixture.ts';

interface Work {
  readonly job: NotifyParams;
  readonly extranonce1: Uint8Array;
}

function readNotify(params: unknown[]): NotifyParams {
  const message = decodeLine(JSON.stringify({ id: null, method: 'mining.notify', params }));
  if (message.kind !== 'notify') throw new Error(JSON.stringify(message));
  return message.job;
}

/** The header a submit stands for, from a decoded job. */
function headerOf({ job, extranonce1 }: Work, extranonce2: Uint8Array, ntime: number, nonce: number, version: number) {
  const coinbase = assembleCoinbase(job.coinb1, extranonce1, extranonce2, job.coinb2);
  const coinbaseHash = sha256d(coinbase);
  const merkleRoot = foldBranch(coinbaseHash, job.merkleBranch);
  return { coinbase, coinbaseHash, merkleRoot, header: serializeHeader({ version, prevHash: job.prevHash, merkleRoot, ntime, nbits: job.nbits, nonce }) };
}

const u32 = (hex: string) => Number.parseInt(hex, 16);

describe('a share of the original protocol description', () => {
  it('hashes to what the description leads to', () => {
    // Job bf of the Stratum documentation's example session, extranonce1 08000002.
    const job = readNotify([
      'bf',
      '4d16b6f85af6e2198f44ae2a6de67f78487ae5611b77c6c0440b921e00000000',
      '01000000010000000000000000000000000000000000000000000000000000000000000000ffffffff20020862062f503253482f04b8864e5008',
      '072f736c7573682f000000000100f2052a010000001976a914d23fcdf86f7e756a64a7a9688ef9903327048ed988ac00000000',
      [],
      '00000002',
      '1c2ac4af',
      '504e86b9',
      false,
    ]);
    const { header } = headerOf({ job, extranonce1: hexToBytes('08000002') }, hexToBytes('00000001'), 0x504e86ed, 0xb2957c02, 2);
    expect(displayHash(hashHeader(header))).toBe('000000002076870fe65a2b6eeed84fa892c0db924f1482243a6247d931dcab32');
  });
});

describe('external share vectors', () => {
  interface ShareVector {
    name: string;
    notify: { job_id: string; prevhash: string; coinb1: string; coinb2: string; merkle_branch: string[]; version: string; nbits: string; ntime: string; clean_jobs: boolean };
    extranonce1: string;
    extranonce2: string;
    version_mask: string | null;
    submit: { ntime: string; nonce: string; version_bits: string | null };
    coinbase: string;
    coinbase_hash_raw: string;
    merkle_root_raw: string;
    header_version: string;
    header: string;
    hash_display: string;
    share_difficulty: number;
    pool_difficulty: number | null;
    pool_verdict: string | null;
  }

  it('rebuilds coinbase, merkle root, header, hash and submit of every share', (context) => {
    const { vectors } = loadVectors<{ vectors: ShareVector[] }>(context, 'stratum/v1_shares.json');
    for (const v of vectors) {
      const n = v.notify;
      const job = readNotify([n.job_id, n.prevhash, n.coinb1, n.coinb2, n.merkle_branch, n.version, n.nbits, n.ntime, n.clean_jobs]);
      const mask = v.version_mask === null ? 0 : u32(v.version_mask);
      const version = rollVersion(job.version, mask, v.submit.version_bits === null ? job.version : u32(v.submit.version_bits));
      const ntime = u32(v.submit.ntime);
      const nonce = u32(v.submit.nonce);
      const built = headerOf({ job, extranonce1: hexToBytes(v.extranonce1) }, hexToBytes(v.extranonce2), ntime, nonce, version);
      expect(bytesToHex(built.coinbase), v.name).toBe(v.coinbase);
      expect(bytesToHex(built.coinbaseHash), v.name).toBe(v.coinbase_hash_raw);
      expect(bytesToHex(built.merkleRoot), v.name).toBe(v.merkle_root_raw);
      expect(version, v.name).toBe(u32(v.header_version));
      expect(bytesToHex(built.header), v.name).toBe(v.header);
      const hash = hashHeader(built.header);
      expect(displayHash(hash), v.name).toBe(v.hash_display);
      expect(difficultyOfHash(hash) / v.share_difficulty, v.name).toBeCloseTo(1, 9);
      if (v.pool_difficulty !== null && /^accepted/.test(v.pool_verdict ?? '')) expect(meetsTarget(hash, targetFromDifficulty(v.pool_difficulty)), v.name).toBe(true);
      const bits = v.submit.version_bits === null ? null : versionBitsToSubmit(job.version, mask, version);
      expect(submitParams('w', n.job_id, v.extranonce2, ntime, nonce, bits), v.name).toEqual(['w', n.job_id, v.extranonce2, v.submit.ntime, v.submit.nonce, ...(v.submit.version_bits === null ? [] : [v.submit.version_bits])]);
    }
    expect(vectors.length).toBeGreaterThan(0);
  });
});

describe('external transcripts', () => {
  interface Transcript {
    name: string;
    lines: { dir: 'c2s' | 's2c' | 'close'; line: string | null }[];
  }

  /** The pool's answers carry the ids of the recorded client; ours numbers its requests itself. */
  function translate(line: string, ids: ReadonlyMap<string, number>): string {
    const message = JSON.parse(line) as { id: unknown; method?: string };
    const own = ids.get(String(message.id));
    return message.method !== undefined || own === undefined ? line : JSON.stringify({ ...message, id: own });
  }

  it('takes every recorded session: jobs arrive, nothing is malformed', (context) => {
    const { vectors } = loadVectors<{ vectors: Transcript[] }>(context, 'stratum/v1_transcripts.json');
    for (const transcript of vectors) {
      const t = new TestClient();
      const own = new Map(sent(t.connect()).map(({ id, method }) => [method, id]));
      const ids = new Map<string, number>();
      let jobs = 0;
      let notifies = 0;
      for (const { dir, line } of transcript.lines) {
        if (line === null) continue;
        t.now += 1;
        if (dir === 'c2s') {
          const request = /^\{/.test(line) ? (JSON.parse(line) as { id: unknown; method: string }) : null;
          const id = request === null ? undefined : own.get(request.method);
          if (request !== null && id !== undefined) ids.set(String(request.id), id);
          if (request !== null) own.delete(request.method);
          continue;
        }
        if (dir !== 's2c' || !line.startsWith('{')) continue;
        if (line.includes('"mining.notify"') && line.includes('"params"')) notifies += 1;
        const outputs = t.feed(translate(line, ids));
        jobs += only(outputs, 'job').length;
        expect(only(outputs, 'close'), `${transcript.name}: ${line}`).toEqual([]);
      }
      expect(t.client.badLines, transcript.name).toBe(0);
      expect(t.client.phase, transcript.name).toBe('mining');
      expect(t.client.jobsReceived, transcript.name).toBe(notifies);
      expect(jobs, transcript.name).toBeGreaterThan(0);
    }
    expect(vectors.length).toBeGreaterThan(0);
  });
});
