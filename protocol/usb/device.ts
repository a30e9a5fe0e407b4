/** What is known of USB devices that mine, and of those that look like it. */

/** Which driver family speaks to it; null = none here does. */
export type DeviceFamily = 'bitaxe-raw' | 'gekko' | 'icarus' | 'bm13xx-serial';

/** What a serial interface of the device is for. */
export type PortRole = 'control' | 'asic' | 'telemetry';

export interface UsbPort {
  readonly role: PortRole;
  /** bInterfaceNumber. */
  readonly interfaceNumber: number;
}

/**
 * What proves that it is this device. strings: its own product name (and manufacturer, where told). ids: vendor and
 * product id belong to it alone. probe: ids and strings are those of a bridge chip that many gadgets use, so only an
 * answer on the wire, or a person, can tell.
 */
export type UsbProof = 'strings' | 'ids' | 'probe';

export interface KnownUsbDevice {
  /** Stable word for configuration and documents. */
  readonly key: string;
  readonly title: string;
  /** 4 lower-case hex digits each. */
  readonly vendorId: string;
  readonly productId: string;
  /** Any of these; null = not known or not checked. */
  readonly manufacturers: readonly string[] | null;
  readonly product: string | null;
  readonly proof: UsbProof;
  readonly family: DeviceFamily | null;
  /** Serial ports by role; empty = it has no serial port. */
  readonly ports: readonly UsbPort[];
  /** What the system makes of it in /dev: serial ports, a HID node, or nothing but the raw USB device. */
  readonly node: 'tty' | 'hidraw' | 'usb';
  /** For a person: why there is no driver, or what to know. */
  readonly note: string | null;
}

/** What the system tells of a plugged device; null = not told. */
export interface UsbFacts {
  readonly vendorId: string;
  readonly productId: string;
  readonly manufacturer: string | null;
  readonly product: string | null;
}
