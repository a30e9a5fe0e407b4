import path from 'node:path';
import type { BlueprintBrainstem } from './blueprint-brainstem.ts';
import { fillText } from './placeholders.ts';

/** Where the hunts of a mode are kept. */
export interface HuntPlaces {
  /** Absolute; made by the first hunt. */
  readonly folder: string;
  /** Name of a hunt's folder in it. @param at when it begins, ms since the epoch */
  nameOf(at: number, huntId: string): string;
}

export function huntPlaces({ base, blueprint }: Pick<BlueprintBrainstem, 'base' | 'blueprint'>): HuntPlaces {
  const { folder, name } = blueprint.data.hunts;
  return {
    folder: path.join(base, fillText(folder, { base: '' })),
    nameOf: (at, huntId) => fillText(name, { utc: `${new Date(at).toISOString().slice(0, 19).replaceAll(/[-:]/g, '')}Z`, short_id: huntId.slice(0, 8) }),
  };
}
