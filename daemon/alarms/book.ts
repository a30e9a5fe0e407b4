import { EventEmitter } from 'node:events';
import type { Clock } from '../../protocol/common/clock.ts';
import type { AlarmKind, AlarmState } from '../telemetry/state.ts';
import type { AlarmRule, Finding } from './rule.ts';

/** Alarms that ended and are still shown. */
const KEPT = 16;
/** One that was raised again within so long is slower to be called healed: each time twice as slow, up to 16 times. */
const REPEAT_MS = 3_600_000;
const MOST_DOUBLINGS = 4;
/** Longest message: the reasons of 32 pools would fill a screen. */
const MESSAGE_CHARS = 500;

interface Episode {
  /** Since when there is, or is no, trouble; monotonic. Null = neither at the last look. */
  troubleSince: number | null;
  wellSince: number | null;
  /** The alarm that is on; null = none. */
  alarm: AlarmState | null;
  /** When it was raised lately, monotonic. */
  raises: number[];
}

/**
 * Which alarms are on. Each is raised once when trouble has lasted and healed once when it has been gone for long enough:
 * what stands at an edge, or comes and goes, does not ring again and again.
 */
export class AlarmBook {
  readonly events = new EventEmitter<{ raised: [AlarmState]; healed: [AlarmState] }>();
  readonly #clock: Clock;
  readonly #episodes = new Map<string, Episode>();
  readonly #ended: AlarmState[] = [];

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Those that are on, oldest first, then those that ended, newest first. */
  list(): readonly AlarmState[] {
    return [...this.active(), ...this.#ended];
  }

  active(): readonly AlarmState[] {
    const on = [...this.#episodes.values()].map(({ alarm }) => alarm).filter((alarm) => alarm !== null);
    return on.sort((a, b) => a.raised_at - b.raised_at);
  }

  /** Takes what a rule sees now. */
  note(rule: Pick<AlarmRule, 'kind' | 'raiseAfterMs' | 'healAfterMs'>, findings: readonly Finding[]): void {
    const now = this.#clock.monotonic();
    for (const finding of findings) {
      const episode = this.#episode(rule.kind, finding.subject);
      if (finding.trouble) {
        episode.wellSince = null;
        episode.troubleSince ??= now;
        if (episode.alarm === null && now - episode.troubleSince >= rule.raiseAfterMs) this.#raise(rule.kind, finding, episode, now);
      } else {
        episode.troubleSince = null;
        episode.wellSince ??= now;
        const doublings = Math.min(MOST_DOUBLINGS, Math.max(0, episode.raises.length - 1));
        if (episode.alarm !== null && now - episode.wellSince >= rule.healAfterMs * 2 ** doublings) this.#heal(finding, episode);
      }
    }
    // Nothing can be told of the others now: what was begins anew when something can.
    const seen = new Set(findings.map(({ subject }) => keyOf(rule.kind, subject)));
    for (const [key, episode] of this.#episodes) {
      if (!key.startsWith(`${rule.kind} `) || seen.has(key)) continue;
      episode.troubleSince = null;
      episode.wellSince = null;
    }
  }

  #episode(kind: AlarmKind, subject: string): Episode {
    const key = keyOf(kind, subject);
    const episode = this.#episodes.get(key) ?? { troubleSince: null, wellSince: null, alarm: null, raises: [] };
    this.#episodes.set(key, episode);
    return episode;
  }

  #raise(kind: AlarmKind, { subject, message }: Finding, episode: Episode, now: number): void {
    episode.alarm = { kind, subject, raised_at: this.#clock.now(), healed_at: null, message: clip(message) };
    episode.raises = [...episode.raises.filter((at) => now - at < REPEAT_MS), now].slice(-(MOST_DOUBLINGS + 1));
    this.events.emit('raised', episode.alarm);
  }

  #heal({ message }: Finding, episode: Episode): void {
    if (episode.alarm === null) return;
    const ended: AlarmState = { ...episode.alarm, healed_at: this.#clock.now() };
    episode.alarm = null;
    this.#ended.unshift(ended);
    this.#ended.length = Math.min(this.#ended.length, KEPT);
    this.events.emit('healed', { ...ended, message: clip(message) });
  }
}

const clip = (text: string): string => (text.length <= MESSAGE_CHARS ? text : `${text.slice(0, MESSAGE_CHARS - 3)}...`);
const keyOf = (kind: AlarmKind, subject: string): string => `${kind} ${subject}`;
