import type { BlueprintData } from './blueprint-schema.ts';
import type { JsonObject, Level, Mode } from './contract.ts';
import { fillDeep } from './placeholders.ts';
import { mergeDeep, type Template } from './templates.ts';
import { scopeStart, type WeekNumbering } from './time-parts.ts';

export interface NewFile {
  readonly template: Template;
  readonly mode: Mode;
  readonly level: Level;
  /** `global`, `all` or a time path. */
  readonly scope: string;
  /** Local time at which it begins; left out: worked out from the scope by the week rule. */
  readonly begins?: string | null | undefined;
  /** Local time with offset. */
  readonly now: string;
}

/** An empty document: metadata by the role of the file, counters 0, lists empty. Nothing of it is shared with the blueprint. */
export function newDocument(file: NewFile, metadataByRole: BlueprintData['metadata_by_role'], weeks: WeekNumbering): JsonObject {
  const { template, level, scope } = file;
  const structure = template.structure(level);
  if (template.role === null) return structure;
  const metadata = fillDeep(metadataByRole[template.role], {
    file_type: template.fileType,
    component: template.writer,
    mode: file.mode,
    level,
    now: file.now,
    // As the seeds write it: 2025-12, 2025-12-W50.
    scope: scope.replaceAll('/', '-'),
    time_scope: file.begins === undefined ? scopeStart(scope, weeks) : file.begins,
  }) as JsonObject;
  return mergeDeep({ metadata }, structure);
}
