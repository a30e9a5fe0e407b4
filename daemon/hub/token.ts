/** The token of the hub: made at the first start, kept where only this user can read it. */
import { randomBytes } from 'node:crypto';
import { closeSync, constants, fstatSync, fsyncSync, linkSync, mkdirSync, openSync, readFileSync, unlinkSync, writeSync } from 'node:fs';
import path from 'node:path';
import { messageOf, RigError } from '../../protocol/common/errors.ts';

export const TOKEN_FILE = 'hub.token';
const TOKEN_BYTES = 32;
/** One that a person chose has to be long enough not to be guessed. */
const LEAST_CHARS = 16;

export interface HubToken {
  readonly token: string;
  /** Null when it comes from the configuration. */
  readonly file: string | null;
}

/**
 * The token of this data folder; made when there is none.
 * @param configured what `hub.token` of the configuration stands for; null = nothing
 * @throws RigError E_HUB when it is too short, cannot be read or written, or others can read it
 */
export function hubToken(dataDir: string, configured: string | null): HubToken {
  if (configured !== null) return { token: checked(configured, 'hub.token of the configuration'), file: null };
  const file = path.join(dataDir, TOKEN_FILE);
  return { token: readHubToken(dataDir) ?? makeToken(dataDir, file), file };
}

/** The token of a data folder; null when no daemon has made one yet. @throws RigError E_HUB when it cannot be used */
export function readHubToken(dataDir: string): string | null {
  const file = path.join(dataDir, TOKEN_FILE);
  let handle: number;
  try {
    handle = openSync(file, constants.O_RDONLY | constants.O_NOFOLLOW);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw new RigError('E_HUB', `${file} cannot be read: ${messageOf(error)}`, { cause: error, hint: 'Give the file to the user that runs rigbrain, or remove it: the next start makes another.' });
  }
  try {
    // Whoever could read it may have: it is not used any more, and only a person can say that nobody did.
    const stat = fstatSync(handle);
    if (!stat.isFile()) throw new RigError('E_HUB', `${file} is no file`, { hint: 'Remove it: the next start makes another.' });
    const { mode } = stat;
    if ((mode & 0o077) !== 0) throw new RigError('E_HUB', `${file} may be read by other users (mode ${(mode & 0o777).toString(8)})`, { hint: `Remove it, and the next start makes another; or, if nobody has read it: chmod 600 ${file}` });
    return checked(readFileSync(handle, 'utf8').trim(), file);
  } finally {
    closeSync(handle);
  }
}

/** Whole or not at all under its name, and never readable by others; of two that start at once, both get the token of the first. */
function makeToken(dataDir: string, file: string): string {
  const token = randomBytes(TOKEN_BYTES).toString('base64url');
  const temporary = path.join(dataDir, `.${TOKEN_FILE}.${randomBytes(6).toString('hex')}.tmp`);
  try {
    mkdirSync(dataDir, { recursive: true });
    const handle = openSync(temporary, 'wx', 0o600);
    try {
      writeSync(handle, `${token}\n`);
      fsyncSync(handle);
    } finally {
      closeSync(handle);
    }
    try {
      linkSync(temporary, file);
    } finally {
      unlinkSync(temporary);
    }
    return token;
  } catch (error) {
    const other = (error as NodeJS.ErrnoException).code === 'EEXIST' ? readHubToken(dataDir) : null;
    if (other !== null) return other;
    throw new RigError('E_HUB', `${file} cannot be written: ${messageOf(error)}`, { cause: error, hint: 'Make the data folder writable, or give hub.token in the configuration.' });
  }
}

function checked(token: string, where: string): string {
  if (token.length >= LEAST_CHARS && /^[\x21-\x7e]+$/.test(token)) return token;
  throw new RigError('E_HUB', `${where}: the token must have ${LEAST_CHARS} characters or more, without spaces`, { hint: 'Make one with: openssl rand -base64 32' });
}
