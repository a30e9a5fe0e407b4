/** Listens to a mining engine and keeps what the driver bench reports of it. */
import type { MiningEngine } from '../../../mining/engine.ts';

export interface DeviceFigures {
  readonly id: string;
  readonly driver: string;
  readonly status: string;
  readonly reason: string | null;
  readonly nonces: number;
  readonly shares: number;
  readonly accepted: number;
  readonly hardware_errors: number;
  readonly duplicates: number;
  readonly late: number;
  readonly starts: number;
  /** New jobs that came while it was hashing, and those of them that it had not been sent when the next came. */
  readonly jobs: number;
  readonly jobs_missed: number;
  /** Longest time between a new job of the pool and its last byte on the wire. */
  readonly worst_job_ms: number | null;
}

export interface DaemonFigures {
  /** ms, in the order they came. */
  readonly job_sent_ms: readonly number[];
  readonly share_sent_ms: readonly number[];
  readonly jobs: number;
  /** Shares the engine was given by devices, and what became of them. */
  readonly shares: number;
  readonly verdicts: Readonly<Record<string, number>>;
  readonly devices: readonly DeviceFigures[];
}

/** More than three minutes of 16 devices; older ones make way. */
const KEPT = 200_000;

interface Seen {
  jobs: number;
  missed: number;
  worst: number | null;
  shares: number;
  /** Kept up to date by the engine's news of it: asking each device at each job would be felt in what is measured. */
  hashing: boolean;
  /** It hashed when the newest job came, and has not been sent it yet. */
  due: boolean;
}

export class Observer {
  readonly #jobSent: number[] = [];
  readonly #shareSent: number[] = [];
  readonly #verdicts: Record<string, number> = {};
  readonly #seen = new Map<string, Seen>();
  #jobs = 0;
  #shares = 0;

  constructor(engine: MiningEngine) {
    engine.events.on('job', () => this.#onJob());
    engine.events.on('device', (id) => (this.#of(id).hashing = engine.device(id)?.state().status === 'hashing'));
    engine.events.on('jobSent', (id, ms) => this.#onSent(id, ms));
    engine.events.on('shareSent', (_id, ms) => keep(this.#shareSent, ms));
    engine.events.on('share', (share) => {
      this.#shares++;
      this.#of(share.deviceId).shares++;
    });
    engine.events.on('verdict', (_share, { status }) => (this.#verdicts[status] = (this.#verdicts[status] ?? 0) + 1));
  }

  figures(engine: MiningEngine): DaemonFigures {
    const devices = engine.devices.map((device): DeviceFigures => {
      const { jobs, missed, worst, shares } = this.#of(device.id);
      const { status, reason, detail } = device.state();
      const counts = engine.accountOf(device.id)!.snapshot();
      const number = (key: string): number => (typeof detail[key] === 'number' ? detail[key] : 0);
      return { id: device.id, driver: device.driver, status, reason, nonces: number('nonces'), shares, accepted: counts.accepted, hardware_errors: counts.hardware_errors, duplicates: counts.duplicates, late: number('late'), starts: number('restarts') + 1, jobs, jobs_missed: missed, worst_job_ms: worst };
    });
    return { job_sent_ms: this.#jobSent, share_sent_ms: this.#shareSent, jobs: this.#jobs, shares: this.#shares, verdicts: { ...this.#verdicts }, devices };
  }

  /** Told before the devices are given their work of it. */
  #onJob(): void {
    this.#jobs++;
    for (const seen of this.#seen.values()) {
      if (seen.hashing && seen.due) seen.missed++;
      if (seen.hashing) seen.jobs++;
      seen.due = seen.hashing;
    }
  }

  #onSent(id: string, ms: number): void {
    const seen = this.#of(id);
    keep(this.#jobSent, ms);
    // A device that has just started gets a job of some time ago.
    if (seen.due) seen.worst = Math.max(seen.worst ?? 0, ms);
    seen.due = false;
  }

  #of(id: string): Seen {
    let seen = this.#seen.get(id);
    if (!seen) this.#seen.set(id, (seen = { jobs: 0, missed: 0, worst: null, shares: 0, hashing: false, due: false }));
    return seen;
  }
}

function keep(list: number[], value: number): void {
  if (list.length < KEPT) list.push(value);
}
