import type { Report } from './blueprint-problems.ts';
import type { BlueprintData } from './blueprint-schema.ts';

/** Components the daemon itself writes as. */
const REQUIRED = ['brain', 'brainstem', 'dtm', 'looping', 'miners'];

export interface Component {
  /** Canonical id: `miners`. */
  readonly id: string;
  /** Folder under System_Reports and Error_Reports: `Miners`. */
  readonly folder: string;
  /** How it signs files and entries: `Production-Miner`. */
  readonly label: string;
  /** Part of the names of its example files: `mining_process`. */
  readonly exampleSlug: string;
}

/** The components of the blueprint and every name they go by. */
export class Components {
  readonly all: readonly Component[];
  readonly #byName = new Map<string, Component>();

  constructor(data: BlueprintData['components'], report: Report) {
    this.all = Object.entries(data).map(([id, { folder, label = folder, example_slug }]) => ({ id, folder, label, exampleSlug: example_slug }));
    for (const id of REQUIRED) if (!Object.hasOwn(data, id)) report(['components'], `component ${id} is missing`);
    for (const component of this.all) {
      const { folder, aliases } = data[component.id] ?? { folder: component.folder, aliases: [] };
      this.#add(component.id, component, ['components', component.id], report);
      this.#add(folder, component, ['components', component.id, 'folder'], report);
      aliases.forEach((alias, index) => this.#add(alias, component, ['components', component.id, 'aliases', index], report));
    }
  }

  /** The component with this id, folder or alias; case, spaces, `-` and `_` do not count. Null when there is none. */
  find(name: string): Component | null {
    return this.#byName.get(plain(name)) ?? null;
  }

  /** Every id, for messages. */
  get ids(): string[] {
    return this.all.map((component) => component.id);
  }

  #add(name: string, component: Component, path: (string | number)[], report: Report): void {
    const holder = this.#byName.get(plain(name));
    if (holder !== undefined && holder.id !== component.id) report(path, `"${name}" already names the component ${holder.id}`);
    else this.#byName.set(plain(name), component);
  }
}

function plain(name: string): string {
  return name.toLowerCase().replace(/[\s_-]/g, '');
}
