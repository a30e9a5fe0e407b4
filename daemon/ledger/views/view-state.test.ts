import { describe, expect, it } from 'vitest';
import { uniform } from '../../../sim/random.fixture.ts';
import type { JsonObject, ViewTarget } from '../../brainstem/contract.ts';
import { fakeBrainstem } from '../fake-brainstem.fixture.ts';
import { addDelta, Batch, copyOf, deltaOf, Item, type Delta } from './item.ts';
import { Records } from './kit.fixture.ts';
import { itemBytes, withoutComma } from './layout.ts';
import { Routes, type Route } from './route.ts';
import { RunHistory, type RunSetting } from './run-history.ts';
import { ViewState, type ViewContext } from './view-state.ts';

const brainstem = fakeBrainstem('/data');
const routes = new Routes(brainstem);
const context: ViewContext = { instantiate: (template, at) => brainstem.instantiate(template, at), routeOf: routes.of.bind(routes), run: { mode: null, maxViewBytes: 1 << 20 } };

/** What a file is after every step, with the parts it was cut into. */
class File {
  state: ViewState;
  readonly parts: Record<string, string> = {};
  #chunks: Buffer[] = [];
  #items = 0;

  constructor(target: ViewTarget) {
    this.state = new ViewState(target, context);
  }

  take(items: readonly Item[], run: RunSetting): void {
    const deltas = new Map<Route, Delta>();
    for (const item of items) {
      const known = deltas.get(item.route);
      if (known === undefined) deltas.set(item.route, copyOf(deltaOf(item)));
      else addDelta(known, deltaOf(item));
    }
    for (const step of this.state.apply([...deltas.values()], new Batch(items), run)) {
      if (step.kind === 'append') {
        this.#chunks.push(step.chunk);
        this.#items += step.items;
        continue;
      }
      this.parts[step.part.file] = this.#text(step.frame.head, step.frame.tail);
      expect([step.part.entries, step.itemBytes]).toEqual([this.#items, this.#bytes]);
      this.#chunks = [];
      this.#items = 0;
    }
  }

  /** As a restart would find it. */
  restart(): void {
    const sources = this.state.target.arrayKey === null ? (JSON.parse(this.text) as { summary: { data_sources: string[] } }).summary.data_sources : [];
    this.state = ViewState.restore(this.state.target, context, JSON.parse(JSON.stringify(this.state.toJSON())) as JsonObject, sources);
  }

  get text(): string {
    const { head, tail } = this.state.frame();
    expect([this.state.items, this.state.itemBytes]).toEqual([this.#items, this.#bytes]);
    return this.#text(head, tail);
  }

  get #bytes(): number {
    return itemBytes(Buffer.concat(this.#chunks).length, true);
  }

  #text(head: Buffer, tail: Buffer): string {
    const chunk = Buffer.concat(this.#chunks);
    return Buffer.concat([head, chunk.length === 0 ? chunk : withoutComma(chunk), tail]).toString();
  }
}

/** Records in runs with settings of their own, and the files they go to. */
function history(seed: number): { items: Item[]; runOf: (seq: number) => RunSetting; targets: ViewTarget[] } {
  const random = uniform(seed);
  const records = new Records(seed, brainstem, true);
  const runs = new RunHistory(2_000);
  const items: Item[] = [];
  const targets = new Map<string, ViewTarget>();
  for (let i = 0; i < 250; i += 1) {
    if (random() < 0.02) {
      runs.begin(records.start({ mode: random() < 0.5 ? 'demo' : 'test', max_view_bytes: 400 + Math.floor(random() * 5_000) }));
      continue;
    }
    const record = records.any(seed * 60);
    const route = routes.of(record.kind as never, record.category, record.bucket);
    items.push(new Item(record, route));
    for (const target of route.targets) targets.set(target.path, target);
  }
  return { items, runOf: (seq) => runs.at(seq), targets: [...targets.values()] };
}

/** Fills a file in batches; a batch never holds records of two runs. */
function fill(target: ViewTarget, items: readonly Item[], runOf: (seq: number) => RunSetting, batch: () => number, restarts: () => boolean): File {
  const file = new File(target);
  const its = items.filter((item) => item.route.targets.some(({ path }) => path === target.path));
  for (let from = 0; from < its.length; ) {
    const run = runOf(its[from]!.seq);
    let to = from + 1;
    for (const end = from + batch(); to < its.length && to < end && runOf(its[to]!.seq) === run; ) to += 1;
    file.take(its.slice(from, to), run);
    if (restarts()) file.restart();
    from = to;
  }
  return file;
}

describe('any batching gives the same bytes', () => {
  it.each([1, 2, 3])('in every file, with parts and restarts (seed %i)', (seed) => {
    const random = uniform(seed);
    const { items, runOf, targets } = history(seed);
    let parts = 0;
    for (const target of targets) {
      const single = fill(target, items, runOf, () => 1, () => false);
      const whole = fill(target, items, runOf, () => Number.POSITIVE_INFINITY, () => false);
      const mixed = fill(target, items, runOf, () => 1 + Math.floor(random() * 9), () => random() < 0.3);
      for (const other of [whole, mixed]) {
        expect(other.text, target.path).toBe(single.text);
        expect(other.parts, target.path).toEqual(single.parts);
      }
      for (const part of Object.values(single.parts)) expect(() => JSON.parse(part) as unknown).not.toThrow();
      expect(() => JSON.parse(single.text) as unknown).not.toThrow();
      parts += Object.keys(single.parts).length;
    }
    expect(parts).toBeGreaterThan(10);
  });
});

describe('parts', () => {
  const target = routes.of('ledger', 'dtm', '2025/12/W50/18/01').targets.find(({ role }) => role === 'global')!;
  const run = { mode: null, maxViewBytes: 200 };

  function items(...lengths: number[]): Item[] {
    const records = new Records(1, brainstem);
    return lengths.map((length) => new Item(records.add('ledger', undefined, { pad: 'x'.repeat(length) }), routes.of('ledger', 'dtm', '2025/12/W50/18/01')));
  }

  it('are named in the file with how many entries they hold, and totals are of all time', () => {
    const file = new File(target);
    file.take(items(80, 80, 80, 10, 10), run);
    const document = JSON.parse(file.text) as { metadata: Record<string, unknown>; total_attempts: number; entries: unknown[] };
    expect(Object.keys(file.parts)).toEqual(['Ledgers/global_ledger.0001.json', 'Ledgers/global_ledger.0002.json']);
    expect(document.metadata).toMatchObject({ earlier_parts: [{ file: 'Ledgers/global_ledger.0001.json', entries: 1 }, { file: 'Ledgers/global_ledger.0002.json', entries: 1 }], entries_in_this_part: 3 });
    expect([document.total_attempts, document.entries.length]).toEqual([5, 3]);
    const first = JSON.parse(file.parts['Ledgers/global_ledger.0001.json']!) as { total_attempts: number; entries: unknown[]; metadata: Record<string, unknown> };
    expect([first.total_attempts, first.entries.length, first.metadata.through_seq, first.metadata.earlier_parts]).toEqual([1, 1, 1, undefined]);
  });

  it('are not begun for one entry that is larger than any part', () => {
    const file = new File(target);
    file.take(items(5_000), run);
    expect(file.parts).toEqual({});
    file.take(items(5_000), run);
    expect(Object.keys(file.parts)).toHaveLength(1);
  });

  it('end exactly at the limit, in a batch as one by one', () => {
    const its = items(50, 50, 50, 50);
    const bytes = its.slice(0, 2).reduce((sum, item) => sum + item.bytes + 2, 0);
    for (const maxViewBytes of [bytes - 1, bytes, bytes + 1]) {
      const one = new File(target);
      for (const item of its) one.take([item], { mode: null, maxViewBytes });
      const all = new File(target);
      all.take(its, { mode: null, maxViewBytes });
      expect([all.parts, all.text]).toEqual([one.parts, one.text]);
    }
  });
});
