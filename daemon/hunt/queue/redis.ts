import { readFileSync } from 'node:fs';
import type { Redis, RedisOptions } from 'ioredis';
import type { HuntConfig } from '../../../config/schema.ts';
import { RigError } from '../../../protocol/common/errors.ts';
import { tlsOptions } from '../../tls-trust.ts';

export type RedisConfig = NonNullable<HuntConfig['redis']>;

const CONNECT_MS = 5_000;
/** Longest pause between two attempts to connect. */
const MOST_PAUSE_MS = 3_000;
/** Longest that an answer is waited for on a line that may be dead. */
const ANSWER_MS = 10_000;

export interface RedisAccess {
  readonly config: RedisConfig;
  readonly password: string | null;
}

/** `host:port`, without credentials. */
export function redisAddress({ url }: Pick<RedisConfig, 'url'>): string {
  const { hostname, port } = new URL(url);
  return `${hostname}:${port === '' ? 6379 : port}`;
}

/**
 * A connection that comes back by itself, for ever.
 * @param isPatient true: commands wait for the connection (a worker has nothing else to do); false: they fail at once without one
 * @throws RigError E_HUNT_QUEUE when the file of the authority cannot be read
 */
export async function connectRedis({ config, password }: RedisAccess, name: string, isPatient: boolean): Promise<Redis> {
  const { Redis: Client } = await import('ioredis');
  const client = new Client({
    ...addressOf(config),
    ...(config.user !== undefined && { username: config.user }),
    ...(password !== null && { password }),
    ...tlsOf(config),
    connectionName: name,
    disableClientInfo: true,
    connectTimeout: CONNECT_MS,
    keepAlive: 10_000,
    retryStrategy: (times) => Math.min(100 * 2 ** Math.min(times, 10), MOST_PAUSE_MS),
    ...(isPatient ? { maxRetriesPerRequest: null, socketTimeout: 3 * ANSWER_MS } : { maxRetriesPerRequest: 0, enableOfflineQueue: false, autoResendUnfulfilledCommands: false, commandTimeout: ANSWER_MS }),
  } satisfies RedisOptions);
  // Whoever uses it hears of errors by listeners of their own; until those are there, an error is no reason to complain on stderr.
  client.on('error', () => {});
  return client;
}

function addressOf({ url }: Pick<RedisConfig, 'url'>): { host: string; port: number; db: number } {
  const { hostname, port, pathname } = new URL(url);
  return { host: hostname.replace(/^\[(.*)\]$/, '$1'), port: port === '' ? 6379 : Number(port), db: Number(pathname.slice(1) || 0) };
}

function tlsOf({ url, ca }: RedisConfig): Pick<RedisOptions, 'tls'> {
  if (!url.startsWith('rediss:')) return {};
  try {
    return { tls: tlsOptions(addressOf({ url }).host, undefined, ca === undefined ? undefined : readFileSync(ca, 'utf8')) };
  } catch (error) {
    throw new RigError('E_HUNT_QUEUE', `hunt.redis.ca: ${ca} cannot be read (${(error as NodeJS.ErrnoException).code})`, { cause: error, context: { file: ca } });
  }
}

/**
 * What is wrong with the queue, in words that hold no credentials: Redis puts none in its messages, and the commands that
 * ioredis adds to its errors are left out.
 */
export function troubleOf(error: unknown, config: RedisConfig): string {
  const message = (error instanceof Error ? error.message || (error as NodeJS.ErrnoException).code || error.name : String(error)).replace(/\.? script: .*$/s, '');
  const where = `Redis at ${redisAddress(config)}`;
  if (/^(WRONGPASS|NOAUTH|NOPERM)|invalid password|invalid username/i.test(message)) return `${where} refuses the credentials or the rights of the user (${message})`;
  if (/^OOM/.test(message)) return `${where} has no memory left (${message})`;
  if (/^(LOADING|MASTERDOWN|READONLY|CLUSTERDOWN|MISCONF|NOREPLICAS)/.test(message)) return `${where} cannot work now (${message})`;
  return `${where} does not answer (${message})`;
}
