/**
 * Turns the start-up sequence of a chip into frames and waits for one chain. In two halves, because the number of chips
 * is only known after the first: send `planEnumeration`, count the answers, then carry out `planStart`.
 */
import { addressInterval, chipAddresses, commandAddress } from '../addressing.ts';
import type { Bm13xxChip } from '../chips.ts';
import { ALL_CHIPS, encodeChainInactive, encodeRead, encodeSetAddress, encodeWrite } from '../command.ts';
import { domainEndFrames, relayFrames, type Topology } from '../domains.ts';
import { frequencyChange } from '../frequency.ts';
import { hashCountingNumber } from '../nonce-space.ts';
import { RAMP_START_MHZ, RAMP_STEP_MS, rampFrequencies } from '../ramp.ts';
import { REGISTER } from '../registers.ts';
import { ticketMaskValue } from '../ticket-mask.ts';
import { planBaudChange } from '../uart.ts';
import { versionRollingValue } from '../version-rolling.ts';
import { INIT_SEQUENCES } from './sequences.ts';
import type { InitStep } from './steps.ts';

/** The reset pulse before everything: NRST low, then high, then the first frame. */
export const RESET_LOW_MS = 100;
export const RESET_SETTLE_MS = 200;
/** Wait after a write that asks for no longer one. */
export const WRITE_WAIT_MS = 10;
/** A chain has answered completely when it is silent for this long. */
export const ENUMERATION_SILENCE_MS = 1000;

export type InitAction =
  | { readonly do: 'send'; readonly frame: Uint8Array; readonly waitMs: number; /** Frequency after this frame, for the step that sets it. */ readonly mhz?: number }
  /** Count chip-id replies until silence. */
  | { readonly do: 'count-chips'; readonly silenceMs: number }
  /** From here on replies have this length. */
  | { readonly do: 'reply-bytes'; readonly bytes: 9 | 11 }
  | { readonly do: 'wait'; readonly ms: number }
  | { readonly do: 'drain' }
  | { readonly do: 'host-baud'; readonly baud: number }
  | { readonly do: 'flush-input' };

export interface StartOptions {
  /** Chips counted. */
  readonly chips: number;
  readonly mhz: number;
  /** Hashes below it are not reported; the greatest power of two not above it counts. */
  readonly ticketDifficulty: number;
  /** Bits of the version the chip may roll, 1fffe000 unless the pool allows fewer. */
  readonly versionMask: number;
  /** Speed to change to; null stays at 115,200. */
  readonly hostBaud: number | null;
  /** Address distance of neighbours; null: what the chip and the number of chips ask for. */
  readonly addressStride: number | null;
  /** Set-address frames to send; null: one a chip. Factory firmware sends 128. */
  readonly addressFrames: number | null;
  /** Voltage domains; null: one. */
  readonly topology: Topology | null;
}

/** Options of a small chain; `versionMask` is all bits BIP320 frees. */
export function startOptions(chip: Bm13xxChip, required: Pick<StartOptions, 'chips' | 'mhz'>): StartOptions {
  return { ticketDifficulty: 256, versionMask: 0x1fffe000, hostBaud: chip.uart.fastBaud, addressStride: null, addressFrames: null, topology: null, ...required };
}

function send(frame: Uint8Array, waitMs = WRITE_WAIT_MS): InitAction {
  return { do: 'send', frame, waitMs };
}

function rollingActions(chip: Bm13xxChip, mask: number, times: number): InitAction[] {
  const frame = encodeWrite(ALL_CHIPS, REGISTER.versionMask, versionRollingValue(mask));
  return [...Array.from({ length: times }, () => send(frame)), { do: 'reply-bytes', bytes: chip.replyBytes }];
}

/**
 * Everything up to the count of chips. Replies have 9 bytes after a reset until an action says otherwise.
 * @throws RangeError when the mask has bits the chip cannot roll
 */
export function planEnumeration(chip: Bm13xxChip, versionMask = 0x1fffe000, sequence: readonly InitStep[] = INIT_SEQUENCES[chip.name]): InitAction[] {
  const actions: InitAction[] = [{ do: 'reply-bytes', bytes: 9 }];
  for (const step of sequence) {
    if (step.do === 'version-rolling') actions.push(...rollingActions(chip, versionMask, step.times ?? 1));
    if (step.do === 'enumerate') break;
  }
  return [...actions, send(encodeRead(ALL_CHIPS, REGISTER.chipId), 0), { do: 'count-chips', silenceMs: ENUMERATION_SILENCE_MS }];
}

/**
 * Everything after the count of chips. The frequency is raised from 50 MHz: set the voltage before this begins.
 * @throws RangeError when an option does not fit the chip
 */
export function planStart(chip: Bm13xxChip, options: StartOptions, sequence: readonly InitStep[] = INIT_SEQUENCES[chip.name]): InitAction[] {
  const stride = options.addressStride ?? addressInterval(chip, options.chips);
  const addresses = chipAddresses(chip, options.chips, stride);
  const commandAddresses = addresses.map((address) => commandAddress(chip, address));
  const after = sequence.findIndex((step) => step.do === 'enumerate') + 1;
  return sequence.slice(after).flatMap((step) => actionsOf(chip, options, step, stride, commandAddresses));
}

function actionsOf(chip: Bm13xxChip, options: StartOptions, step: InitStep, stride: number, addresses: readonly number[]): InitAction[] {
  const to = (index: number, register: number, value: number, waitMs?: number): InitAction => send(encodeWrite({ chipAddress: addresses.at(index)! }, register, value), waitMs);
  switch (step.do) {
    case 'enumerate':
      return [];
    case 'write':
      return [send(encodeWrite(ALL_CHIPS, step.register, step.value), step.waitMs)];
    case 'write-first':
      return [to(0, step.register, step.value)];
    case 'write-last':
      return [to(-1, step.register, step.value)];
    case 'write-each':
      return addresses.flatMap((_, index) => step.writes.map(([register, value]) => to(index, register, value, step.waitMs)));
    case 'chain-inactive':
      return [send(encodeChainInactive())];
    case 'set-addresses':
      return chipAddresses(chip, options.addressFrames ?? options.chips, stride).map((address) => send(encodeSetAddress(address)));
    case 'ticket-mask':
      return [send(encodeWrite(ALL_CHIPS, REGISTER.ticketMask, ticketMaskValue(options.ticketDifficulty)))];
    case 'version-rolling':
      return rollingActions(chip, options.versionMask, step.times ?? 1);
    case 'hash-counting':
      return [send(encodeWrite(ALL_CHIPS, REGISTER.hashCountingNumber, hashCountingNumber(chip, options.mhz, options.chips)))];
    case 'ramp':
      return rampActions(chip, RAMP_START_MHZ, options.mhz);
    case 'domain-ends':
      return options.topology === null ? [] : domainEndFrames(chip, options.topology, addresses).map((frame) => send(frame));
    case 'relays':
      return options.topology === null ? [] : relayFrames(options.topology, addresses).map((frame) => send(frame));
    case 'baud':
      return options.hostBaud === null ? [] : planBaudChange(chip, options.hostBaud).map((action) => (action.do === 'send' ? send(action.frame, 0) : action));
    case 'wait':
      return [{ do: 'wait', ms: step.ms }];
  }
}

/** The frames of a ramp from one frequency to another, each step with its wait. @throws RangeError when there is no such frequency */
export function rampActions(chip: Bm13xxChip, fromMhz: number, toMhz: number): InitAction[] {
  return rampFrequencies(fromMhz, toMhz).flatMap((target) => {
    const { frames, setting } = frequencyChange(chip, target);
    return frames.map((frame, i): InitAction => (i < frames.length - 1 ? send(frame) : { do: 'send', frame, waitMs: RAMP_STEP_MS, mhz: setting.mhz }));
  });
}
