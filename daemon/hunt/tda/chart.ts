/** Small charts as SVG: persistence diagrams and barcodes, readable on light and dark ground, without a script or a font of their own. */

export interface ChartBar {
  readonly dim: number;
  readonly birth: number;
  /** Null = it never ends: drawn to the edge. */
  readonly death: number | null;
}

export interface ChartSection {
  readonly title: string;
  readonly bars: readonly ChartBar[];
  /** Deaths lie below births: what never ends goes to the lower edge. */
  readonly isDown: boolean;
  readonly birthLabel: string;
  readonly deathLabel: string;
  /** Of the barcode. */
  readonly scaleLabel: string;
  /** Said where there is nothing to draw. */
  readonly emptyNote: string;
}

const PANEL = { width: 440, height: 360, left: 60, right: 20, top: 56, bottom: 50 };
const MOST_BARS = 120;
const CLASS = ['h0', 'h1', 'h2'];

/** A row for each section: its diagram at the left, its barcode at the right. */
export function persistenceSvg(title: string, description: string, sections: readonly ChartSection[]): string {
  const width = 2 * PANEL.width;
  const height = sections.length * PANEL.height + 34;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" role="img" aria-labelledby="title desc">`,
    `<title id="title">${escaped(title)}</title>`,
    `<desc id="desc">${escaped(description)}</desc>`,
    `<style>${STYLE}</style>`,
    `<rect class="ground" width="${width}" height="${height}"/>`,
    `<text class="head" x="16" y="24">${escaped(title)}</text>`,
    ...sections.flatMap((section, row) => [
      `<g transform="translate(0 ${34 + row * PANEL.height})">`,
      ...diagram(section),
      '</g>',
      `<g transform="translate(${PANEL.width} ${34 + row * PANEL.height})">`,
      ...barcode(section),
      '</g>',
    ]),
    '</svg>',
    '',
  ].join('\n');
}

const STYLE = [
  'text{font:12px system-ui,sans-serif;fill:#1f2328}.head{font-weight:600;font-size:15px}.name{font-weight:600}.tick{font-size:11px}',
  '.ground{fill:#fff}.axis{stroke:#57606a;fill:none}.grid{stroke:#d0d7de}.even{stroke:#8c959f;stroke-dasharray:4 3}',
  '.h0{stroke:#0550ae;fill:#0550ae}.h1{stroke:#b35900;fill:#b35900}.h2{stroke:#116329;fill:#116329}circle,path.mark{fill-opacity:.55}line.bar{stroke-width:2}',
  '@media(prefers-color-scheme:dark){text{fill:#e6edf3}.ground{fill:#0d1117}.axis{stroke:#9198a1}.grid{stroke:#30363d}.even{stroke:#6e7681}.h0{stroke:#79c0ff;fill:#79c0ff}.h1{stroke:#ffa657;fill:#ffa657}.h2{stroke:#7ee787;fill:#7ee787}}',
].join('');

interface Axis {
  readonly low: number;
  readonly high: number;
  readonly ticks: readonly number[];
}

/** Five ticks or so, at 1, 2 or 5 times a power of ten. */
function axisOf(values: readonly number[]): Axis {
  const least = values.reduce((a, b) => Math.min(a, b), Infinity);
  const most = values.reduce((a, b) => Math.max(a, b), -Infinity);
  const span = most > least ? most - least : Math.abs(most) || 1;
  const raw = span / 5;
  const power = 10 ** Math.floor(Math.log10(raw));
  const step = power * ([1, 2, 5].find((factor) => factor * power >= raw) ?? 10);
  const low = Math.floor(least / step) * step;
  const count = Math.max(1, Math.ceil((most - low) / step + 1e-9));
  return { low, high: low + count * step, ticks: Array.from({ length: count + 1 }, (_, i) => Number((low + i * step).toPrecision(12))) };
}

const right = PANEL.width - PANEL.right;
const bottom = PANEL.height - PANEL.bottom;
const across = (axis: Axis, value: number): number => round(PANEL.left + ((value - axis.low) / (axis.high - axis.low)) * (right - PANEL.left));
const up = (axis: Axis, value: number): number => round(bottom - ((value - axis.low) / (axis.high - axis.low)) * (bottom - PANEL.top));

function diagram({ bars, isDown, title, birthLabel, deathLabel, emptyNote }: ChartSection): string[] {
  const name = `<text class="name" x="${PANEL.left}" y="18">${escaped(title)}</text>`;
  if (bars.length === 0) return [name, `<text x="${PANEL.left}" y="${PANEL.top + 30}">${escaped(emptyNote)}</text>`];
  const axis = axisOf(bars.flatMap(({ birth, death }) => (death === null ? [birth] : [birth, death])));
  return [
    name,
    ...legend(bars),
    ...frame(axis, axis, birthLabel, deathLabel),
    `<line class="even" x1="${PANEL.left}" y1="${bottom}" x2="${right}" y2="${PANEL.top}"/>`,
    ...bars.map(({ dim, birth, death }) => {
      const x = across(axis, birth);
      // What never ends stands at the edge, as a triangle.
      if (death === null) return `<path class="mark ${CLASS[dim]}" d="${isDown ? `M${round(x - 5)} ${bottom - 8}h10l-5 9z` : `M${round(x - 5)} ${PANEL.top + 8}h10l-5 -9z`}"/>`;
      return `<circle class="${CLASS[dim]}" cx="${x}" cy="${up(axis, death)}" r="3.5"/>`;
    }),
  ];
}

function barcode({ bars, isDown, scaleLabel }: ChartSection): string[] {
  if (bars.length === 0) return [];
  const drawn = [...bars].sort((a, b) => span(b) - span(a)).slice(0, MOST_BARS).sort((a, b) => a.dim - b.dim || a.birth - b.birth || span(a) - span(b));
  const axis = axisOf(drawn.flatMap(({ birth, death }) => (death === null ? [birth] : [birth, death])));
  const gap = (bottom - PANEL.top) / (drawn.length + 1);
  const left = bars.length - drawn.length;
  return [
    `<text class="name" x="${PANEL.left}" y="18">Barcode${left === 0 ? '' : ` (the longest ${MOST_BARS} of ${bars.length})`}</text>`,
    ...legend(drawn),
    ...frame(axis, null, scaleLabel, 'bars'),
    ...drawn.map(({ dim, birth, death }, i) => {
      const y = round(PANEL.top + (i + 1) * gap);
      const end = death === null ? (isDown ? PANEL.left : right) : across(axis, death);
      return `<line class="bar ${CLASS[dim]}" x1="${across(axis, birth)}" y1="${y}" x2="${end}" y2="${y}"${death === null ? ' stroke-dasharray="6 2"' : ''}/>`;
    }),
  ];
}

const span = ({ birth, death }: ChartBar): number => (death === null ? Infinity : Math.abs(death - birth));

function legend(bars: readonly ChartBar[]): string[] {
  const dims = [...new Set(bars.map(({ dim }) => dim))].sort();
  return dims.flatMap((dim, i) => [
    `<circle class="${CLASS[dim]}" cx="${PANEL.left + 6 + i * 120}" cy="36" r="4"/>`,
    `<text class="tick" x="${PANEL.left + 15 + i * 120}" y="40">H${dim} (${['pieces', 'loops', 'hollows'][dim]}): ${bars.filter((bar) => bar.dim === dim).length}</text>`,
  ]);
}

/** Lines, ticks and labels; a null axis upwards has none. */
function frame(x: Axis, y: Axis | null, xLabel: string, yLabel: string): string[] {
  const middle = round((PANEL.top + bottom) / 2);
  return [
    ...x.ticks.flatMap((tick) => [`<line class="grid" x1="${across(x, tick)}" y1="${PANEL.top}" x2="${across(x, tick)}" y2="${bottom}"/>`, `<text class="tick" x="${across(x, tick)}" y="${bottom + 16}" text-anchor="middle">${tick}</text>`]),
    ...(y?.ticks ?? []).flatMap((tick) => [`<line class="grid" x1="${PANEL.left}" y1="${up(y!, tick)}" x2="${right}" y2="${up(y!, tick)}"/>`, `<text class="tick" x="${PANEL.left - 7}" y="${up(y!, tick) + 4}" text-anchor="end">${tick}</text>`]),
    `<path class="axis" d="M${PANEL.left} ${PANEL.top}V${bottom}H${right}"/>`,
    `<text x="${round((PANEL.left + right) / 2)}" y="${bottom + 36}" text-anchor="middle">${escaped(xLabel)}</text>`,
    `<text transform="translate(16 ${middle}) rotate(-90)" text-anchor="middle">${escaped(yLabel)}</text>`,
  ];
}

const round = (value: number): number => Math.round(value * 100) / 100;

const escaped = (text: string): string => text.replace(/[<>&"']/g, (char) => `&#${char.charCodeAt(0)};`);
