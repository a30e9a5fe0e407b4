/**
 * The way of the original design, taken at its word, as the measure for the ledger: every report is put into 14 files
 * (Global, Hourly, six Aggregated with all data, six Aggregated_Index with the summary), and each of them is read, parsed,
 * added to and written again as a whole, indented.
 */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';

export interface BaselineReport {
  readonly id: string;
  readonly timestamp: string;
  readonly component: string;
  readonly [field: string]: unknown;
}

interface Level {
  readonly name: 'root' | 'year' | 'month' | 'week' | 'day' | 'hour';
  /** `2026/11/W47`; empty for the root. */
  readonly scope: string;
  /** `_W47`; empty for the root. */
  readonly suffix: string;
}

interface ReportsFile {
  metadata: { [name: string]: unknown };
  reports: BaselineReport[];
}

interface AggregatedFile {
  metadata: { [name: string]: unknown };
  summary: { total_entries: number; data_sources: string[] };
  aggregated_data?: { reports: BaselineReport[] };
}

const LEVELS = ['root', 'year', 'month', 'week', 'day', 'hour'] as const;

export class BaselineLedger {
  readonly #tree: string;
  /** Bytes handed to the disk so far. */
  bytesWritten = 0;

  /** @param base folder to write below */
  constructor(base: string) {
    this.#tree = path.join(base, 'System', 'System_Reports', 'Miners');
  }

  /** Writes the files that a history of reports leaves for the hour of the last one, which are those the next report changes. */
  fill(reports: readonly BaselineReport[]): void {
    const last = reports.at(-1);
    if (last === undefined) return;
    const { global, hourly, aggregated } = this.#paths(last.timestamp);
    const hours = new Map<string, BaselineReport[]>();
    for (const report of reports) {
      const hour = scopeOf(report.timestamp, 'hour');
      const before = hours.get(hour);
      if (before === undefined) hours.set(hour, [report]);
      else before.push(report);
    }
    this.#write(global, reportsFile('global', reports));
    this.#write(hourly, reportsFile('hourly', hours.get(scopeOf(last.timestamp, 'hour')) ?? []));
    for (const { level, file, index } of aggregated) {
      const own = [...hours].filter(([hour]) => hour.startsWith(level.scope));
      const sources = [global, ...own.flatMap(([, [first]]) => (first === undefined ? [] : [this.#paths(first.timestamp).hourly]))].map((source) => this.#name(source));
      const within = own.flatMap(([, some]) => some);
      this.#write(file, { ...aggregatedFile(level), summary: { total_entries: within.length, data_sources: sources }, aggregated_data: { reports: within } });
      this.#write(index, { ...aggregatedFile(level), summary: { total_entries: within.length, data_sources: sources } });
    }
  }

  /** Saves one report: all 14 files have it when this returns. */
  report(report: BaselineReport): void {
    const { global, hourly, aggregated } = this.#paths(report.timestamp);
    for (const [file, kind] of [[global, 'global'], [hourly, 'hourly']] as const) {
      const document = this.#read<ReportsFile>(file) ?? reportsFile(kind, []);
      document.reports.push(report);
      document.metadata.last_updated = report.timestamp;
      this.#write(file, document);
    }
    for (const { level, file, index } of aggregated) {
      const data = this.#read<AggregatedFile>(file) ?? { ...aggregatedFile(level), aggregated_data: { reports: [] } };
      data.aggregated_data?.reports.push(report);
      this.#summarize(data, report, [global, hourly]);
      this.#write(file, data);
      const summary = this.#read<AggregatedFile>(index) ?? aggregatedFile(level);
      this.#summarize(summary, report, [global, hourly]);
      this.#write(index, summary);
    }
  }

  #summarize(document: AggregatedFile, report: BaselineReport, sources: readonly string[]): void {
    document.summary.total_entries += 1;
    for (const source of sources.map((file) => this.#name(file))) if (!document.summary.data_sources.includes(source)) document.summary.data_sources.push(source);
    document.metadata.last_updated = report.timestamp;
  }

  #paths(timestamp: string): { global: string; hourly: string; aggregated: { level: Level; file: string; index: string }[] } {
    const hour = scopeOf(timestamp, 'hour');
    const aggregated = LEVELS.map((name) => {
      const scope = scopeOf(timestamp, name);
      const level: Level = { name, scope, suffix: scope === '' ? '' : `_${scope.split('/').at(-1)}` };
      return { level, file: path.join(this.#tree, 'Aggregated', scope, `aggregated${level.suffix}.json`), index: path.join(this.#tree, 'Aggregated_Index', scope, `aggregated_index${level.suffix}.json`) };
    });
    return { global: path.join(this.#tree, 'Global', 'global_miners.json'), hourly: path.join(this.#tree, 'Hourly', hour.replace(/W\d\d\//, ''), 'hourly_miners.json'), aggregated };
  }

  #name(file: string): string {
    return path.relative(this.#tree, file);
  }

  #read<T>(file: string): T | null {
    let text: string;
    try {
      text = readFileSync(file, 'utf8');
    } catch {
      return null;
    }
    return JSON.parse(text) as T;
  }

  #write(file: string, document: object): void {
    const text = JSON.stringify(document, null, 2);
    mkdirSync(path.dirname(file), { recursive: true });
    writeFileSync(file, text);
    this.bytesWritten += Buffer.byteLength(text);
  }
}

function reportsFile(kind: 'global' | 'hourly', reports: readonly BaselineReport[]): ReportsFile {
  return { metadata: { file_type: `${kind}_miners`, last_updated: reports.at(-1)?.timestamp ?? null }, reports: [...reports] };
}

function aggregatedFile({ name, scope }: Level): AggregatedFile {
  return { metadata: { file_type: 'aggregated_miners', aggregation_level: name, aggregation_scope: scope, last_updated: null }, summary: { total_entries: 0, data_sources: [] } };
}

/** Time folders of a UTC timestamp down to a level; weeks count from the first Monday. */
function scopeOf(timestamp: string, level: Level['name']): string {
  const [year = '', month = '', day = '', hour = ''] = timestamp.split(/[-T:]/);
  const date = Date.UTC(Number(year), Number(month) - 1, Number(day));
  const dayOfYear = Math.round((date - Date.UTC(Number(year), 0, 1)) / 86_400_000);
  const week = Math.floor((dayOfYear + 7 - ((new Date(date).getUTCDay() + 6) % 7)) / 7);
  return [year, month, `W${String(week).padStart(2, '0')}`, day, hour].slice(0, LEVELS.indexOf(level)).join('/');
}
