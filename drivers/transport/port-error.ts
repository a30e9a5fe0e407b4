/** Why a port cannot be used, in words that help. The binding tells the system's own text and no code. */
import { messageOf, RigError } from '../../protocol/common/errors.ts';

interface Reading {
  readonly says: RegExp;
  readonly what: string;
  readonly hint: string;
}

const READINGS: readonly Reading[] = [
  { says: /permission denied|EACCES|EPERM|not permitted/i, what: 'may not be opened by this user', hint: 'Add the user to the group that owns the port: sudo usermod -aG dialout $USER (uucp on Arch), then log in again. A service needs SupplementaryGroups=dialout.' },
  { says: /cannot lock port|resource busy|EBUSY/i, what: 'is held by another program', hint: 'Stop the other program, or a second Rigbrain; `sudo fuser -v PORT` names it. ModemManager lets go when it is told to ignore the device.' },
  { says: /no such file|ENOENT/i, what: 'is not there', hint: 'Plug the device in, or correct the path: `rigbrain devices` lists the ports there are.' },
  { says: /no such device|ENXIO|ENODEV|input\/output error|EIO/i, what: 'is there but its device does not answer', hint: 'Unplug it and plug it in again; a hub without enough power is a frequent cause.' },
  { says: /inappropriate ioctl|ENOTTY|is a directory|EISDIR/i, what: 'is not a serial port', hint: 'Give the path of a tty, best one under /dev/serial/by-id.' },
];

/** An error of the system as a RigError E_DEVICE_PORT that names the port. */
export function portError(path: string, error: unknown): RigError {
  if (error instanceof RigError) return error;
  const text = messageOf(error);
  const reading = READINGS.find(({ says }) => says.test(text));
  const options = { cause: error, context: { port: path } };
  if (reading === undefined) return new RigError('E_DEVICE_PORT', `the port ${path} cannot be used: ${text}`, options);
  return new RigError('E_DEVICE_PORT', `the port ${path} ${reading.what}`, { ...options, hint: reading.hint.replace('PORT', path) });
}

/** Why a line that was open is dead, for a person. */
export function goneReason(path: string, error: unknown): string {
  const text = messageOf(error);
  return /EIO|ENXIO|ENODEV|EBADF|bad file descriptor|input\/output|no such device/i.test(text) ? `${path} went away` : `${path}: ${text}`;
}
