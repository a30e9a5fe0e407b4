import { captureTransport } from '../../drivers/transport/capture.ts';
import { CaptureFolder } from '../../drivers/transport/capture-file.ts';
import type { Transport } from '../../drivers/transport/contract.ts';
import { SerialTransport } from '../../drivers/transport/serial.ts';
import type { Clock } from '../../protocol/common/clock.ts';
import { messageOf, RigError } from '../../protocol/common/errors.ts';
import type { Log } from '../../protocol/common/log.ts';

/**
 * How this run opens serial ports.
 * @param captureDir folder where everything that goes over them is written down; null = nowhere
 * @throws RigError E_CAPTURE when that folder cannot be made
 */
export function serialPorts(captureDir: string | null, clock: Clock, log: Log): (path: string, baud: number) => Transport {
  const open = (path: string, baud: number): Transport => new SerialTransport(path, baud, { clock });
  if (captureDir === null) return open;
  try {
    const captures = new CaptureFolder(captureDir, clock, log);
    return (path, baud) => captureTransport(open(path, baud), captures.sinkFor(path));
  } catch (error) {
    throw new RigError('E_CAPTURE', `the folder ${captureDir} cannot be made: ${messageOf(error)}`, { cause: error, hint: 'Give --capture a folder you may write.' });
  }
}
