/** What USB devices tell of themselves, read once for each plugging in. */
import type { UsbPlace } from '../transport/contract.ts';
import { slowText, text } from './sysfs.ts';

export type KnownPlace = UsbPlace & { readonly busPath: string };

const HUB = '09';
/** A device with a loose plug must not pile up readings. */
const MAX_READING = 64;

interface Known {
  readonly devnum: string | null;
  /** Null = a hub. */
  readonly place: KnownPlace | null;
}

/**
 * The kernel locks a device to tell its strings, and a driver that waits for a sick device holds that lock for seconds. So they are
 * read one after the other, off the event loop: one sick device costs one of the few threads for files, and whoever looks meanwhile
 * sees all devices but those still being read.
 */
export class Places {
  readonly #known = new Map<string, Known>();
  readonly #reading = new Map<string, Promise<void>>();
  #lane: Promise<void> = Promise.resolve();

  /** Undefined = not read yet, or another device than the one that was read; null = a hub. */
  get(busPath: string, devnum: string | null): KnownPlace | null | undefined {
    const known = this.#known.get(busPath);
    return known?.devnum === devnum ? known?.place : undefined;
  }

  /** Reads a device; shares the reading with whoever wants the same. Never rejects. */
  read(folder: string, busPath: string, devnum: string | null): Promise<void> {
    const key = `${busPath} ${devnum}`;
    const shared = this.#reading.get(key);
    if (shared !== undefined) return shared;
    if (this.#reading.size >= MAX_READING) return this.#lane;
    this.#lane = this.#lane.then(async () => {
      const place = await readPlace(folder, busPath);
      this.#reading.delete(key);
      this.#known.set(busPath, { devnum, place });
    });
    this.#reading.set(key, this.#lane);
    return this.#lane;
  }

  /** Forgets all devices but these. */
  keep(busPaths: readonly string[]): void {
    const present = new Set(busPaths);
    for (const busPath of this.#known.keys()) if (!present.has(busPath)) this.#known.delete(busPath);
  }
}

async function readPlace(folder: string, busPath: string): Promise<KnownPlace | null> {
  const [vendorId, productId] = [text(`${folder}/idVendor`), text(`${folder}/idProduct`)];
  if (vendorId === null || productId === null || text(`${folder}/bDeviceClass`) === HUB) return null;
  const bcd = Number.parseInt(text(`${folder}/bcdDevice`) ?? '', 16);
  const manufacturer = await slowText(`${folder}/manufacturer`);
  const product = await slowText(`${folder}/product`);
  const serial = await slowText(`${folder}/serial`);
  return {
    vendorId: vendorId.toLowerCase(),
    productId: productId.toLowerCase(),
    manufacturer: manufacturer || null,
    product: product || null,
    serial: serial || null,
    bcdDevice: Number.isNaN(bcd) ? null : bcd,
    busPath,
  };
}
