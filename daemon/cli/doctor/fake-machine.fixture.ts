import type { HidInfo, Machine, SerialPortInfo } from './machine.ts';

export interface FakeParts {
  /** Output by command line, e.g. `vcgencmd get_throttled`. */
  readonly commands?: Readonly<Record<string, string>>;
  /** File texts and, for folders, nothing: folders are derived from the paths. */
  readonly files?: Readonly<Record<string, string>>;
  readonly links?: Readonly<Record<string, string>>;
  readonly freeBytes?: number | null;
  /** Why a host:port cannot be reached; hosts not named answer. */
  readonly unreachable?: Readonly<Record<string, string>>;
  readonly ports?: readonly SerialPortInfo[] | Error;
  readonly hid?: readonly HidInfo[] | Error;
  readonly user?: Machine['user'];
  readonly nodeVersion?: string;
}

export function fakeMachine(parts: FakeParts = {}): Machine {
  const files = parts.files ?? {};
  const links = parts.links ?? {};
  return {
    run: async (command, args) => parts.commands?.[[command, ...args].join(' ')] ?? null,
    read: (file) => files[file] ?? null,
    list: (folder) => [...new Set([...Object.keys(files), ...Object.keys(links)].flatMap((file) => (file.startsWith(`${folder}/`) ? [file.slice(folder.length + 1).split('/')[0]!] : [])))],
    link: (file) => links[file] ?? null,
    freeBytes: () => (parts.freeBytes === undefined ? 50e9 : parts.freeBytes),
    connect: async (host, port) => parts.unreachable?.[`${host}:${port}`] ?? null,
    async serialPorts() {
      if (parts.ports instanceof Error) throw parts.ports;
      return parts.ports ?? [];
    },
    async hidDevices() {
      if (parts.hid instanceof Error) throw parts.hid;
      return parts.hid ?? [];
    },
    user: parts.user ?? { name: 'miner', uid: 1000, gids: [1000] },
    nodeVersion: parts.nodeVersion ?? '20.20.0',
  };
}

export function usbPort(path: string): SerialPortInfo {
  return { path, manufacturer: 'FTDI', vendorId: '0403', productId: '6015', serialNumber: 'DM01' };
}
