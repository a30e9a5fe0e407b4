import type { FileType, Level, ViewTarget } from '../../brainstem/contract.ts';

/** Asks the blueprint where entries go; the brainstem's own signature. */
export interface Blueprint {
  viewTargetsOf(type: FileType, component: string, bucket: string): readonly ViewTarget[];
}

/** Everything that follows from the type, the component and the hour of an entry: the files it goes to. */
export interface Route {
  readonly type: FileType;
  readonly category: string;
  readonly bucket: string;
  /** Type and category: entries of one family share all their files of one hour. */
  readonly family: string;
  readonly targets: readonly ViewTarget[];
  /** The file that holds this family's entries at each level, as a roll-up names it: the period file, or the roll-up where there is none. */
  readonly sources: Readonly<Partial<Record<Level, string>>>;
  /** The file with all entries of the family; null when the blueprint has none. */
  readonly globalSource: string | null;
}

/** Routes kept; a rig has a few dozen families and works on one hour at a time. */
const MAX_ROUTES = 2048;

/** Works out routes, and remembers them. */
export class Routes {
  readonly #blueprint: Blueprint;
  readonly #known = new Map<string, Route>();
  readonly #lastOf = new Map<FileType, Route>();

  constructor(blueprint: Blueprint) {
    this.#blueprint = blueprint;
  }

  /** @throws RigError E_BLUEPRINT_INVALID for a component the blueprint does not know */
  of(type: FileType, category: string, bucket: string): Route {
    // Mostly the one before of its type: comparing is cheaper than putting a key together.
    const last = this.#lastOf.get(type);
    if (last !== undefined && last.category === category && last.bucket === bucket) return last;
    const route = this.#find(type, category, bucket);
    this.#lastOf.set(type, route);
    return route;
  }

  #find(type: FileType, category: string, bucket: string): Route {
    const key = `${type}/${category}/${bucket}`;
    let route = this.#known.get(key);
    if (route === undefined) {
      if (this.#known.size >= MAX_ROUTES) this.#known.clear();
      this.#known.set(key, (route = this.#work(type, category, bucket)));
    }
    return route;
  }

  #work(type: FileType, category: string, bucket: string): Route {
    const targets = this.#blueprint.viewTargetsOf(type, category, bucket).filter(isWritable);
    const sources: Partial<Record<Level, string>> = {};
    let globalSource: string | null = null;
    for (const { role, level, path } of targets) {
      if (role === 'global') globalSource = path;
      else if (role === 'period') sources[level] = path;
      // The category's own roll-up stands before the one over everything.
      else if (role === 'aggregated') sources[level] ??= path;
    }
    return { type, category, bucket, family: `${type}/${category}`, targets, sources, globalSource };
  }
}

/** A blueprint may have an index without the roll-up it would describe: there is nothing to put in it. */
function isWritable(target: ViewTarget, _index: number, all: readonly ViewTarget[]): boolean {
  if (target.arrayKey !== null) return true;
  const role = target.role === 'index' ? 'aggregated' : 'aggregated_global';
  return all.some((other) => other.role === role && other.level === target.level);
}

/** True for files that hold no entries but say where they are. */
export function isIndex(target: ViewTarget): boolean {
  return target.arrayKey === null;
}

/** True for roll-ups, which name their sources. */
export function isRollUp(target: ViewTarget): boolean {
  return target.role === 'aggregated' || target.role === 'aggregated_global';
}
