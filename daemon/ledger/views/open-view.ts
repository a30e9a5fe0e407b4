import type { JsonObject, ViewTarget } from '../../brainstem/contract.ts';
import { joinItems } from './layout.ts';
import { Twins, type TwinsOptions } from './twins.ts';
import type { Delta, Item } from './item.ts';
import { ViewState, type Step, type ViewContext } from './view-state.ts';

/** How soon a file follows the journal: hour files, or everything coarser. */
export type Tier = 'leaf' | 'coarse';

/** A file of the tree that is being written to: what it should say, the file itself, and what still has to go into it. */
export class OpenView {
  readonly target: ViewTarget;
  readonly tier: Tier;
  state: ViewState;
  readonly twins: Twins;
  /** When it last got something, by the engine's monotonic clock. */
  usedAt: number;
  /** Not null when all of the file has to be made from the journal again: it was closed with its period, or is not what it should be. */
  lost: 'closed' | 'damaged' | null;
  /** It is being made from nothing: a file of ours under its name is an older version of it. */
  isRebuilt = false;
  #todo: Step[] = [];
  /** The file as it was last published, as its note says. */
  #published: JsonObject | null = null;
  /** Steps that `prepare` has dealt with. */
  #prepared = 0;

  constructor(target: ViewTarget, context: ViewContext, twins: TwinsOptions, options: { readonly now: number; readonly lost: OpenView['lost'] }) {
    this.target = target;
    this.tier = target.level === 'hour' ? 'leaf' : 'coarse';
    this.state = new ViewState(target, context);
    this.twins = new Twins(target.path, twins);
    this.usedAt = options.now;
    this.lost = options.lost;
  }

  get hasTodo(): boolean {
    return this.#todo.length > 0;
  }

  /** Adds records; those it has are skipped by their sequence number. @param items in order @param deltas their sums by route, in order of their first record */
  take(deltas: readonly Delta[], items: readonly Item[], now: number): void {
    this.#todo.push(...this.state.apply(deltas, items));
    this.usedAt = now;
  }

  /** Forgets everything, to be filled from the journal. */
  async reset(context: ViewContext): Promise<void> {
    this.state = new ViewState(this.target, context);
    this.#todo = [];
    this.#published = null;
    this.lost = null;
    this.isRebuilt = true;
    await this.twins.release();
  }

  /** What the file has already is not to be written again. */
  dropTodo(): void {
    this.#todo = [];
  }

  /** Writes the next version under a hidden name; full parts are sealed on the way. @throws the disk's error */
  async prepare(): Promise<void> {
    for (;;) {
      const sealAt = this.#todo.findIndex((step) => step.kind === 'seal');
      const steps = sealAt < 0 ? this.#todo : this.#todo.slice(0, sealAt);
      const added = steps.flatMap((step) => (step.kind === 'append' ? step.items : []));
      const before = this.twins.publicItems;
      const seal = this.#todo[sealAt];
      const frame = seal?.kind === 'seal' ? seal.frame : this.state.frame();
      await this.twins.prepare(frame, joinItems(added, before === 0), before + added.length);
      if (seal?.kind !== 'seal') break;
      await this.twins.seal(seal.part.file);
      this.#todo.splice(0, sealAt + 1);
    }
    this.#prepared = this.#todo.length;
  }

  /** Makes what was prepared public. @throws the disk's error */
  async swap(): Promise<void> {
    await this.twins.swap();
    this.#todo.splice(0, this.#prepared);
    this.#prepared = 0;
    this.isRebuilt = false;
    this.remember();
  }

  /** For the journal's notes: how the file was last published. Null when it never was. */
  get note(): JsonObject | null {
    return this.#published;
  }

  /** The state is what the public file says. */
  remember(): void {
    const { path, role, level, scope, template, arrayKey, begins, entryFields } = this.target;
    this.#published = { p: path, t: [role, level, scope, template, arrayKey, begins, entryFields], v: this.state.toJSON(), f: this.twins.toJSON() };
  }
}

/** The target a note is about. @throws when it is not one of ours */
export function targetOfNote(note: JsonObject): ViewTarget {
  const [role, level, scope, template, arrayKey, begins, entryFields] = note.t as [ViewTarget['role'], ViewTarget['level'], string, string, string | null, string | null, string[] | null];
  return { path: note.p as string, role, level, scope, template, arrayKey, begins, entryFields };
}
