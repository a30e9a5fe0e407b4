/** The tables of docs/hunt.md, made from the code. */
import { simulationSchema } from '../../config/simulation-schema.ts';
import { DEFAULT_PARAMETERS, PARAMETER_RANGES } from '../../kernels/spectral/parameters.ts';
import { DEFAULT_BOUNDS, type GeneBounds } from './genes.ts';
import { HUNT_SENTINEL } from './sentinels.ts';

const SENTINELS: Record<keyof typeof HUNT_SENTINEL, string> = {
  ok: 'the job has a score',
  flatMetric: 'Omega² is level although the density is not and `sdg_alpha` is not 0: the geometry took no part',
  noOverlap: 'no ray has two peaks that fit two targets',
  noVariance: 'the density has no structure: its variance is below 1e-5',
  artifactMissing: 'a step left nothing that the next could read',
  noPeaks: 'no ray has a peak',
  exception: 'a step ended by an error; `error` in the provenance file has its words',
  singularity: 'a number is not finite: field or geometry has run away',
  drift: 'nothing is left of the field: its mean density is below 1e-5',
  timeout: 'a step did not end by its deadline (`hunt.simulate_timeout_seconds`, `hunt.validate_timeout_seconds`)',
  geometry: 'Omega² stands at its floor or ceiling nearly everywhere: the metric is what the bounds make it',
};

const row = (...cells: readonly (string | number)[]): string => `| ${cells.join(' | ')} |`;
const head = (...cells: readonly string[]): string[] => [row(...cells), row(...cells.map(() => '---'))];

function parameterTable(): string {
  const shape = simulationSchema.unwrap().shape as unknown as Record<string, { description?: string }>;
  const rows = Object.entries(DEFAULT_PARAMETERS).map(([name, value]) => {
    const range = (PARAMETER_RANGES as Record<string, readonly [number, number]>)[name];
    return row(`\`${name}\``, value, range === undefined ? '' : `${range[0]} to ${range[1]}`, shape[name]?.description ?? '');
  });
  return [...head('parameter', 'default', 'range', 'meaning'), ...rows].join('\n');
}

function boundsTable(): string {
  const rows = Object.entries(DEFAULT_BOUNDS as Record<string, GeneBounds>).map(([gene, { min, max, scale }]) => row(`\`${gene}\``, min, max, scale));
  return [...head('parameter', 'least', 'greatest', 'scale'), ...rows].join('\n');
}

function sentinelTable(): string {
  const rows = (Object.entries(HUNT_SENTINEL) as [keyof typeof HUNT_SENTINEL, number][]).sort(([, a], [, b]) => a - b).map(([name, code]) => row(code, SENTINELS[name]));
  return [...head('code', 'meaning'), ...rows].join('\n');
}

/** By the name in its `<!-- begin NAME -->`. */
export function pageTables(): Readonly<Record<string, string>> {
  return { parameters: parameterTable(), bounds: boundsTable(), sentinels: sentinelTable() };
}

/** The page with its tables as the code has them. @throws Error for a table that the page has no place for */
export function withTables(page: string, tables: Readonly<Record<string, string>>): string {
  return Object.entries(tables).reduce((text, [name, table]) => {
    const place = new RegExp(`(<!-- begin ${name} -->\\n)[^]*?(\\n<!-- end ${name} -->)`);
    if (!place.test(text)) throw new Error(`the page has no place for the table of ${name}`);
    return text.replace(place, (_, begin: string, end: string) => begin + table + end);
  }, page);
}
