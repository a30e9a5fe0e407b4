/** Replay events and counts as plain JSON values: bytes and header numbers in hex, keys in snake case. */
import { displayHash } from '../../bitcoin/header.ts';
import { bytesToHex, u32ToHex } from '../../common/bytes.ts';
import type { Command } from '../command.ts';
import { decodeFields, registerModel } from '../registers.ts';
import type { ReplayEvent, ReplaySummary } from './events.ts';

export type JsonObject = Readonly<Record<string, unknown>>;

function commandToJson(command: Command): JsonObject {
  switch (command.kind) {
    case 'chain-inactive':
      return { kind: command.kind };
    case 'set-address':
      return { kind: command.kind, chip_address: command.chipAddress };
    case 'read':
      return { kind: command.kind, ...targetToJson(command.target), ...registerToJson(command.register) };
    case 'write':
      return { kind: command.kind, ...targetToJson(command.target), ...registerToJson(command.register), value: u32ToHex(command.value), fields: decodeFields(command.register, command.value) };
  }
}

function targetToJson(target: 'all' | { readonly chipAddress: number }): JsonObject {
  return target === 'all' ? { target } : { target: 'chip', chip_address: target.chipAddress };
}

function registerToJson(register: number): JsonObject {
  return { register, register_name: registerModel(register)?.name ?? null };
}

/** One event as an object for a JSON line. Hashes in display order, null where nothing is known. */
export function eventToJson(event: ReplayEvent): JsonObject {
  switch (event.type) {
    case 'command':
      return { type: event.type, hex: bytesToHex(event.frame), ...commandToJson(event.command) };
    case 'job': {
      const { job } = event;
      const common = { type: event.type, hex: bytesToHex(event.frame), format: event.format, job: event.serial, job_id: job.jobId };
      const version = event.format === 'full-header' ? { version: u32ToHex(event.job.version) } : { midstates: event.job.midstates.length };
      return { ...common, ...version, ntime: u32ToHex(job.ntime), nbits: u32ToHex(job.nbits) };
    }
    case 'register': {
      const { register, chipAddress, value } = event.reply;
      return { type: event.type, hex: bytesToHex(event.frame), ...registerToJson(register), chip_address: chipAddress, value: u32ToHex(value), fields: decodeFields(register, value) };
    }
    case 'nonce': {
      const { location } = event;
      return {
        type: event.type,
        hex: bytesToHex(event.frame),
        chip: event.chip,
        verdict: event.verdict,
        duplicate: event.duplicate,
        job: event.jobSerial,
        job_id: location?.jobId ?? null,
        nonce: u32ToHex(event.reply.nonce),
        version: event.version === null ? null : u32ToHex(event.version),
        core: location?.core ?? null,
        sub_core: location?.subCore ?? null,
        midstate_slot: location?.midstateSlot ?? null,
        address_field: location?.addressField ?? null,
        difficulty: event.difficulty,
        hash: event.hash === null ? null : displayHash(event.hash),
      };
    }
    case 'unreadable':
      return { type: event.type, dir: event.direction, hex: bytesToHex(event.frame), problem: event.problem };
    case 'skipped':
      return { type: event.type, dir: event.direction, bytes: event.bytes, crc_errors: event.crcErrors };
  }
}

/** The counts of a capture as one object. */
export function summaryToJson(summary: ReplaySummary): JsonObject {
  return {
    chip: summary.chip,
    chips: summary.chips,
    commands: summary.commands,
    jobs: summary.jobs,
    registers: summary.registers,
    nonces: summary.nonces,
    nonces_verified: summary.noncesVerified,
    nonces_below_ticket: summary.noncesBelowTicket,
    nonces_unknown_job: summary.noncesUnknownJob,
    hardware_errors: summary.hardwareErrors,
    duplicates: summary.duplicates,
    crc_errors: summary.crcErrors,
    bytes_skipped: summary.bytesSkipped,
    bytes_incomplete: summary.bytesIncomplete,
  };
}
