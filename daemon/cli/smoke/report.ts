/** The report of a smoke test: `{component, timestamp, success, results{}}`, where a person looks for it. */
import path from 'node:path';
import { systemClock } from '../../../protocol/common/clock.ts';
import { createDefensiveWriter, type DefensiveWriteResult } from '../../ledger/fallback/defensive-write.ts';

export interface SmokeReport {
  readonly component: string;
  /** Local time of the blueprint, with offset. */
  readonly timestamp: string;
  readonly success: boolean;
  readonly results: Readonly<Record<string, { readonly success: boolean; readonly detail: string; readonly duration_ms: number }>>;
}

/** `test`: one installation by itself. `network`: all components with pool, node and miners. */
export type SmokeKind = 'test' | 'network';

/**
 * Files a report in `User_Look_At` of a mode, or in one of the layers below when the disk refuses. Never rejects.
 * @param base absolute path of the mode's base folder
 * @returns `path` is absolute
 */
export async function fileSmokeReport(base: string, kind: SmokeKind, report: SmokeReport): Promise<DefensiveWriteResult> {
  const { defensiveWriteJson } = createDefensiveWriter({ base, clock: systemClock, nowIso: () => report.timestamp });
  const result = await defensiveWriteJson(`User_Look_At/${report.component}_smoke_${kind}.json`, report, report.component);
  return { ...result, path: path.resolve(base, result.path) };
}
