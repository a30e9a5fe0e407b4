import { RigError } from '../../protocol/common/errors.ts';

/** The part of the binding of npm `serialport` that opens ports. */
export interface SerialBinding {
  /** @returns a LinuxPortBinding. @throws Error with the system's own text */
  open(options: { path: string; baudRate: number }): Promise<unknown>;
}

/** @throws RigError E_DEVICE_PORT when the library is not installed or has no build for this machine */
export async function loadBinding(): Promise<SerialBinding> {
  if (process.platform !== 'linux') throw new RigError('E_DEVICE_PORT', `serial ports are not supported on ${process.platform}`, { hint: 'Run it on Linux, such as a Raspberry Pi.' });
  try {
    return (await import('@serialport/bindings-cpp')).LinuxBinding;
  } catch (error) {
    throw new RigError('E_DEVICE_PORT', 'the serial port library cannot be loaded', { cause: error, hint: 'Install the optional packages: npm install --include=optional' });
  }
}
