/** A frame of a replay in plain words. */
import type { ReplayEvent } from '../../../protocol/bm13xx/replay/events.ts';
import type { Command, Target } from '../../../protocol/bm13xx/command.ts';
import { registerModel } from '../../../protocol/bm13xx/registers.ts';

const hex = (value: number, digits: number): string => value.toString(16).padStart(digits, '0');

function targetText(target: Target): string {
  return target === 'all' ? 'all chips' : `chip ${hex(target.chipAddress, 2)}`;
}

/** `14 ticketMask`, or the number alone when nobody has named it. */
function registerText(register: number): string {
  const name = registerModel(register)?.name;
  return `${hex(register, 2)}${name === undefined ? '' : ` ${name}`}`;
}

function commandText(command: Command): string {
  switch (command.kind) {
    case 'set-address': return `next chip is ${hex(command.chipAddress, 2)}`;
    case 'write': return `write register ${registerText(command.register)} = ${hex(command.value, 8)} to ${targetText(command.target)}`;
    case 'read': return `read register ${registerText(command.register)} of ${targetText(command.target)}`;
    case 'chain-inactive': return 'chips stop taking commands until they have an address';
  }
}

/** `tx` is to the chips, `rx` from them. */
export function replayLine(event: ReplayEvent): string {
  switch (event.type) {
    case 'command': return `tx  ${commandText(event.command)}`;
    case 'job': return `tx  job ${event.serial} (id ${event.job.jobId}, ${event.format})`;
    case 'register': return `rx  chip ${hex(event.reply.chipAddress, 2)}: register ${registerText(event.reply.register)} = ${hex(event.reply.value, 8)}`;
    case 'nonce': return `rx  nonce ${hex(event.reply.nonce, 8)}${event.jobSerial === null ? '' : ` for job ${event.jobSerial}`}${event.difficulty === null ? '' : `, difficulty ${Number(event.difficulty.toPrecision(4))}`}: ${event.verdict}${event.duplicate ? ', duplicate' : ''}`;
    case 'unreadable': return `${event.direction}  unreadable frame: ${event.problem}`;
    case 'skipped': return `${event.direction}  ${event.bytes} bytes skipped${event.crcErrors > 0 ? `, ${event.crcErrors} wrong checksums` : ''}`;
  }
}
