import type { JsonObject, ViewTarget } from '../../brainstem/contract.ts';
import { withoutComma } from './layout.ts';
import type { RunSetting } from './run-history.ts';
import { Twins, type TwinsOptions } from './twins.ts';
import type { Batch, Delta } from './item.ts';
import { ViewState, type Step, type ViewContext } from './view-state.ts';

/** How soon a file follows the journal: hour files, or everything coarser. */
export type Tier = 'leaf' | 'coarse';

/**
 * Why a file cannot simply be appended to. `behind`: it is right as far as it goes, but what it says is not in memory, or not
 * all that is missing from it is. `damaged`: what stands under its name is not what it should be.
 */
export type Lost = 'behind' | 'damaged';

/** A file of the tree that is being written to: what it should say, the file itself, and what still has to go into it. */
export class OpenView {
  readonly target: ViewTarget;
  readonly tier: Tier;
  state: ViewState;
  readonly twins: Twins;
  /** When it last got something, by the engine's monotonic clock. */
  usedAt: number;
  /** Not null when it has to be brought up to date from the journal. */
  lost: Lost | null;
  /** What stands under its name was put there by us. */
  isOurs = false;
  /** No record up to this one is missing from the file, as far as was found out otherwise than by publishing. */
  #position: number;
  readonly #context: ViewContext;
  #todo: Step[] = [];
  #todoBytes = 0;
  /** Steps that `prepare` has dealt with. */
  #prepared = 0;
  /** How the file is for sure, also after a power cut. */
  #note: JsonObject | null = null;
  /** How it is when the sync of its folder comes through; null when that is how it is for sure. */
  #unconfirmed: JsonObject | null = null;
  /** What the last note said. */
  #told = '';

  constructor(target: ViewTarget, context: ViewContext, twins: TwinsOptions, options: { readonly now: number; readonly lost: Lost | null; readonly position: number }) {
    this.target = target;
    this.tier = target.level === 'hour' ? 'leaf' : 'coarse';
    this.#context = context;
    this.state = new ViewState(target, context);
    this.twins = new Twins(target.path, twins);
    this.usedAt = options.now;
    this.lost = options.lost;
    this.#position = options.position;
  }

  get hasTodo(): boolean {
    return this.#todo.length > 0;
  }

  /** Bytes of the entries that wait. */
  get todoBytes(): number {
    return this.#todoBytes;
  }

  /** True unless the file says everything, and says it for sure. */
  get isBehind(): boolean {
    return this.lost !== null || this.hasTodo || this.#unconfirmed !== null;
  }

  /** Everything up to here is in the file: what comes after has to be read from the journal when the file is lost. */
  get position(): number {
    return Math.max(this.#position, this.#seqOfNote ?? 0);
  }

  get #seqOfNote(): number | null {
    return this.#note === null ? null : (this.#note.v as { s: number }).s;
  }

  /** Adds records. @param batch the records @param deltas their sums by route, in order of their first record */
  take(deltas: readonly Delta[], batch: Batch, run: RunSetting, now: number): void {
    for (const step of this.state.apply(deltas, batch, run)) {
      if (step.kind === 'seal' || step.items > 0 || this.#todo.length === 0) this.#todo.push(step);
      if (step.kind === 'append') this.#todoBytes += step.chunk.length;
    }
    this.usedAt = now;
  }

  /** What the file has already is not to be written again. */
  dropTodo(): void {
    this.#todo = [];
    this.#todoBytes = 0;
    this.#prepared = 0;
  }

  /** Lets the journal keep what the file lacks. @param upTo no record up to this one is missing, unless one waits here */
  fallBehind(upTo: number): void {
    if (!this.hasTodo && this.#unconfirmed === null && this.lost === null) this.#position = Math.max(this.#position, upTo);
    this.dropTodo();
    this.lost ??= 'behind';
  }

  /** Nothing is known of what stands under its name. */
  forget(): void {
    this.dropTodo();
    this.#note = null;
    this.#unconfirmed = null;
    this.#position = 0;
    this.isOurs = false;
    this.lost = 'behind';
  }

  /** Begins from nothing. @throws the disk's error */
  async startAnew(): Promise<void> {
    this.state = new ViewState(this.target, this.#context);
    this.dropTodo();
    this.#note = null;
    this.#unconfirmed = null;
    this.isOurs = false;
    await this.twins.release();
  }

  /** Takes over a note of `note` or `takeNote`. @param shown no record up to this one is missing from a file that is not behind @throws when it is not one of ours */
  restore(note: JsonObject, shown: number): void {
    const { behind, damaged, ...rest } = note as { behind?: number; damaged?: boolean };
    this.#note = note.v === null ? null : rest;
    this.#position = behind ?? (damaged === true ? 0 : shown);
    this.lost = damaged === true ? 'damaged' : 'behind';
  }

  /** Writes the next version under a hidden name; full parts are sealed on the way. @throws the disk's error */
  async prepare(): Promise<void> {
    for (;;) {
      const sealAt = this.#todo.findIndex((step) => step.kind === 'seal');
      const steps = sealAt < 0 ? this.#todo : this.#todo.slice(0, sealAt);
      const appends = steps.filter((step) => step.kind === 'append');
      const added = appends.reduce((sum, step) => sum + step.items, 0);
      const chunks = appends.map((step) => step.chunk).filter((chunk) => chunk.length > 0);
      const before = this.twins.publicItems;
      const seal = this.#todo[sealAt];
      const frame = seal?.kind === 'seal' ? seal.frame : this.state.frame();
      if (before === 0 && chunks[0] !== undefined) chunks[0] = withoutComma(chunks[0]);
      await this.twins.prepare(frame, chunks, before + added);
      if (seal?.kind !== 'seal') break;
      await this.twins.seal(seal.part.file);
      this.#todo.splice(0, sealAt + 1);
    }
    this.#prepared = this.#todo.length;
  }

  /** Makes what was prepared public. It is for sure once its folder is synced, see `confirm`. @throws the disk's error */
  async swap(): Promise<void> {
    await this.twins.swap();
    this.#todo.splice(0, this.#prepared);
    this.#prepared = 0;
    if (!this.hasTodo) this.#todoBytes = 0;
    this.takeUp();
  }

  /** The state is what the public file says. */
  takeUp(): void {
    const { path, role, level, scope, template, arrayKey, begins, entryFields } = this.target;
    this.isOurs = true;
    this.#unconfirmed = { p: path, t: [role, level, scope, template, arrayKey, begins, entryFields], v: this.state.toJSON(), f: this.twins.toJSON() };
  }

  /** The folder was synced after the last swap. */
  confirm(): void {
    if (this.#unconfirmed === null) return;
    this.#note = this.#unconfirmed;
    this.#unconfirmed = null;
  }

  /** How the file was last published, and that what came since is not in it. Null while there is nothing to say. */
  get note(): JsonObject | null {
    if (!this.isBehind) return this.#note;
    const { path, role, level, scope, template, arrayKey, begins, entryFields } = this.target;
    const empty = { p: path, t: [role, level, scope, template, arrayKey, begins, entryFields], v: null };
    return this.lost === 'damaged' ? { ...empty, damaged: true } : { ...(this.#note ?? empty), behind: this.position };
  }

  /** The published state, for taking it up again; null when there is none. */
  get published(): { readonly v: JsonObject; readonly f: JsonObject } | null {
    return this.#note as { readonly v: JsonObject; readonly f: JsonObject } | null;
  }

  /** A note when it says something else than the last one. */
  takeNote(): JsonObject | null {
    const { note } = this;
    const telling = note === null ? '' : `${this.#seqOfNote} ${String(note.behind)} ${String(note.damaged)}`;
    if (telling === this.#told) return null;
    this.#told = telling;
    return note;
  }
}

/** The target a note is about. @throws when it is not one of ours */
export function targetOfNote(note: JsonObject): ViewTarget {
  const [role, level, scope, template, arrayKey, begins, entryFields] = note.t as [ViewTarget['role'], ViewTarget['level'], string, string, string | null, string | null, string[] | null];
  return { path: note.p as string, role, level, scope, template, arrayKey, begins, entryFields };
}
