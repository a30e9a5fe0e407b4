/** Why a share was not accepted, for a person: what it means and what to do about it. One table for every screen, message and file. */
import type { RejectStatus } from '../../protocol/stratum-v1/reject.ts';
import type { Verdict } from './job.ts';

export interface RejectWords {
  /** What happened, short enough to group by. */
  readonly meaning: string;
  /** What to do, a sentence or two. */
  readonly advice: string;
}

const BY_STATUS: Readonly<Record<Exclude<RejectStatus, 'rejected'>, RejectWords>> = {
  stale: { meaning: 'too late: the pool had moved on to other work', advice: 'A few are normal around a new block. Many: a slow connection (see the latency of the pool), or a device that is slow to take new work.' },
  duplicate: { meaning: 'the pool had this share already', advice: 'One after a reconnection does no harm. Many: two miners with the same name and extranonce, often behind a proxy.' },
  low_difficulty: { meaning: 'the hash was not good enough for the pool', advice: 'One or two right after the pool raised the difficulty are normal. Many: the pool wants a higher difficulty than it told, or builds another block from the share than the one that was hashed.' },
  unauthorized: { meaning: 'the pool does not know the worker', advice: 'Check `user` and `password` of this pool: the account or address, and the worker if the pool wants workers made first.' },
};

interface KnownText {
  readonly pattern: RegExp;
  /** Classes that this text makes more precise, besides `rejected`. The class comes from the code, on which all pools agree. */
  readonly refines: readonly RejectStatus[];
  readonly words: RejectWords;
}

/** Texts that pools really send: ckpool, public-pool, DATUM, Braiins, miningcore, node-stratum-pool, Bitcoin nodes (BIP22). */
const KNOWN_TEXTS: readonly KnownText[] = [
  {
    pattern: /h-not-zero/i,
    refines: ['low_difficulty'],
    words: { meaning: 'not even a share of difficulty 1', advice: 'The pool computed another hash than this rig. Switch version_rolling off for this pool and see whether it ends; if not, look at the hardware errors of the device.' },
  },
  {
    pattern: /version.?mask|bad-version|version.?rolling|version.?bits/i,
    refines: ['low_difficulty'],
    words: { meaning: 'version bits the pool does not allow', advice: 'Set version_rolling: false for this pool, or a version_mask with fewer bits.' },
  },
  {
    pattern: /worker.?mismatch/i,
    refines: ['unauthorized'],
    words: { meaning: 'the worker name is not the one that was authorised', advice: 'Check `user` of this pool; something between rig and pool (a proxy) may change names.' },
  },
  {
    pattern: /time.?too.?(old|new)|ntime|invalid.?time/i,
    refines: ['stale'],
    words: { meaning: 'block time outside what the pool allows', advice: 'Check the clock of this machine (`timedatectl`), and whether jobs of this pool arrive late.' },
  },
  {
    pattern: /not.?subscribed/i,
    refines: ['unauthorized'],
    words: { meaning: 'the pool has forgotten this connection', advice: 'The rig connects anew by itself. If it comes back, something between rig and pool (a proxy) joins connections.' },
  },
  {
    pattern: /inconclusive/i,
    refines: ['stale'],
    words: { meaning: 'the block is valid, and another one of its height came first', advice: 'Nothing to do on the rig: two blocks were found at nearly the same time.' },
  },
  {
    pattern: /incorrect size|invalid array size|no nonce|no ntime|params|malformed|validation error/i,
    refines: [],
    words: { meaning: 'the pool could not read the share', advice: 'Some pools change the size of extranonce2 without saying so; a new connection cures that. If it stays, tell the makers of rigbrain which pool it is and its text.' },
  },
  { pattern: /without a reason/i, refines: [], words: { meaning: 'refused without a reason', advice: 'The pool did not say why. Its own page may.' } },
];

/** Longest text of a pool that a group is named after. */
const MAX_TEXT = 60;

/** The words for one rejection. @param text what the pool said */
export function rejectWords(status: RejectStatus, text: string): RejectWords {
  const known = KNOWN_TEXTS.find(({ pattern, refines }) => (status === 'rejected' || refines.includes(status)) && pattern.test(text));
  if (known) return known.words;
  if (status !== 'rejected') return BY_STATUS[status];
  const shown = text.length > MAX_TEXT ? `${text.slice(0, MAX_TEXT)}...` : text;
  return { meaning: `refused: ${shown}`, advice: 'These are the words of the pool; its help pages may know them.' };
}

/** What a verdict means in plain words; null for an accepted share. */
export function verdictWords(verdict: Verdict): RejectWords | null {
  switch (verdict.status) {
    case 'accepted':
      return null;
    case 'unknown':
      return { meaning: 'sent and never answered', advice: 'The connection ended, or the pool took too long. It may have counted the share all the same.' };
    case 'withheld':
      return { meaning: `not sent: ${verdict.reason}`, advice: 'Kept back on purpose; there is nothing to do at the pool.' };
    default:
      return rejectWords(verdict.status, verdict.reason);
  }
}
