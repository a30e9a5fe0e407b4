/** `{job_uuid}_quantule_events.csv`: events as a table, as the public tools write and read them. */
import { RigError } from '../../../protocol/common/errors.ts';
import type { FieldEvent } from './events.ts';

const COLUMNS = ['x', 'y', 'z', 't_step', 'magnitude', 'phase'] as const;
const MOST_EVENTS = 100_000;
/** Cells from the origin; the square of a distance must stay a number, and one cell must still be told from the next. */
const FARTHEST = 1e9;
const MOST_SHOWN = 200;

export const eventsName = (jobUuid: string): string => `${jobUuid}_quantule_events.csv`;

/** An empty cell is what is not known. */
export function eventsCsv(events: readonly FieldEvent[]): string {
  return [COLUMNS.join(','), ...events.map((event) => COLUMNS.map((column) => event[column] ?? '').join(','))].map((line) => `${line}\n`).join('');
}

/**
 * Reads events from CSV with a head: `x,y[,z]`, or the public tools' `center_x,center_y[,center_z]`; `t_step`, `magnitude` and `phase` where
 * they are there, other columns are passed over.
 * @param name for messages @throws RigError E_TDA_INPUT that names the line
 */
export function readEventsCsv(text: string, name: string): FieldEvent[] {
  const lines = text.replace(/^\uFEFF/, '').split(/\r?\n/);
  const first = lines.findIndex((line) => line.trim() !== '');
  const wrong = (line: number, why: string): RigError => new RigError('E_TDA_INPUT', `${name}:${line}: ${why}`, { context: { file: name, line } });
  if (first < 0) throw new RigError('E_TDA_INPUT', `${name} is empty`);
  const head = cellsOf(lines[first]!).map((cell) => cell.trim().toLowerCase());
  const column = (...names: readonly string[]): number => head.findIndex((cell) => names.includes(cell));
  const places = { x: column('x', 'center_x'), y: column('y', 'center_y'), z: column('z', 'center_z'), t_step: column('t_step'), magnitude: column('magnitude'), phase: column('phase') };
  for (const axis of ['x', 'y'] as const) if (places[axis] < 0) throw wrong(first + 1, `the head has no column ${axis} (or center_${axis}); it has ${shown(head.join(', '))}`);
  const events: FieldEvent[] = [];
  lines.forEach((line, i) => {
    if (i <= first || line.trim() === '') return;
    const cells = cellsOf(line);
    if (cells.length !== head.length) throw wrong(i + 1, `${cells.length} cells where the head has ${head.length}`);
    const number = (field: keyof typeof places): number | null => {
      const cell = places[field] < 0 ? '' : cells[places[field]]!.trim();
      if (cell === '') return null;
      const value = Number(cell);
      if (!Number.isFinite(value)) throw wrong(i + 1, `${head[places[field]]!} is no number: ${shown(cell)}`);
      return value;
    };
    const place = (axis: 'x' | 'y'): number => number(axis) ?? fail(wrong(i + 1, `${head[places[axis]]!} is empty`));
    const within = (value: number): number => (Math.abs(value) <= FARTHEST ? value : fail(wrong(i + 1, `${value} is farther out than ${FARTHEST} cells`)));
    if (events.length === MOST_EVENTS) throw wrong(i + 1, `more than ${MOST_EVENTS} events`);
    events.push({ x: within(place('x')), y: within(place('y')), z: within(number('z') ?? 0), t_step: number('t_step'), magnitude: number('magnitude'), phase: number('phase') });
  });
  return events;
}

/** Of a file that may be anything: in quotes, nothing that a terminal would obey, and not all of it. */
const shown = (text: string): string => JSON.stringify(text.length <= MOST_SHOWN ? text : `${text.slice(0, MOST_SHOWN)} ...`);

function fail(error: Error): never {
  throw error;
}

/** Cells of a line; quotes may hold commas, two quotes in them are one. */
function cellsOf(line: string): string[] {
  const cells: string[] = [''];
  let isQuoted = false;
  for (let i = 0; i < line.length; i++) {
    const char = line[i]!;
    if (char === '"' && isQuoted && line[i + 1] === '"') cells[cells.length - 1] += line[++i]!;
    else if (char === '"') isQuoted = !isQuoted;
    else if (char === ',' && !isQuoted) cells.push('');
    else cells[cells.length - 1] += char;
  }
  return cells;
}
