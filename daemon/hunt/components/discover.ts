/** Finds components: every folder of `components/` that has a manifest, usable or not. */
import { open, readdir, realpath, stat, type FileHandle } from 'node:fs/promises';
import path from 'node:path';
import { messageOf } from '../../../protocol/common/errors.ts';
import type { ComponentInfo } from '../../hub/api-types.ts';
import { packageRoot } from '../../version.ts';
import { MANIFEST_NAME, manifestSchema, type Manifest } from './manifest.ts';

/** Both bound what a look at the folders may cost, and the hub's answer. */
export const MOST_COMPONENTS = 200;
const LONGEST_MANIFEST = 64 * 1024;
const MOST_ISSUES = 3;

/** A component that may be run. */
export interface Component {
  readonly manifest: Manifest;
  /** Of the manifest, absolute, without symbolic links. */
  readonly folder: string;
  /** Likewise. */
  readonly script: string;
}

export interface Found {
  readonly info: ComponentInfo;
  /** Null = it is quarantined. */
  readonly component: Component | null;
}

/** Those shipped with the product, then those of this rig. @param configured `hunt.components`, relative to the data folder */
export const componentFolders = (dataDir: string, configured = 'components'): string[] => [path.join(packageRoot(), 'components'), path.resolve(dataDir, configured)];

/**
 * Reads all manifests anew. A folder of components that is not there has none. What is wrong with a component stands in its `reason`; of
 * two with the same name and version the first found is used.
 */
export async function discover(folders: readonly string[]): Promise<Found[]> {
  const found: Found[] = [];
  const seen = new Set<string>();
  const owner = new Map<string, string>();
  for (const folder of folders) {
    const names = await readdir(folder).catch(() => []);
    for (const name of names.sort()) {
      if (name.startsWith('.')) continue;
      const place = await realpath(path.join(folder, name)).catch(() => null);
      if (place === null || seen.has(place) || !(await isThere(path.join(place, MANIFEST_NAME)))) continue;
      if (found.length === MOST_COMPONENTS) return [...found, quarantined({ ...UNKNOWN, name, component_path: place }, `there are more than ${MOST_COMPONENTS} components; this and what comes after it is not looked at`)];
      seen.add(place);
      const one = await readComponent(place);
      const key = keyOf(one.info);
      const other = one.component === null ? undefined : owner.get(key);
      if (one.component !== null && other === undefined) owner.set(key, place);
      found.push(other === undefined ? one : quarantined(one.info, `${key} is in ${other}, too, which is used`));
    }
  }
  return found;
}

/** For the hub. */
export async function listComponents(folders: readonly string[]): Promise<ComponentInfo[]> {
  return (await discover(folders)).map(({ info }) => info);
}

export const keyOf = ({ name, version }: { readonly name: string; readonly version: string | null }): string => `${name}@${version ?? '?'}`;

const UNKNOWN = { version: null, description: null, usable: false, reason: null, manifest: null };

async function readComponent(folder: string): Promise<Found> {
  const unknown: ComponentInfo = { ...UNKNOWN, name: path.basename(folder), component_path: folder };
  let json: unknown;
  try {
    json = JSON.parse((await readShort(path.join(folder, MANIFEST_NAME))).replace(/^\uFEFF/, ''));
  } catch (error) {
    return quarantined(unknown, `${MANIFEST_NAME}: ${messageOf(error)}`);
  }
  const shown = { ...unknown, ...labels(json) };
  const parsed = manifestSchema.safeParse(json);
  if (!parsed.success) {
    const { issues } = parsed.error;
    const told = issues.slice(0, MOST_ISSUES).map((issue) => `${issue.path.length === 0 ? '' : `${issue.path.join('.')}: `}${issue.message}`);
    return quarantined(shown, `${told.join('; ')}${issues.length > MOST_ISSUES ? `; and ${issues.length - MOST_ISSUES} more` : ''}`);
  }
  const script = await scriptOf(folder, parsed.data.script_to_run);
  if ('reason' in script) return quarantined(shown, `script_to_run: ${script.reason}`);
  return { info: { ...shown, usable: true }, component: { manifest: parsed.data, folder, script: script.file } };
}

const quarantined = (info: ComponentInfo, reason: string): Found => ({ info: { ...info, usable: false, reason }, component: null });

/** What can be shown of a manifest that may be wrong. */
function labels(json: unknown): Partial<ComponentInfo> {
  if (typeof json !== 'object' || json === null || Array.isArray(json)) return {};
  const manifest = json as Record<string, unknown>;
  return {
    manifest,
    ...(typeof manifest['name'] === 'string' && { name: manifest['name'].slice(0, 100) }),
    ...(typeof manifest['version'] === 'string' && { version: manifest['version'].slice(0, 100) }),
    ...(typeof manifest['description'] === 'string' && { description: manifest['description'] }),
  };
}

/** The file behind the name, which must be inside the component's folder whatever links lead there. */
async function scriptOf(folder: string, name: string): Promise<{ readonly file: string } | { readonly reason: string }> {
  const file = await realpath(path.join(folder, name)).catch(() => null);
  if (file === null) return { reason: `there is no ${name}` };
  if (!isInside(folder, file)) return { reason: `${name} leads out of the folder of the component` };
  if (!(await stat(file)).isFile()) return { reason: `${name} is no file` };
  if (runnerOf(file) !== 'itself') return { file };
  return (await isProgram(file)) ? { file } : { reason: `${name} must be .js, .mjs, .cjs or .py, or executable with a #! line` };
}

/** By what a script is run. Arguments go to it as they are: there is never a shell in between. */
export function runnerOf(script: string): 'node' | 'python3' | 'itself' {
  const ending = path.extname(script).toLowerCase();
  return ['.js', '.mjs', '.cjs'].includes(ending) ? 'node' : ending === '.py' ? 'python3' : 'itself';
}

/** @param folder and @param file without symbolic links */
export const isInside = (folder: string, file: string): boolean => file.startsWith(folder.endsWith(path.sep) ? folder : folder + path.sep);

async function isProgram(file: string): Promise<boolean> {
  if (((await stat(file)).mode & 0o111) === 0) return false;
  return withHandle(file, async (handle) => {
    const head = Buffer.alloc(4);
    const { bytesRead } = await handle.read(head, 0, 4, 0);
    return head.subarray(0, 2).toString('latin1') === '#!' || (bytesRead === 4 && head.toString('latin1') === '\x7fELF');
  });
}

async function readShort(file: string): Promise<string> {
  return withHandle(file, async (handle) => {
    const { size } = await handle.stat();
    if (size > LONGEST_MANIFEST) throw new Error(`it is longer than ${LONGEST_MANIFEST} bytes`);
    const bytes = Buffer.alloc(size);
    const { bytesRead } = await handle.read(bytes, 0, size, 0);
    return bytes.subarray(0, bytesRead).toString('utf8');
  });
}

async function withHandle<T>(file: string, use: (handle: FileHandle) => Promise<T>): Promise<T> {
  const handle = await open(file, 'r');
  try {
    return await use(handle);
  } finally {
    await handle.close();
  }
}

const isThere = async (file: string): Promise<boolean> => (await stat(file).catch(() => null))?.isFile() === true;
