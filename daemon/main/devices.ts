import type { DeviceConfig } from '../../config/schema.ts';
import type { Device, DriverContext } from '../../drivers/contract.ts';
import type { PortAccess } from '../../drivers/transport/contract.ts';
import { loadDriver } from '../../drivers/registry.ts';
import { RigError, messageOf } from '../../protocol/common/errors.ts';
import type { Hardware } from './hardware.ts';
import { listedDevices, type DeviceOverrides } from './listed-devices.ts';

export interface DeviceParts extends Pick<DriverContext<unknown>, 'clock' | 'log' | 'cacheDir'> {
  readonly hardware: Hardware;
  /** True: a rig without a device has something to do, for it serves other miners. */
  readonly mayBeNone: boolean;
}

/** Makes one device; opens nothing. @throws RigError E_DEVICE_UNKNOWN when its driver cannot be loaded, ZodError for wrong options */
export async function createDevice(entry: Pick<DeviceConfig, 'id' | 'driver' | 'options'>, ports: PortAccess, { clock, log, cacheDir }: Omit<DeviceParts, 'hardware' | 'mayBeNone'>): Promise<Device> {
  const driver = await loadDriver(entry.driver);
  const options = driver.options.parse(entry.options);
  return driver.create({ id: entry.id, options, clock, log: log.child({ device: entry.id }), cacheDir, ports });
}

/**
 * Makes the configured devices; opens nothing. A device that cannot be made is reported and left out.
 * @throws RigError E_DEVICE_UNKNOWN when not one of them could be made, and one is needed
 */
export async function createDevices(configured: readonly DeviceConfig[], overrides: DeviceOverrides, { hardware, mayBeNone, ...parts }: DeviceParts): Promise<Device[]> {
  const wanted = listedDevices(configured, overrides).filter((entry) => entry.enabled);
  const devices: Device[] = [];
  const failures: string[] = [];
  for (const entry of wanted) {
    try {
      devices.push(await createDevice(entry, hardware.portsOf(entry), parts));
    } catch (error) {
      failures.push(`${entry.id}: ${messageOf(error)}`);
      parts.log.error({ device: entry.id, driver: entry.driver, err: messageOf(error) }, 'device is left out');
    }
  }
  if (devices.length === 0 && !mayBeNone) throw new RigError('E_DEVICE_UNKNOWN', `no device can be used: ${failures.join('; ') || 'all are disabled in the configuration'}`);
  return devices;
}
