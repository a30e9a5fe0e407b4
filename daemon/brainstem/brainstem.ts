import path from 'node:path';
import type { Clock } from '../../protocol/common/clock.ts';
import { RigError } from '../../protocol/common/errors.ts';
import type { Log } from '../../protocol/common/log.ts';
import { suggest } from '../../config/suggest.ts';
import { loadBlueprint, takeOverBlueprint, type Blueprint, type CheckedBlueprint } from './blueprint.ts';
import { partsOfBucket } from './bucket.ts';
import type { Component } from './components.ts';
import type { FileType, InitResult, InstantiateOptions, JsonObject, Mode, TimeParts, ViewTarget } from './contract.ts';
import { resolveFlags, type FlagValues } from './flags.ts';
import type { BlueprintBrainstem } from './blueprint-brainstem.ts';
import { initializeMode } from './initialize.ts';
import { newDocument } from './instantiate.ts';
import { viewTarget } from './patterns.ts';
import { createZoneCalendar, type WeekNumbering, type ZoneCalendar } from './time-parts.ts';

export interface BrainstemOptions {
  readonly blueprintFile: string;
  /** The same file as another thread has read and checked it. Default: it is read. */
  readonly checked?: CheckedBlueprint | undefined;
  /** Folder that `Mining/` and `Test/` live in; created when missing. */
  readonly dataDir: string;
  readonly mode: Mode;
  /** IANA name. Default: the blueprint's. */
  readonly timeZone?: string | undefined;
  /** Default: the blueprint's. */
  readonly weekNumbering?: WeekNumbering | undefined;
  readonly clock: Clock;
  readonly log: Log;
}

/** Hours whose targets are kept: the running one, and those that late or replayed entries belong to. */
const HOURS_KEPT = 4;

/**
 * Reads the blueprint and makes the brainstem of a mode. Touches nothing on disk until `initialize`.
 * @throws RigError E_BLUEPRINT_INVALID naming file, line, column and reason
 */
export function createBrainstem(options: BrainstemOptions): BlueprintBrainstem {
  return new BlueprintReader(options.checked === undefined ? loadBlueprint(options.blueprintFile) : takeOverBlueprint(options.checked), options);
}

class BlueprintReader implements BlueprintBrainstem {
  readonly blueprint: Blueprint;
  readonly mode: Mode;
  readonly dataDir: string;
  readonly base: string;
  readonly timeZone: string;
  readonly #weekNumbering: WeekNumbering;
  readonly #calendar: ZoneCalendar;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #flags: FlagValues;
  /** Targets of the last few hours asked for, by hour, then type and component: a rig writes many entries an hour. */
  readonly #targets = new Map<string, Map<string, readonly ViewTarget[]>>();

  constructor(blueprint: Blueprint, options: BrainstemOptions) {
    this.blueprint = blueprint;
    this.mode = options.mode;
    this.dataDir = path.resolve(options.dataDir);
    this.base = path.join(this.dataDir, blueprint.data.modes[options.mode].base_path);
    this.timeZone = options.timeZone ?? blueprint.data.time_zone;
    this.#weekNumbering = options.weekNumbering ?? blueprint.data.week_numbering;
    this.#calendar = createZoneCalendar({ timeZone: this.timeZone, weekNumbering: this.#weekNumbering });
    this.#clock = options.clock;
    this.#log = options.log;
    this.#flags = Object.freeze(resolveFlags(blueprint.data.flags.categories, {}, { modes: blueprint.data.modes, mode: options.mode }));
  }

  async initialize(component: string, at = this.#clock.now()): Promise<InitResult> {
    const result = await initializeMode(this, at);
    for (const message of result.messages) this.#log.info({ component }, message);
    for (const failure of result.failures) this.#log.warn({ component, code: 'E_DATA_DIR' }, failure);
    return { ...result, messages: [...result.messages, ...result.failures] };
  }

  get componentIds(): readonly string[] {
    return this.blueprint.components.ids;
  }

  timeParts(at: number): TimeParts {
    return this.#calendar.parts(at);
  }

  bucketOf(at: number): string {
    return this.#calendar.bucket(at);
  }

  zoneOffset(at: number): number {
    return this.#calendar.zoneMinutes(at);
  }

  viewTargets(type: FileType, component: string, at: number): readonly ViewTarget[] {
    return this.viewTargetsOf(type, component, this.bucketOf(at));
  }

  viewTargetsOf(type: FileType, component: string, bucket: string): readonly ViewTarget[] {
    const owner = this.#component(component);
    const ofHour = this.#targetsOfHour(bucket);
    const key = `${type}/${owner.id}`;
    let targets = ofHour.get(key);
    if (targets === undefined) {
      const parts = partsOfBucket(bucket);
      targets = Object.freeze(this.blueprint.patterns.views(type, owner).map((view) => Object.freeze(viewTarget(view, parts))));
      ofHour.set(key, targets);
    }
    return targets;
  }

  #targetsOfHour(bucket: string): Map<string, readonly ViewTarget[]> {
    let ofHour = this.#targets.get(bucket);
    if (ofHour === undefined) {
      const [oldest] = this.#targets.keys();
      if (this.#targets.size >= HOURS_KEPT && oldest !== undefined) this.#targets.delete(oldest);
      this.#targets.set(bucket, (ofHour = new Map()));
    }
    return ofHour;
  }

  instantiate(template: string, options: InstantiateOptions): JsonObject {
    const found = this.blueprint.templates.get(template);
    if (found === undefined) {
      const near = suggest(template, this.blueprint.templates.keys());
      throw new RigError('E_BLUEPRINT_INVALID', `Brain.QTL has no template ${template}${near === null ? '' : ` (did you mean "${near}"?)`}`, { context: { template } });
    }
    const { level, scope, begins, mode = this.mode } = options;
    return newDocument({ template: found, mode, level, scope, begins, now: options.iso ?? this.timeParts(options.at).iso }, this.blueprint.data.metadata_by_role, this.#weekNumbering);
  }

  componentFolder(component: string): string {
    return this.#component(component).folder;
  }

  componentLabel(component: string): string {
    return this.#component(component).label;
  }

  flags(): FlagValues {
    return this.#flags;
  }

  #component(name: string): Component {
    const { components } = this.blueprint;
    const found = components.find(name);
    if (found !== null) return found;
    throw new RigError('E_BLUEPRINT_INVALID', `Brain.QTL has no component ${name}`, {
      context: { component: name },
      hint: `Known components: ${components.ids.join(', ')}. Add it, or an alias, under components in Brain.QTL.`,
    });
  }
}
