/** Options that say where a device is plugged in; the same words in every driver with a serial port. */
import { z } from 'zod';

const devicePath = z.string().regex(/^\//, 'must be an absolute path, best one under /dev/serial/by-id');

/** For devices with one port. */
export const portOptions = {
  port: devicePath.describe('Path of the serial port. Default: the device with this id, serial number or socket that is found on USB.').optional(),
  usb_serial: z.string().min(1).describe('Serial number of the USB device, as `rigbrain devices` shows it.').optional(),
  usb_path: z
    .string()
    .regex(/^\d+-\d+(\.\d+)*$/, 'looks like 1-1.2')
    .describe('Socket the USB device is plugged into, as `rigbrain devices` shows it: for devices without a serial number of their own.')
    .optional(),
};

/** For devices with a second port beside that of the chips. */
export const controlPortOption = devicePath.describe('Path of the control port, when `port` is given.').optional();
export const telemetryPortOption = devicePath.describe('Path of the telemetry port, when `port` is given. Default: none.').optional();

/** For trying drivers out on simulated chips. */
export const nonceZeroBits = z.int().min(4).max(32).default(32).describe('Zero bits of every nonce the chips report: 32. Less only for the easier chips of `rigbrain sim`.');

/** What a device's options say of its place. */
export interface PortPlace {
  readonly port?: string | undefined;
  readonly control_port?: string | undefined;
  readonly telemetry_port?: string | undefined;
  readonly usb_serial?: string | undefined;
  readonly usb_path?: string | undefined;
}
