/** What the rest of the daemon may ask of the brainstem. Paths here are relative to the mode's base folder, with `/`. */

export type Mode = 'demo' | 'test' | 'staging' | 'live';

/** The kinds of file the blueprint has templates and patterns for. `look_at`: what a person should look at. */
export type FileType = 'ledger' | 'math_proof' | 'submission' | 'rejection' | 'look_at' | 'system_report' | 'error_report';

export type Level = 'root' | 'year' | 'month' | 'week' | 'day' | 'hour';

/** One instant in the blueprint's time zone, in the notation of the folder tree. */
export interface TimeParts {
  readonly YYYY: string;
  readonly MM: string;
  /** Two digits, without the `W`. */
  readonly WW: string;
  readonly DD: string;
  readonly HH: string;
  /** Local time with offset, e.g. `2025-12-18T01:47:41.076-06:00`. */
  readonly iso: string;
}

/**
 * What a file is for.
 * `global` all entries of a category · `period` the entries of one time level · `aggregated` full roll-up of one level ·
 * `index` the same without data · `aggregated_global` / `index_global` the roll-ups beside the time tree.
 */
export type ViewRole = 'global' | 'period' | 'aggregated' | 'index' | 'aggregated_global' | 'index_global';

/** One file that an entry must appear in. */
export interface ViewTarget {
  readonly path: string;
  readonly role: ViewRole;
  readonly level: Level;
  /** `global`, `all`, or the time path so far: `2025`, `2025/12`, `2025/12/W50`, `2025/12/W50/18`, `2025/12/W50/18/01`. */
  readonly scope: string;
  /** Local time at which the scope begins, `2025-12-15T00:00:00`, whatever the week rule; null for `global` and `all`. */
  readonly begins: string | null;
  /** Key of the blueprint template a new file is cloned from. */
  readonly template: string;
  /** Dotted path of the array entries go to (`entries`, `aggregated_data.reports` ...); null for index files. */
  readonly arrayKey: string | null;
  /** The fields of each entry that stand there, `id` among them; null = the whole entry. */
  readonly entryFields: readonly string[] | null;
}

/**
 * Where a new file stands, and when it is made: an instant (ms since the epoch), or that instant's local time as text.
 * `begins` as its target has it; left out, the week rule in force says when a week began. `mode` left out: the mode in force.
 */
export type InstantiateOptions = { readonly level: Level; readonly scope: string; readonly begins?: string | null; readonly mode?: Mode } & (
  | { readonly at: number; readonly iso?: undefined }
  | { readonly iso: string; readonly at?: undefined }
);

export type JsonObject = { [key: string]: unknown };

export interface InitResult {
  /** Absolute path of the mode's base folder. */
  readonly base: string;
  /** The instant the empty files were laid out for, ms since the epoch: with it `placeholderTargets` and `placeholderText` give them again. */
  readonly at: number;
  readonly foldersCreated: number;
  readonly filesCreated: number;
  /** Empty files that could not be laid out, relative to `base`. */
  readonly filesRefused: readonly string[];
  /** What happened to System_File_Examples: nothing to do, missing files written, or all regenerated (old kept in `backup`). */
  readonly examples: { readonly action: 'current' | 'completed' | 'regenerated'; readonly written: number; readonly backup: string | null };
  /** The messages to print for a person, in order. */
  readonly messages: readonly string[];
}

/** Reads Brain.QTL and is the only one who knows where files go and what a new file looks like. */
export interface Brainstem {
  readonly mode: Mode;
  /** Absolute path of the data folder (where `Mining/` and `Test/` live). */
  readonly dataDir: string;
  /** Absolute path of the mode's base folder, e.g. `<data>/Test/Demo/Mining`. */
  readonly base: string;
  readonly timeZone: string;
  /** Canonical ids of all components. */
  readonly componentIds: readonly string[];
  /**
   * Creates folders, current time hierarchy, global files and System_File_Examples for the mode. Nothing that is there is
   * changed. @param component who asks, for the log @param at instant to do it for; default now
   */
  initialize(component: string, at?: number): Promise<InitResult>;
  timeParts(at: number): TimeParts;
  /** The hour an instant belongs to, `2026/11/W47/20/14`: frozen into each journal record, so that a zone changed later moves nothing. */
  bucketOf(at: number): string;
  /** Local time less UTC at an instant, minutes: with it `localIso` gives the local time again. */
  zoneOffset(at: number): number;
  /** `viewTargetsOf(type, component, bucketOf(at))` */
  viewTargets(type: FileType, component: string, at: number): readonly ViewTarget[];
  /**
   * Every file an entry of this type must appear in, period files first, then global, then the roll-ups. The same frozen
   * array at every call for one of the last few hours.
   * @param component canonical component id (`miners`, `dtm`, `looping`, `brain`, `brainstem`) or an alias of it
   * @param bucket as `bucketOf` gave it when the entry came
   * @throws RigError E_BLUEPRINT_INVALID for an unknown component, E_INTERNAL for a text that is not a bucket
   */
  viewTargetsOf(type: FileType, component: string, bucket: string): readonly ViewTarget[];
  /** A clean clone of a template: no sample data, zero counters, metadata filled in. With `iso` and `begins` given, a pure function of its arguments, the blueprint and the mode. */
  instantiate(template: string, options: InstantiateOptions): JsonObject;
  /** Canonical folder name of a component or alias, e.g. `Production-Miner` -> `Miners`. @throws RigError E_BLUEPRINT_INVALID when unknown */
  componentFolder(component: string): string;
  /** How a component or alias signs what it writes, e.g. `miners` -> `Production-Miner`. @throws as `componentFolder` */
  componentLabel(component: string): string;
  /** Flat flags, incl. `demo_mode_flag`, `test_mode_flag`, `staging_mode_flag`, `production_mode_flag`. */
  flags(): Readonly<Record<string, unknown>>;
}
