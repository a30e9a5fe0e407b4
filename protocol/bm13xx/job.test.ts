import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { loadVectors } from '../../test/vectors.ts';
import { bytesToHex, hexToBytes, reverseBytes, swapWords, u32ToHex } from '../common/bytes.ts';
import { displayHash } from '../bitcoin/header.ts';
import { difficultyOfHash } from '../bitcoin/target.ts';
import { BM13XX_CHIPS } from './chips.ts';
import { decodeFullHeaderJob, encodeFullHeaderJob, type FullHeaderJob } from './job-full-header.ts';
import { distinctJobIds, jobIdOfReply, jobKey, nextJobId } from './job-id.ts';
import { decodeMidstateJob, encodeMidstateJob, midstateJobOf, type MidstateJob } from './job-midstate.ts';
import { decodeReply, type NonceReply } from './reply.ts';
import { hashOfMidstateShare, hashOfShare, headerOfShare, provesWork } from './share.ts';
import { locateNonce } from './nonce-location.ts';
import { TransmitSplitter } from './transmit-splitter.ts';
import { decodeVersionRolling, nextVersion, versionBitsOfReply, versionRollingOffValue, versionRollingValue, versionSequence } from './version-rolling.ts';
import { encodeWrite } from './command.ts';
import { FAST, chipNamed, hex } from './vectors.fixture.ts';

const u32 = fc.integer({ min: 0, max: 0xffffffff });
const bytes = (length: number) => fc.uint8Array({ minLength: length, maxLength: length });
const byte = fc.integer({ min: 0, max: 255 });
const runs = { numRuns: FAST ? 50 : 500 };

function nonceOf(frame: string): NonceReply {
  const decoded = decodeReply(hex(frame));
  if (!decoded.ok || decoded.reply.kind !== 'nonce') throw new Error(`no nonce reply: ${frame}`);
  return decoded.reply;
}

describe('full-header jobs', () => {
  it('come back as they went, whatever the length byte', () => {
    const job = fc.record({ jobId: byte, startNonce: u32, nbits: u32, ntime: u32, merkleRoot: bytes(32), prevHash: bytes(32), version: u32 });
    fc.assert(
      fc.property(job, byte, (fields, lengthByte) => {
        const frame = encodeFullHeaderJob(fields, lengthByte);
        expect(frame).toHaveLength(88);
        expect(decodeFullHeaderJob(frame)).toEqual({ ok: true, job: fields, midstates: 1, lengthByte });
      }),
      runs,
    );
  });

  it('refuse fields that do not fit and frames that are damaged', () => {
    const job: FullHeaderJob = { jobId: 8, startNonce: 0, nbits: 1, ntime: 2, merkleRoot: new Uint8Array(32), prevHash: new Uint8Array(32), version: 3 };
    expect(() => encodeFullHeaderJob({ ...job, jobId: 256 })).toThrow(/a job id/);
    expect(() => encodeFullHeaderJob({ ...job, ntime: -1 })).toThrow(/ntime/);
    expect(() => encodeFullHeaderJob({ ...job, prevHash: new Uint8Array(31) })).toThrow(/prevHash/);
    const frame = encodeFullHeaderJob(job);
    frame[40] = 1;
    expect(decodeFullHeaderJob(frame)).toEqual({ ok: false, problem: 'wrong CRC16' });
    expect(decodeFullHeaderJob(frame.subarray(1))).toMatchObject({ ok: false });
  });

  it('agree with the captured frames', (context) => {
    interface Decoded { job_id: number; starting_nonce: string; nbits: string; ntime: string; merkle_root_header_order: string; prev_hash_header_order: string; version: string; length_byte: number }
    const { vectors } = loadVectors<{ vectors: { id: string; frame: string; decoded: Decoded }[] }>(context, 'asic/jobs_full_header.json');
    for (const v of vectors) {
      const decoded = decodeFullHeaderJob(hex(v.frame));
      if (!decoded.ok) throw new Error(`${v.id}: ${decoded.problem}`);
      const { job } = decoded;
      expect(
        { job_id: job.jobId, nbits: u32ToHex(job.nbits), ntime: u32ToHex(job.ntime), version: u32ToHex(job.version), starting_nonce: u32ToHex(job.startNonce), merkle_root_header_order: bytesToHex(job.merkleRoot), prev_hash_header_order: bytesToHex(job.prevHash), length_byte: decoded.lengthByte },
        v.id,
      ).toEqual({ job_id: v.decoded.job_id, nbits: v.decoded.nbits, ntime: v.decoded.ntime, version: v.decoded.version, starting_nonce: v.decoded.starting_nonce, merkle_root_header_order: v.decoded.merkle_root_header_order, prev_hash_header_order: v.decoded.prev_hash_header_order, length_byte: v.decoded.length_byte });
      expect(bytesToHex(encodeFullHeaderJob(job, decoded.lengthByte)), v.id).toBe(v.frame);
    }
  });
});

describe('midstate jobs', () => {
  it('come back as they went', () => {
    const job = fc.record({ jobId: byte, midstateCount: byte, startNonce: u32, nbits: u32, ntime: u32, merkleTail: bytes(4), midstates: fc.array(bytes(32), { minLength: 1, maxLength: 4 }) });
    fc.assert(
      fc.property(job, (fields) => {
        const frame = encodeMidstateJob(fields);
        expect(decodeMidstateJob(frame)).toEqual({ ok: true, job: fields, lengthByte: 0x16 + 32 * fields.midstates.length });
        expect(new TransmitSplitter().push(frame).frames).toEqual([frame]);
      }),
      runs,
    );
  });

  it('hash the same from the midstate as from the whole header', () => {
    const fields = fc.record({ version: u32, prevHash: bytes(32), merkleRoot: bytes(32), ntime: u32, nbits: u32, nonce: u32 });
    fc.assert(
      fc.property(fields, fc.integer({ min: 0, max: 3 }), (header, slot) => {
        const versions = versionSequence(header.version, 0x1fffe000, 4);
        const job = midstateJobOf(4, header, versions);
        const full: FullHeaderJob = { ...header, jobId: 4, startNonce: 0, version: versions[slot]! };
        expect(hashOfMidstateShare(job, slot, header.nonce)).toEqual(hashOfShare(full, 0, header.nonce));
        expect(hashOfMidstateShare(job, 4, header.nonce)).toBeNull();
      }),
      runs,
    );
  });

  it('refuse what does not fit', () => {
    const job: MidstateJob = { jobId: 0, midstateCount: 1, startNonce: 0, nbits: 0, ntime: 0, merkleTail: new Uint8Array(4), midstates: [new Uint8Array(32)] };
    expect(() => encodeMidstateJob({ ...job, midstates: [] })).toThrow(/1 to 4 midstates/);
    expect(() => encodeMidstateJob({ ...job, merkleTail: new Uint8Array(3) })).toThrow(/merkleTail/);
    expect(decodeMidstateJob(new Uint8Array(55))).toMatchObject({ ok: false });
  });

  it('agree with the published frames, and with the header one of them was made of', (context) => {
    interface Vector {
      id: string;
      frame: string;
      decoded: { job_id: number; num_midstates: number; midstate_slots: number; nbits: string; ntime: string; merkle_root_last4_header_order: string; midstates_as_sha_state_big_endian_words: string[]; length_byte: number };
      from_stratum?: { prevhash_param: string; merkle_root_header_order: string; version: string; nbits: string; ntime: string; midstate_as_sha_state: string };
    }
    const { vectors } = loadVectors<{ vectors: Vector[] }>(context, 'asic/jobs_midstate.json');
    for (const v of vectors) {
      const decoded = decodeMidstateJob(hex(v.frame));
      if (!decoded.ok) throw new Error(`${v.id}: ${decoded.problem}`);
      const { job } = decoded;
      expect(job.midstates.map(bytesToHex), v.id).toEqual(v.decoded.midstates_as_sha_state_big_endian_words);
      expect([job.jobId, job.midstateCount, job.midstates.length, u32ToHex(job.nbits), u32ToHex(job.ntime), bytesToHex(job.merkleTail), decoded.lengthByte], v.id).toEqual([
        v.decoded.job_id, v.decoded.num_midstates, v.decoded.midstate_slots, v.decoded.nbits, v.decoded.ntime, v.decoded.merkle_root_last4_header_order, v.decoded.length_byte,
      ]);
      expect(bytesToHex(encodeMidstateJob(job)), v.id).toBe(v.frame);
      const source = v.from_stratum;
      if (source === undefined) continue;
      const header = { version: 0, prevHash: swapWords(hex(source.prevhash_param)), merkleRoot: hex(source.merkle_root_header_order), ntime: parseInt(source.ntime, 16), nbits: parseInt(source.nbits, 16), nonce: 0 };
      const rebuilt = midstateJobOf(job.jobId, header, [parseInt(source.version, 16)]);
      expect(bytesToHex(rebuilt.midstates[0]!)).toBe(source.midstate_as_sha_state);
      expect({ ...rebuilt, midstates: [], midstateCount: 4 }).toEqual({ ...job, midstates: [] });
    }
  });
});

describe('job ids', () => {
  it('count and come back as published', (context) => {
    const { vectors } = loadVectors<{ vectors: { chip: string; first_40_ids: number[]; distinct: number }[] }>(context, 'asic/job_ids.json');
    for (const v of vectors) {
      const chip = chipNamed(v.chip.split('/')[0]!);
      const ids = [nextJobId(chip, 0)];
      while (ids.length < 40) ids.push(nextJobId(chip, ids.at(-1)!));
      expect(ids, v.chip).toEqual(v.first_40_ids);
      expect(distinctJobIds(chip), v.chip).toBe(v.distinct);
    }
  });

  it('give every id of every chip back from any reply', () => {
    for (const chip of Object.values(BM13XX_CHIPS)) {
      for (let id = nextJobId(chip, 0), i = 0; i < distinctJobIds(chip); id = nextJobId(chip, id), i++) {
        expect(jobKey(chip, id)).toBe(id);
        for (let rest = 0; rest <= chip.jobId.restMask; rest++) expect(jobIdOfReply(chip, (id << chip.jobId.replyShift) | rest)).toBe(id);
      }
    }
    expect(jobIdOfReply(BM13XX_CHIPS.BM1370, 0xd2)).toBe(0x68);
  });
});

describe('version rolling', () => {
  it('agrees with the published values', (context) => {
    interface File {
      vectors: { stratum_mask: string; register_value: string; frame: string }[];
      reply_decode: { version_bytes: string; rolled_bits: string }[];
      bm1397_increment: { base: string; mask: string; sequence: string[] }[];
    }
    const file = loadVectors<File>(context, 'asic/version_rolling.json');
    for (const v of file.vectors) {
      const value = versionRollingValue(parseInt(v.stratum_mask, 16));
      expect(u32ToHex(value)).toBe(v.register_value);
      expect(bytesToHex(encodeWrite('all', 0xa4, value))).toBe(v.frame);
      expect(decodeVersionRolling(value)).toEqual({ enabled: true, mask: parseInt(v.stratum_mask, 16) });
    }
    for (const v of file.reply_decode) expect(u32ToHex(versionBitsOfReply(parseInt(v.version_bytes, 16)))).toBe(v.rolled_bits);
    for (const v of file.bm1397_increment) expect(versionSequence(parseInt(v.base, 16), parseInt(v.mask, 16), v.sequence.length + 1).slice(1).map(u32ToHex)).toEqual(v.sequence);
  });

  it('stays inside the mask and comes round', () => {
    expect(nextVersion(0x20006000, 0x6000)).toBe(0x20000000);
    fc.assert(
      fc.property(u32, u32, (version, mask) => {
        expect(((nextVersion(version, mask) ^ version) & ~mask) >>> 0).toBe(0);
        expect(nextVersion(version, mask) === version).toBe(mask === 0);
      }),
    );
    expect(() => versionRollingValue(0x20000000)).toThrow(/28 to 13/);
    expect(decodeVersionRolling(versionRollingOffValue(0x1fffe000))).toEqual({ enabled: false, mask: 0x1fffe000 });
  });
});

describe('shares', () => {
  it('hash to what the captures say', (context) => {
    interface Result { nonce_u32: number; rolled_version: string; header: string; hash_display: string; recomputed_difficulty: number }
    interface Vector { id: string; chip: string; job_frame?: string; job_frame_derived_id08?: string; response_frame?: string; header?: string; hash_display?: string; difficulty?: number; results?: Result[]; fields?: { prevhash_param: string; version: string; nbits: string; ntime: string; merkle_root_header_order: string; nonce_u32: string } }
    const { vectors } = loadVectors<{ vectors: Vector[] }>(context, 'asic/shares_verified.json');
    let checked = 0;
    for (const v of vectors) {
      if (v.job_frame !== undefined && v.response_frame !== undefined) {
        const chip = chipNamed(v.chip);
        const reply = nonceOf(v.response_frame);
        const location = locateNonce(chip, reply);
        const decoded = chip.jobFormat === 'midstate' ? decodeMidstateJob(hex(v.job_frame)) : decodeFullHeaderJob(hex(v.job_frame));
        if (!decoded.ok) throw new Error(`${v.id}: ${decoded.problem}`);
        const { job } = decoded;
        const hash = 'midstates' in job ? hashOfMidstateShare(job, location.midstateSlot!, reply.nonce)! : hashOfShare(job, location.versionBits!, reply.nonce);
        if (!('midstates' in job)) expect(bytesToHex(headerOfShare(job, location.versionBits!, reply.nonce)), v.id).toBe(v.header);
        expect(displayHash(hash), v.id).toBe(v.hash_display);
        expect(difficultyOfHash(hash) / v.difficulty!, v.id).toBeCloseTo(1, 4);
        expect(provesWork(hash), v.id).toBe(true);
        expect(jobKey(chip, job.jobId), v.id).toBe(location.jobId);
        checked += 1;
      }
      for (const result of v.results ?? []) {
        const decoded = decodeFullHeaderJob(hex(v.job_frame_derived_id08!));
        if (!decoded.ok) throw new Error(`${v.id}: ${decoded.problem}`);
        const bits = parseInt(result.rolled_version, 16) & ~decoded.job.version;
        expect(bytesToHex(headerOfShare(decoded.job, bits, result.nonce_u32))).toBe(result.header);
        expect(displayHash(hashOfShare(decoded.job, bits, result.nonce_u32))).toBe(result.hash_display);
        checked += 1;
      }
      if (v.fields !== undefined) {
        const f = v.fields;
        const number = (text: string) => parseInt(text, 16);
        const header = { version: number(f.version), prevHash: swapWords(hexToBytes(f.prevhash_param)), merkleRoot: hexToBytes(f.merkle_root_header_order), ntime: number(f.ntime), nbits: number(f.nbits), nonce: 0 };
        expect(displayHash(hashOfMidstateShare(midstateJobOf(0, header, [header.version]), 0, number(f.nonce_u32))!)).toBe(v.hash_display);
        checked += 1;
      }
    }
    expect(checked).toBeGreaterThanOrEqual(vectors.length);
  });

  it('come from where the captured replies say', (context) => {
    interface Vector { id: string; chip: string; frame: string; decoded: { nonce_header_bytes: string; nonce_u32_for_submit: string; core: number; raw_byte6: number; job_id_wire: number; sub_core?: number; midstate_index?: number; version_bits?: string; chip_address_field_7bit_x2?: number } }
    const { vectors } = loadVectors<{ vectors: Vector[] }>(context, 'asic/nonce_responses.json');
    for (const v of vectors) {
      const reply = nonceOf(v.frame);
      const chip = chipNamed(v.chip);
      const location = locateNonce(chip, reply);
      expect([u32ToHex(reply.nonce), u32ToHex(reply.position), reply.excess], v.id).toEqual([v.decoded.nonce_u32_for_submit, v.decoded.nonce_header_bytes, v.decoded.raw_byte6]);
      expect(bytesToHex(reverseBytes(hex(u32ToHex(reply.nonce))))).toBe(v.decoded.nonce_header_bytes);
      expect({ core: location.core, job_id_wire: location.jobId, sub_core: location.subCore, midstate_index: location.midstateSlot }, v.id).toEqual({
        core: v.decoded.core, job_id_wire: v.decoded.job_id_wire, sub_core: v.decoded.sub_core ?? null, midstate_index: v.decoded.midstate_index ?? null,
      });
      if (v.decoded.version_bits !== undefined) expect(u32ToHex(location.versionBits!), v.id).toBe(v.decoded.version_bits);
      expect(location.addressField, v.id).toBe(v.decoded.chip_address_field_7bit_x2 ?? null);
    }
  });
});
