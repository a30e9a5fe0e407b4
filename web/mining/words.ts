/** The state of the rig in plain words. */
import type { RigState } from '../../daemon/hub/api-types.ts';
import type { Tone } from '../parts/facts.tsx';

type Pool = RigState['pools'][number];
type Device = RigState['devices'][number];
type Payout = NonNullable<Pool['payout']>;

export interface Words {
  readonly text: string;
  readonly tone: Tone;
}

/** Is it hashing? */
export function statusWords({ mining, devices }: RigState): Words {
  switch (mining.status) {
    case 'mining':
      return mining.hashrate_hs === 0 ? { text: 'Work is there, but nothing hashes', tone: 'bad' } : { text: 'Hashing', tone: 'good' };
    case 'starting':
      return { text: 'Starting', tone: 'plain' };
    case 'paused':
      return { text: devices.length > 1 ? 'All devices are paused' : 'Paused', tone: 'warn' };
    case 'no_pool':
      return { text: 'Not hashing: no pool has work', tone: 'bad' };
    case 'no_device':
      return { text: 'Not hashing: no device is there', tone: 'bad' };
    case 'stopping':
      return { text: 'Stopping', tone: 'warn' };
    case 'stopped':
      return { text: 'Stopped', tone: 'warn' };
  }
}

/** Why a CPU hashes less than it could; null = no hunt takes from it. */
export function huntShareWords({ hunt, devices }: RigState): string | null {
  if (hunt === null || hunt.running.length === 0 || hunt.engine !== 'local' || !devices.some(({ driver }) => driver === 'cpu')) return null;
  return 'A hunt runs on this machine: the CPU hashes with what it leaves.';
}

const VERDICTS: Readonly<Record<Payout['verdict'], Words>> = {
  pays_expected: { text: 'pays you', tone: 'good' },
  does_not_pay_expected: { text: 'does not pay your address', tone: 'bad' },
  pays_pool: { text: 'pays the pool, which keeps your share on account', tone: 'plain' },
  payee_changed: { text: 'the payee has changed', tone: 'bad' },
  unreadable: { text: 'cannot be told whom it pays', tone: 'warn' },
};

export const verdictWords = (payout: Payout | null): Words => (payout === null ? { text: 'no job yet that says whom it pays', tone: 'plain' } : VERDICTS[payout.verdict]);

const ROLE_TONES: Readonly<Record<Pool['role'], Tone>> = { active: 'good', standby: 'plain', returning: 'warn', down: 'bad' };
export const roleTone = (role: Pool['role']): Tone => ROLE_TONES[role];

const DEVICE_TONES: Readonly<Record<Device['status'], Tone>> = { init: 'plain', idle: 'warn', hashing: 'good', paused: 'warn', fault: 'bad', stopped: 'warn' };
export const deviceTone = (status: Device['status']): Tone => DEVICE_TONES[status];

/** `mining` -> `mining`, `backing_off` -> `backing off`. */
export const spaced = (word: string): string => word.replaceAll('_', ' ');

/** What the device is made of and how it is set, from the facts its driver tells. */
export function makeWords({ detail }: Device): string {
  const number = (key: string): number | null => (typeof detail[key] === 'number' ? detail[key] : null);
  const [chips, expected, mhz, volts, fan, threads, limit] = ['chips', 'chips_expected', 'frequency_mhz', 'voltage_v', 'fan_percent', 'threads', 'limit_percent'].map(number);
  const kernel = detail.kernel_running ?? detail.kernel;
  const of = chips !== null && chips !== undefined && expected !== null && expected !== undefined && chips < expected ? `${chips} of ${expected} \u00d7 ` : (chips ?? 0) > 1 ? `${chips} \u00d7 ` : '';
  const has = (value: number | null | undefined): value is number => value !== null && value !== undefined;
  return [
    typeof detail.chip === 'string' ? `${of}${detail.chip}` : null,
    typeof kernel === 'string' ? `kernel ${kernel}` : null,
    has(threads) ? `${threads} ${threads === 1 ? 'thread' : 'threads'}` : null,
    has(limit) && limit < 100 ? `limited to ${limit}\u00a0%` : null,
    has(mhz) ? `${mhz.toFixed(0)}\u00a0MHz` : null,
    has(volts) ? `${volts.toFixed(2)}\u00a0V` : null,
    has(fan) ? `fan ${fan.toFixed(0)}\u00a0%` : null,
  ]
    .filter((text) => text !== null)
    .join(', ');
}
