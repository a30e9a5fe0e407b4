import type { Ledger } from '../ledger/contract.ts';
import { addLookAt, type SevereAlarm } from '../ledger/look-at.ts';
import type { AlarmKind, AlarmState } from '../telemetry/state.ts';
import { SEVERITY } from './rule.ts';

/** Puts the beginning or the end of an alarm on record: an error report, a report; what is severe also before a person, once. */
export function recordAlarm(ledger: Pick<Ledger, 'append' | 'saveSystemError' | 'saveSystemReport'>, { kind, subject, message, raised_at, healed_at }: AlarmState): void {
  const pool = subject === 'rig' ? null : subject;
  if (healed_at !== null) {
    ledger.saveSystemReport('looping', { event: 'alarm_healed', alarm: kind, pool, message, seconds: Math.round((healed_at - raised_at) / 1000) });
    return;
  }
  const severity = SEVERITY[kind];
  const report = ledger.saveSystemError('looping', { error_type: `alarm_${kind}`, severity, message, pool });
  if (isSevere(kind)) addLookAt(ledger, { severity, reason: kind, message, path: null, references: { error_report: report } });
}

/** Nothing is earned, or somebody else earns it. A silent pool or rejected shares are told, and heal by themselves as often as not. */
function isSevere(kind: AlarmKind): kind is SevereAlarm {
  return SEVERITY[kind] !== 'warning';
}
