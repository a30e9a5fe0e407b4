/** Secrets by reference: an environment variable or a file, read when needed and never shown. */
import { readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import { RigError } from '../protocol/common/errors.ts';
import { describeOrigin, nearestOrigin, pathKey, type ConfigPath, type Origins } from './origin.ts';
import type { RigConfig } from './schema.ts';
import type { SecretRef } from './secret-ref.ts';

type Env = Readonly<Record<string, string | undefined>>;

/** Every secret reference of a configuration and where it stands. */
export function secretRefs(config: RigConfig): { readonly path: ConfigPath; readonly ref: SecretRef }[] {
  const found: { path: ConfigPath; ref: SecretRef }[] = [];
  config.pools.forEach((pool, index) => {
    if (pool.password !== undefined) found.push({ path: ['pools', index, 'password'], ref: pool.password });
  });
  if (config.mqtt.password !== undefined) found.push({ path: ['mqtt', 'password'], ref: config.mqtt.password });
  if (config.server.password !== undefined) found.push({ path: ['server', 'password'], ref: config.server.password });
  if (config.hunt.redis?.password !== undefined) found.push({ path: ['hunt', 'redis', 'password'], ref: config.hunt.redis.password });
  if (config.hub.token !== undefined) found.push({ path: ['hub', 'token'], ref: config.hub.token });
  config.alarms.webhooks.forEach(({ url_from, token }, index) => {
    if (url_from !== undefined) found.push({ path: ['alarms', 'webhooks', index, 'url_from'], ref: url_from });
    if (token !== undefined) found.push({ path: ['alarms', 'webhooks', index, 'token'], ref: token });
  });
  return found;
}

/**
 * Where the file of a reference is looked for: a relative name first among systemd's credentials, then beside the
 * configuration file.
 */
export function secretFileCandidates(file: string, env: Env, configFile: string | null): string[] {
  if (path.isAbsolute(file)) return [file];
  const credentials = env.CREDENTIALS_DIRECTORY;
  const beside = configFile === null ? process.cwd() : path.dirname(configFile);
  return [...(credentials === undefined || credentials === '' ? [] : [path.join(credentials, file)]), path.join(beside, file)];
}

export interface SecretResolver {
  /** The secret, or null when there is no reference. @throws RigError E_SECRET_MISSING naming the line of the configuration */
  resolve(ref: SecretRef | undefined): string | null;
  /** Warnings on secret files that others on this machine may read. */
  warnings(): string[];
}

/** @param config the checked configuration whose references may be resolved */
export function createSecretResolver(config: RigConfig, origins: Origins, configFile: string | null, env: Env): SecretResolver {
  const refs = secretRefs(config);
  const where = (ref: SecretRef): string => {
    const known = refs.find((entry) => entry.ref === ref);
    return known === undefined ? 'the configuration' : `${pathKey(known.path)} (${describeOrigin(nearestOrigin(origins, known.path))})`;
  };
  return {
    resolve(ref) {
      if (ref === undefined) return null;
      if (ref.env !== undefined) {
        const value = env[ref.env];
        if (value === undefined || value === '') throw new RigError('E_SECRET_MISSING', `${where(ref)} wants the environment variable ${ref.env}, which is not set`, { context: { env: ref.env } });
        return value;
      }
      const candidates = secretFileCandidates(ref.file ?? '', env, configFile);
      for (const file of candidates) {
        try {
          return readFileSync(file, 'utf8').replace(/\r?\n$/, '');
        } catch (error) {
          const { code } = error as NodeJS.ErrnoException;
          if (code === 'ENOENT' || code === 'ENOTDIR') continue;
          throw new RigError('E_SECRET_MISSING', `${where(ref)} wants the file ${file}, which cannot be read (${code ?? 'unknown error'})`, { context: { file } });
        }
      }
      throw new RigError('E_SECRET_MISSING', `${where(ref)} wants the file ${candidates.join(' or ')}, which does not exist`, { context: { files: candidates } });
    },
    warnings() {
      return refs.flatMap(({ ref }) => {
        if (ref.file === undefined) return [];
        // systemd guards its credentials by an ACL, which shows as group bits here
        const open = secretFileCandidates(ref.file, env, configFile).find((file) => !isCredential(file, env) && readableByOthers(file));
        return open === undefined ? [] : [`secret file ${open} may be read by other users: chmod 600 ${open}`];
      });
    },
  };
}

function isCredential(file: string, env: Env): boolean {
  const folder = env.CREDENTIALS_DIRECTORY;
  return folder !== undefined && folder !== '' && file.startsWith(folder + path.sep);
}

function readableByOthers(file: string): boolean {
  const stat = statSync(file, { throwIfNoEntry: false });
  return stat !== undefined && stat.isFile() && (stat.mode & 0o077) !== 0;
}
