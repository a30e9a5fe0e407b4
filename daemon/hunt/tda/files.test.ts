import { describe, expect, test } from 'vitest';
import { eventsCsv, readEventsCsv } from './events-csv.ts';
import { fieldTopology } from './topology.ts';
import { topologySvg } from './topology-svg.ts';

const EVENTS = [
  { x: 1, y: 2, z: 0, t_step: 1200, magnitude: 9.5, phase: -3.1 },
  { x: 31, y: 0, z: 4, t_step: null, magnitude: 0.1 + 0.2, phase: null },
];

describe('events as CSV', () => {
  test('come back as they were', () => {
    const text = eventsCsv(EVENTS);
    expect(text.split('\n')[0]).toBe('x,y,z,t_step,magnitude,phase');
    expect(readEventsCsv(text, 'a.csv')).toEqual(EVENTS);
  });

  test('of the public tools are read, with whatever else they have', () => {
    const text = '\uFEFFquantule_id,type,center_x,center_y,center_z,radius,magnitude\r\n1,"Q, nu",1.5,2e1,3,4,5\r\n\r\n2,"a ""b""",-1,0,0,0,\r\n';
    expect(readEventsCsv(text, 'a.csv')).toEqual([
      { x: 1.5, y: 20, z: 3, t_step: null, magnitude: 5, phase: null },
      { x: -1, y: 0, z: 0, t_step: null, magnitude: null, phase: null },
    ]);
  });

  test.each([
    ['', 'a.csv is empty'],
    ['a,b\n1,2\n', 'a.csv:1: the head has no column x'],
    ['x,z\n1,2\n', 'a.csv:1: the head has no column y'],
    ['x,y\n1,2\n3\n', 'a.csv:3: 1 cells where the head has 2'],
    ['x,y\n1,two\n', 'a.csv:2: y is no number: "two"'],
    ['center_x,center_y\n1,\n', 'a.csv:2: center_y is empty'],
    ['x,y\n1,Infinity\n', 'a.csv:2: y is no number: "Infinity"'],
    ['x,y\n1,-1e200\n', 'a.csv:2: -1e+200 is farther out than 1000000000 cells'],
    [`\x1b[2J${'a'.repeat(1e6)}\n`, `a.csv:1: the head has no column x (or center_x); it has "\\u001b[2j${'a'.repeat(196)} ..."`],
  ])('bad input is named by its line: %j', (text, message) => {
    expect(() => readEventsCsv(text, 'a.csv')).toThrow(message);
  });
});

describe('the chart', () => {
  const n = 16;
  const ring = Float64Array.from({ length: n * n }, (_, p) => (Math.abs(Math.hypot(Math.floor(p / n) - 8, (p % n) - 8) - 5) < 0.8 ? 3 : 1));
  const { topology } = fieldTopology({ re: ring, im: new Float64Array(n * n) }, n, 2, { threshold: 4 });

  test('is well-formed, labels its axes, has a mark for every bar and colours for the dark', () => {
    const svg = topologySvg('<run> & "one"', topology);
    expect(tagProblem(svg)).toBeNull();
    expect(svg).toContain('Persistent homology of &#60;run&#62; &#38; &#34;one&#34;');
    for (const label of ['birth (distance, grid cells)', 'death (distance, grid cells)', 'distance (grid cells)', 'height (sigma above the mean)']) expect(svg).toContain(`>${label}</text>`);
    expect(svg).toContain('prefers-color-scheme:dark');
    expect(svg).not.toMatch(/NaN|Infinity|undefined|<script|href/);
    const dots = svg.match(/<circle class="h[01]" cx="[\d.]+" cy="[\d.]+" r="3.5"\/>/g)!.length;
    const triangles = svg.match(/<path class="mark/g)!.length;
    expect(dots + triangles).toBe(topology.diagram.length + topology.superlevel!.diagram.length);
  });

  test('keeps every mark within its frame', () => {
    const svg = topologySvg('x', topology);
    for (const [, cx, cy] of svg.matchAll(/<circle class="h\d" cx="([\d.-]+)" cy="([\d.-]+)" r="3.5"/g)) {
      expect(Number(cx)).toBeGreaterThanOrEqual(60);
      expect(Number(cx)).toBeLessThanOrEqual(420);
      expect(Number(cy)).toBeGreaterThanOrEqual(56);
      expect(Number(cy)).toBeLessThanOrEqual(310);
    }
  });

  test('says so when there is nothing to draw', () => {
    const svg = topologySvg('x', { ...topology, n_events: 0, n_analysed: 0, diagram: [], superlevel: null });
    expect(tagProblem(svg)).toBeNull();
    expect(svg).toContain('There are no events.');
  });

  test('the same topology gives the same bytes', () => expect(topologySvg('x', topology)).toBe(topologySvg('x', structuredClone(topology))));
});

/** What is wrong with the nesting of a document's tags and the quoting of their attributes; null = nothing. */
function tagProblem(xml: string): string | null {
  const open: string[] = [];
  for (const [tag, closing, name, attributes, single] of xml.matchAll(/<(\/?)([a-z]+)((?:\s+[a-zA-Z0-9:-]+="[^"<&]*")*)\s*(\/?)>/g)) {
    if (closing === '/') {
      if (open.pop() !== name) return tag;
    } else if (single !== '/') open.push(name!);
    if (attributes === undefined) return tag;
  }
  const text = xml.replace(/<(\/?)([a-z]+)((?:\s+[a-zA-Z0-9:-]+="[^"<&]*")*)\s*(\/?)>/g, '');
  if (/[<>]/.test(text) || /&(?!#\d+;)/.test(text)) return text;
  return open.length === 0 ? null : open.join();
}
