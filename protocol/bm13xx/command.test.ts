import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { loadVectors } from '../../test/vectors.ts';
import { bytesToHex, concatBytes, u32ToHex } from '../common/bytes.ts';
import { type Command, decodeCommand, encodeCommand, encodeSetAddress, encodeWrite } from './command.ts';
import { crc16 } from './crc16.ts';
import { jobFrameProblem, wrapJob } from './job-frame.ts';
import { encodeFullHeaderJob } from './job-full-header.ts';
import { encodeMidstateJob } from './job-midstate.ts';
import { decodeFields, registerModel } from './registers.ts';
import { difficultyOfTicketMask } from './ticket-mask.ts';
import { TransmitSplitter } from './transmit-splitter.ts';
import { FAST, hex } from './vectors.fixture.ts';
import { decodeVersionRolling } from './version-rolling.ts';

const byte = fc.integer({ min: 0, max: 255 });
const target = fc.oneof(fc.constant('all' as const), fc.record({ chipAddress: byte }));
const command: fc.Arbitrary<Command> = fc.oneof(
  fc.record({ kind: fc.constant('set-address' as const), chipAddress: byte }),
  fc.record({ kind: fc.constant('write' as const), target, register: byte, value: fc.integer({ min: 0, max: 0xffffffff }) }),
  fc.record({ kind: fc.constant('read' as const), target, register: byte }),
  fc.record({ kind: fc.constant('chain-inactive' as const) }),
);
const runs = { numRuns: FAST ? 100 : 2000 };

/** `uart_relay` of the vectors is `uartRelay` here. */
const camel = (name: string) => name.replace(/_([a-z0-9])/g, (_, letter: string) => letter.toUpperCase());

describe('commands', () => {
  it('come back as they went', () => {
    fc.assert(fc.property(command, (given) => void expect(decodeCommand(encodeCommand(given))).toEqual({ ok: true, command: given })), runs);
  });

  it('refuse what does not fit a byte or a word', () => {
    expect(() => encodeSetAddress(256)).toThrow('a chip address is one byte, not 256');
    expect(() => encodeWrite('all', -1, 0)).toThrow(/register/);
    expect(() => encodeWrite({ chipAddress: 1.5 }, 0, 0)).toThrow(/chip address/);
    expect(() => encodeWrite('all', 0, 2 ** 32)).toThrow(/32-bit/);
  });

  it('say what is wrong with frames that are none, and never throw', () => {
    expect(decodeCommand(hex('55aa5205'))).toMatchObject({ ok: false });
    expect(decodeCommand(hex('55ab520500000a'))).toEqual({ ok: false, problem: 'no preamble 55 AA' });
    expect(decodeCommand(hex('55aa520500000b'))).toEqual({ ok: false, problem: 'wrong CRC5' });
    // A driver sends this one: the header of a short command with the body of a long one.
    expect(decodeCommand(hex('55aa53050018f000c10002'))).toEqual({ ok: false, problem: 'length byte 5 in a frame of 11 bytes' });
    fc.assert(fc.property(fc.uint8Array({ maxLength: 14 }), (bytes) => void decodeCommand(bytes)), runs);
  });

  it('agree with the captured and published frames', (context) => {
    interface Decoded {
      kind: string; broadcast: boolean; chip_address?: number; address?: number; register?: number; register_name?: string; value?: string;
      version_mask?: string; rolling_enabled?: boolean; core_register?: number; core_value?: number; core_write?: boolean; core_all?: boolean; core_id?: number;
      difficulty?: number; gap?: number; ro_relay?: boolean; co_relay?: boolean; pll?: { byte0: number; fb: number; ref: number; post: number };
    }
    const { vectors } = loadVectors<{ vectors: { id: string; frame: string; decoded: Decoded }[] }>(context, 'asic/commands_decoded.json');
    for (const v of vectors) {
      const result = decodeCommand(hex(v.frame));
      if (!result.ok) throw new Error(`${v.id}: ${result.problem}`);
      const { command: found } = result;
      const d = v.decoded;
      expect(bytesToHex(encodeCommand(found)), v.id).toBe(v.frame);
      expect(found.kind, v.id).toBe({ chain_inactive: 'chain-inactive', read_register: 'read', write_register: 'write', set_chip_address: 'set-address' }[d.kind]);
      if (found.kind === 'set-address') expect(found.chipAddress, v.id).toBe(d.address);
      if (found.kind !== 'read' && found.kind !== 'write') continue;
      expect(found.target, v.id).toEqual(d.broadcast ? 'all' : { chipAddress: d.chip_address });
      expect(found.register, v.id).toBe(d.register);
      expect(registerModel(found.register)?.name, v.id).toBe(camel(d.register_name!));
      if (found.kind !== 'write') continue;
      expect(u32ToHex(found.value), v.id).toBe(d.value);
      const fields = decodeFields(found.register, found.value);
      if (d.version_mask !== undefined) expect(decodeVersionRolling(found.value), v.id).toEqual({ enabled: d.rolling_enabled, mask: parseInt(d.version_mask, 16) });
      if (d.core_register !== undefined) expect(fields, v.id).toMatchObject({ coreRegister: d.core_register, coreValue: d.core_value, write: Number(d.core_write), allCores: Number(d.core_all), coreId: d.core_id });
      if (d.difficulty !== undefined) expect(difficultyOfTicketMask(found.value), v.id).toBe(d.difficulty);
      if (d.gap !== undefined) expect(fields, v.id).toEqual({ gap: d.gap, replyRelay: Number(d.ro_relay), commandRelay: Number(d.co_relay) });
      if (d.pll !== undefined) expect([fields.locked! * 128 + fields.control!, fields.feedback, fields.reference, fields.post], v.id).toEqual([d.pll.byte0, d.pll.fb, d.pll.ref, d.pll.post]);
    }
  });
});

describe('TransmitSplitter', () => {
  const job = encodeFullHeaderJob({ jobId: 8, startNonce: 0, nbits: 1, ntime: 2, merkleRoot: new Uint8Array(32).fill(7), prevHash: new Uint8Array(32).fill(9), version: 3 }, 0x36);
  const midstates = encodeMidstateJob({ jobId: 4, midstateCount: 4, startNonce: 0, nbits: 1, ntime: 2, merkleTail: new Uint8Array(4), midstates: Array.from({ length: 4 }, () => new Uint8Array(32)) });

  it('finds commands and jobs in any cut, whatever the length byte of a job says', () => {
    const frame = fc.oneof(command.map(encodeCommand), fc.constant(job), fc.constant(midstates));
    fc.assert(
      fc.property(fc.array(frame, { maxLength: 6 }), fc.array(fc.integer({ min: 1, max: 60 })), (frames, cuts) => {
        const stream = concatBytes(...frames);
        const splitter = new TransmitSplitter();
        const found: string[] = [];
        let at = 0;
        for (const cut of [...cuts, stream.length]) {
          const result = splitter.push(stream.subarray(at, at + cut));
          expect(result.skippedBytes).toBe(0);
          found.push(...result.frames.map(bytesToHex));
          at += cut;
        }
        expect(found).toEqual(frames.map(bytesToHex));
        expect(splitter.heldBytes).toBe(0);
      }),
      { numRuns: FAST ? 50 : 500 },
    );
  });

  it('skips what is none and goes on with the next frame', () => {
    const splitter = new TransmitSplitter();
    const read = hex('55aa520500000a');
    expect(splitter.push(concatBytes(hex('00aa'), hex('55aa520500000b'), read))).toMatchObject({ frames: [read], skippedBytes: 9, crcErrors: 1 });
  });

  it('is not misled by a job whose beginning looks like a shorter one', () => {
    const states = [...midstates.subarray(22, 150)];
    // Where the CRC of a job with one or three midstates would be.
    for (const size of [56, 120]) {
      const like = crc16(midstates, 2, size - 2);
      states[size - 24] = like >> 8;
      states[size - 23] = like & 0xff;
      const frame = wrapJob(midstates[3]!, Uint8Array.of(...midstates.subarray(4, 22), ...states));
      expect(jobFrameProblem(frame.subarray(0, size))).toBeNull();
      expect(new TransmitSplitter().push(frame)).toEqual({ frames: [frame], skippedBytes: 0, crcErrors: 0 });
      const splitter = new TransmitSplitter();
      expect([...splitter.push(frame.subarray(0, 130)).frames, ...splitter.push(frame.subarray(130)).frames]).toEqual([frame]);
      states[size - 24] = states[size - 23] = 0;
    }
  });

  it('never throws and holds no more than a job', () => {
    fc.assert(
      fc.property(fc.array(fc.oneof(fc.uint8Array({ maxLength: 100 }), fc.constantFrom(hex('55aa21'), hex('55aa5109'), job.subarray(0, 40)))), (chunks) => {
        const splitter = new TransmitSplitter();
        for (const chunk of chunks) {
          splitter.push(chunk);
          expect(splitter.heldBytes).toBeLessThan(152);
        }
      }),
      runs,
    );
  });
});
