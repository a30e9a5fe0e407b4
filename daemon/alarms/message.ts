/** What an alarm looks like outside: the text for a person and the body for a program. Pure. */
import type { AlarmKind, AlarmState } from '../telemetry/state.ts';
import { SEVERITY, TITLE, type AlarmSeverity } from './rule.ts';

export interface AlarmMessage {
  readonly event: 'alarm_raised' | 'alarm_healed' | 'test';
  readonly node: string;
  readonly kind: AlarmKind | null;
  readonly subject: string;
  readonly severity: AlarmSeverity | 'info';
  readonly message: string;
  readonly raised_at: number;
  readonly healed_at: number | null;
}

/** The message that an alarm begins or ends. */
export function alarmMessage(node: string, { kind, subject, message, raised_at, healed_at }: AlarmState): AlarmMessage {
  return { event: healed_at === null ? 'alarm_raised' : 'alarm_healed', node, kind, subject, severity: healed_at === null ? SEVERITY[kind] : 'info', message, raised_at, healed_at };
}

/** A message that says it is only a test. */
export function testMessage(node: string, at: number): AlarmMessage {
  return { event: 'test', node, kind: null, subject: 'rig', severity: 'info', message: `This is a test: alarms of ${node} arrive here.`, raised_at: at, healed_at: null };
}

/** Headers and body of one POST. */
export interface Post {
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** The message as a webhook of this format takes it. */
export function postOf(message: AlarmMessage, format: 'json' | 'ntfy'): Post {
  return format === 'ntfy' ? ntfyPost(message) : jsonPost(message);
}

/** JSON: the message itself, instants as ISO 8601 in UTC. */
function jsonPost(message: AlarmMessage): Post {
  const instant = (at: number | null): string | null => (at === null ? null : new Date(at).toISOString());
  const body = { schema: 1, title: titleOf(message), ...message, raised_at: instant(message.raised_at), healed_at: instant(message.healed_at) };
  return { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) };
}

/** ntfy takes the text as the body, and title, priority (1 lowest, 5 highest) and tags as headers (docs.ntfy.sh/publish). */
function ntfyPost(message: AlarmMessage): Post {
  const priority = message.severity === 'critical' ? '5' : message.severity === 'error' ? '4' : '3';
  const tags = message.event === 'alarm_raised' ? (message.severity === 'warning' ? 'warning' : 'rotating_light') : 'white_check_mark';
  return {
    headers: { 'content-type': 'text/plain; charset=utf-8', title: headerText(titleOf(message)), priority, tags: message.kind === null ? tags : `${tags},${message.kind}` },
    // ntfy makes a file of anything longer.
    body: clipBytes(message.message, 4000),
  };
}

function titleOf({ event, node, kind, subject }: AlarmMessage): string {
  if (kind === null) return `${node}: test`;
  const about = subject === 'rig' ? node : `${node}, ${subject}`;
  return event === 'alarm_healed' ? `${about}: over: ${TITLE[kind]}` : `${about}: ${TITLE[kind]}`;
}

/** A header holds ASCII only; anything else is written as RFC 2047 has it, which ntfy reads. */
function headerText(text: string): string {
  return /^[\x20-\x7e]*$/.test(text) ? text : `=?UTF-8?B?${Buffer.from(text, 'utf8').toString('base64')}?=`;
}

function clipBytes(text: string, most: number): string {
  const bytes = Buffer.from(text, 'utf8');
  return bytes.length <= most ? text : bytes.subarray(0, most).toString('utf8').replace(/\uFFFD+$/, '');
}
