/** Brain.QTL, as `rigbrain check` sees it. */
import path from 'node:path';
import { loadBlueprint } from '../../brainstem/blueprint.ts';
import { packageRoot } from '../../version.ts';
import { findingsOf, type CheckFinding } from './check-finding.ts';

export function blueprintFile(): string {
  return path.join(packageRoot(), 'Brain.QTL');
}

export function blueprintFindings(file = blueprintFile()): CheckFinding[] {
  try {
    loadBlueprint(file);
    return [];
  } catch (error) {
    return findingsOf(error);
  }
}
