/** Checks mining.submit: every rule, in the order a pool applies them, with its own header, merkle and target code. */
import { hashHeader } from '../chain/block.ts';
import { digestNumber, displayHex } from '../chain/bytes.ts';
import { MAX_FUTURE_S } from '../chain/params.ts';
import { difficultyOf } from '../chain/target.ts';
import { hex32, shareHeader, type IssuedJob, type ShareFields } from './job.ts';
import { NTIME_AHEAD_S } from './options.ts';
import { reject, type Reject } from './rejects.ts';

/** Distinct shares of one job that are remembered; a miner that needs more has far too low a difficulty. */
const SHARES_REMEMBERED = 100_000;

/** What the pool knows about the connection a share came on. */
export interface SubmitContext {
  readonly subscribed: boolean;
  readonly workers: ReadonlySet<string>;
  /** Agreed version-rolling mask; null when none was agreed. */
  readonly versionMask: number | null;
  readonly issued: (jobId: string) => IssuedJob | undefined;
  /** Display hash of the chain's tip. */
  readonly tip: string;
  /** Wall clock, seconds. */
  readonly now_s: number;
}

export interface GoodShare {
  readonly worker: string;
  readonly issued: IssuedJob;
  readonly fields: ShareFields;
  /** Display form. */
  readonly hash: string;
  /** Difficulty of the hash itself. */
  readonly difficulty: number;
  /** At or below the network target. */
  readonly isBlock: boolean;
}

export type SubmitVerdict = { readonly share: GoodShare } | { readonly reject: Reject };

const HEX_8 = /^[0-9a-fA-F]{8}$/;

/** Judges one submit; a good share is remembered, so that the same one is a duplicate next time. */
export function checkSubmit(params: unknown, context: SubmitContext): SubmitVerdict {
  if (!context.subscribed) return { reject: reject('not_subscribed', 'Not subscribed') };
  if (!Array.isArray(params)) return { reject: reject('malformed', 'Params not array') };
  const [worker, jobId, extranonce2, ntime, nonce, versionBits] = params as unknown[];
  if (typeof worker !== 'string' || !context.workers.has(worker)) return { reject: reject('unauthorized', 'Unauthorized worker') };
  if (params.length < 5 || params.length > 6) return { reject: reject('malformed', `Expected 5 or 6 parameters, got ${params.length}`) };
  const issued = typeof jobId === 'string' ? context.issued(jobId) : undefined;
  if (!issued) return { reject: reject('job_not_found', 'Job not found') };
  if (issued.job.parent !== context.tip) return { reject: reject('stale', 'Stale') };

  const fields = readFields(issued, context, { extranonce2, ntime, nonce, versionBits });
  if ('code' in fields) return { reject: fields };
  const key = [issued.extranonce1.toString('hex'), fields.extranonce2.toString('hex'), fields.ntime, fields.nonce, fields.versionBits].join(':');
  const { seen } = issued.job;
  if (seen.has(key)) return { reject: reject('duplicate', 'Duplicate share') };
  const digest = hashHeader(shareHeader(issued, fields));
  const value = digestNumber(digest);
  const isBlock = value <= issued.job.template.target;
  if (!isBlock && value > issued.target) return { reject: reject('low_difficulty', `Low difficulty share of ${difficultyOf(value)}, ${issued.difficulty} is needed`) };
  if (seen.size >= SHARES_REMEMBERED && !isBlock) return { reject: reject('malformed', 'Too many shares for this job, raise the difficulty') };
  seen.add(key);
  return { share: { worker, issued, fields, hash: displayHex(digest), difficulty: difficultyOf(value), isBlock } };
}

type RawFields = Record<'extranonce2' | 'ntime' | 'nonce' | 'versionBits', unknown>;

function readFields(issued: IssuedJob, context: SubmitContext, raw: RawFields): ShareFields | Reject {
  const { template } = issued.job;
  const { extranonce2, ntime, nonce, versionBits } = raw;
  if (typeof extranonce2 !== 'string' || !/^([0-9a-fA-F]{2})*$/.test(extranonce2)) return reject('extranonce2', 'Extranonce2 is not hex');
  if (extranonce2.length !== 2 * issued.extranonce2Size) return reject('extranonce2', `Incorrect size of extranonce2: ${issued.extranonce2Size} bytes are needed`);
  if (typeof ntime !== 'string' || !HEX_8.test(ntime)) return reject('ntime', 'Ntime is not 8 hex digits');
  const time = Number.parseInt(ntime, 16);
  if (time < template.time || time > template.time + NTIME_AHEAD_S || time > context.now_s + MAX_FUTURE_S) return reject('ntime', 'Ntime out of range');
  if (typeof nonce !== 'string' || !HEX_8.test(nonce)) return reject('malformed', 'Nonce is not 8 hex digits');
  const version = readVersionBits(versionBits, context.versionMask);
  if (typeof version !== 'number') return version;
  return { extranonce2: Buffer.from(extranonce2, 'hex'), ntime: time, nonce: Number.parseInt(nonce, 16), versionBits: version, versionMask: context.versionMask ?? 0 };
}

function readVersionBits(bits: unknown, mask: number | null): number | Reject {
  if (bits === undefined) return 0;
  if (mask === null) return reject('version', 'Version rolling was not negotiated');
  if (typeof bits !== 'string' || !HEX_8.test(bits)) return reject('version', 'Version bits are not 8 hex digits');
  const value = Number.parseInt(bits, 16);
  return (value & ~mask) === 0 ? value : reject('version', `Invalid version mask: only bits of ${hex32(mask)} may be rolled`);
}
