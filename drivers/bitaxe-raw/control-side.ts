/** The control port of a board, opened: who asks it, in the framing its firmware has. */
import { ControlChannel } from '../../protocol/bitaxe-raw/control-channel.ts';
import { BITAXE_RAW_FIRMWARE, replyFormatOf, type BitaxeRawFirmwareName, type ReplyFormat } from '../../protocol/bitaxe-raw/firmware.ts';
import type { Clock } from '../../protocol/common/clock.ts';
import { RigError } from '../../protocol/common/errors.ts';
import type { FoundPorts } from '../asic/parts.ts';
import type { Transport, UsbPlace } from '../transport/contract.ts';
import { ControlClient } from './control-client.ts';
import { EMBERONE } from './plan.ts';
import { probeReplyFormat } from './reply-format.ts';

/** What the bridge ignores, and must be given. */
export const CONTROL_BAUD = 115_200;

export type DrivenFirmware = Extract<BitaxeRawFirmwareName, 'bitaxe' | 'emberone'>;

/** @throws RigError E_DEVICE_PORT when one of the ports is not there */
export function portPath(found: FoundPorts, role: 'control' | 'asic'): string {
  const path = found.ports[role];
  if (path !== undefined) return path;
  const hint = role === 'control' ? 'A bitaxe-raw board has two ports; with `port` in the configuration, write the other one as control_port.' : 'A bitaxe-raw board has two ports: write both, port and control_port.';
  throw new RigError('E_DEVICE_PORT', `the ${role === 'asic' ? 'data' : role} port of the board was not found`, { hint });
}

/** Which firmware it is by what USB tells, else by the configuration. @throws RigError E_DEVICE_UNKNOWN when its ASICs are not those of this driver */
export function firmwareOf(usb: UsbPlace | null, board: string): DrivenFirmware {
  const product = (usb?.product ?? '').toLowerCase();
  if (product.includes('bonanza') || product.includes('birds') || `${usb?.vendorId}:${usb?.productId}`.toLowerCase() === 'c0de:b17d') {
    throw new RigError('E_DEVICE_UNKNOWN', `there is no driver for ${usb?.product ?? 'this board'}: its ASICs are not of the BM13xx family`, { hint: 'Take it out of the configuration.' });
  }
  return board === EMBERONE || product.includes('emberone') ? 'emberone' : 'bitaxe';
}

export interface ControlSideParts {
  readonly transport: Transport;
  readonly firmware: DrivenFirmware;
  readonly bcdDevice: number | null;
  readonly replyFormat: 'auto' | 'v0' | 'v1';
  readonly clock: Clock;
}

/**
 * Opens the port and finds its framing. On failure it is closed again.
 * @throws RigError E_DEVICE_PORT, E_DEVICE_CONTROL, E_DEVICE_UNKNOWN (another firmware answers); the signal's reason
 */
export async function openControl(parts: ControlSideParts, signal: AbortSignal): Promise<ControlClient> {
  const { transport } = parts;
  try {
    await transport.open();
    return await clientOf(parts, signal);
  } catch (error) {
    await transport.close();
    throw error;
  }
}

/** Finds the framing of a port that is open. @throws RigError E_DEVICE_CONTROL, E_DEVICE_UNKNOWN (another firmware answers); the signal's reason */
export async function clientOf(parts: ControlSideParts, signal: AbortSignal): Promise<ControlClient> {
  const { transport, clock } = parts;
  signal.throwIfAborted();
  await transport.flushInput();
  const format = await formatOf(parts, signal);
  if (format === 'bonanza') {
    throw new RigError('E_DEVICE_UNKNOWN', `${transport.name}: this is the bridge of a Bonanza, whose ASICs are not of the BM13xx family: there is no driver`, { hint: 'Take it out of the configuration.' });
  }
  signal.throwIfAborted();
  return new ControlClient({ transport, channel: new ControlChannel(format), clock });
}

function formatOf({ transport, firmware, bcdDevice, replyFormat, clock }: ControlSideParts, signal: AbortSignal): Promise<ReplyFormat> {
  const told = replyFormat === 'auto' ? replyFormatOf(BITAXE_RAW_FIRMWARE[firmware], bcdDevice) : replyFormat;
  return told === null ? probeReplyFormat(transport, clock, signal) : Promise.resolve(told);
}
