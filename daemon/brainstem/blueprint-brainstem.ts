import type { Blueprint } from './blueprint.ts';
import type { Brainstem } from './contract.ts';

/** The brainstem with the blueprint it was made from, for those who need more of it than paths and templates. */
export interface BlueprintBrainstem extends Brainstem {
  readonly blueprint: Blueprint;
}
