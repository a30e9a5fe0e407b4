import { readDifficulty } from './request.ts';

/** What a miner's password says beside being one: `x, d=512`, `secret;diff=0.5`. */
export interface PasswordOptions {
  /** The parts that are no options, as they came: the password itself. */
  readonly secret: string;
  /** A fixed difficulty that is asked for; null = none. */
  readonly difficulty: number | null;
}

const SEPARATORS = /[\s,;]+/;

/** Reads the password field of mining.authorize. Options stand beside the password, separated by comma, semicolon or space. */
export function readPassword(password: string): PasswordOptions {
  let difficulty: number | null = null;
  const rest: string[] = [];
  for (const part of password.slice(0, 512).split(SEPARATORS)) {
    const [, wish] = /^(?:d|diff)=(.+)$/i.exec(part) ?? [];
    const read = wish === undefined ? null : readDifficulty(wish);
    if (read === null) rest.push(part);
    else difficulty ??= read;
  }
  // Without options the field is the password, whatever stands in it.
  return { secret: difficulty === null ? password : rest.filter((part) => part !== '').join(' '), difficulty };
}
