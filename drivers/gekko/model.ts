import { RigError } from '../../protocol/common/errors.ts';
import { GEKKO_STICKS, type GekkoStickName } from '../../protocol/gekko/sticks.ts';
import { matchUsbDevice } from '../../protocol/usb/identity.ts';
import type { UsbPlace } from '../transport/contract.ts';

/** The stick that the USB names of a device are those of; null = they are of none. */
export function modelOfUsb(usb: UsbPlace | null): GekkoStickName | null {
  const match = usb === null ? null : matchUsbDevice(usb);
  if (match?.kind !== 'identified') return null;
  return Object.hasOwn(GEKKO_STICKS, match.device.key) ? (match.device.key as GekkoStickName) : null;
}

/** @throws RigError E_DEVICE_PORT when neither the options nor the names tell it */
export function chooseModel(configured: GekkoStickName | undefined, usb: UsbPlace | null): GekkoStickName {
  const model = configured ?? modelOfUsb(usb);
  if (model !== null) return model;
  throw new RigError('E_DEVICE_PORT', 'which stick it is cannot be told: its USB names are not known', { hint: `Set \`model\` to one of ${Object.keys(GEKKO_STICKS).join(', ')}.` });
}
