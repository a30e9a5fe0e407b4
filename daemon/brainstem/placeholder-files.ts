/*
 * The empty files a run begins with: a person finds every global file and those of the running hour at once, before there
 * is anything in them. What stands in one follows from its template, level and scope and the instant it was laid out, so
 * that a ledger made anew from its journal has the same ones.
 */
import { FILE_TYPES } from './blueprint-schema.ts';
import type { Brainstem, Mode, ViewTarget } from './contract.ts';
import { jsonText } from './files.ts';

/** Every file of an hour and the files above it, each once, for all types and components. @param bucket `2026/11/W47/20/14` */
export function placeholderTargets(brainstem: Pick<Brainstem, 'componentIds' | 'viewTargetsOf'>, bucket: string): ViewTarget[] {
  const targets = new Map<string, ViewTarget>();
  for (const type of FILE_TYPES) {
    for (const id of brainstem.componentIds) for (const target of brainstem.viewTargetsOf(type, id, bucket)) targets.set(target.path, target);
  }
  return [...targets.values()];
}

/** The text of such a file. @param iso local time with offset of the instant it is laid out @param mode of the run; that of the brainstem when left out */
export function placeholderText(brainstem: Pick<Brainstem, 'instantiate'>, { template, level, scope, begins }: ViewTarget, iso: string, mode?: Mode): string {
  return jsonText(brainstem.instantiate(template, { iso, level, scope, begins, ...(mode === undefined ? {} : { mode }) }));
}
