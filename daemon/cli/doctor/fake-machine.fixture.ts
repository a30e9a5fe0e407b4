import type { Found } from '../../../drivers/discovery/found.ts';
import type { Machine } from './machine.ts';

export interface FakeParts {
  /** Output by command line, e.g. `vcgencmd get_throttled`. */
  readonly commands?: Readonly<Record<string, string>>;
  /** File texts and, for folders, nothing: folders are derived from the paths. */
  readonly files?: Readonly<Record<string, string>>;
  readonly links?: Readonly<Record<string, string>>;
  readonly freeBytes?: number | null;
  /** Why a host:port cannot be reached; hosts not named answer. */
  readonly unreachable?: Readonly<Record<string, string>>;
  readonly found?: Found;
  /** Why a port cannot be opened, by path; ports not named can. */
  readonly portProblems?: Readonly<Record<string, string>>;
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
    find: async () => parts.found ?? { devices: [], otherPorts: [] },
    portProblem: (path) => parts.portProblems?.[path] ?? null,
    user: parts.user ?? { name: 'miner', uid: 1000, gids: [1000] },
    nodeVersion: parts.nodeVersion ?? '20.20.0',
  };
}
