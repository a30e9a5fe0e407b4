/**
 * Colours for fields, perceptually even by construction: a path through OKLab (B. Ottosson, 2020) that is walked in steps of equal
 * length, so that equal differences of a value look equally large, wherever they are.
 */

export type Rgb = readonly [red: number, green: number, blue: number];

interface Lch {
  readonly l: number;
  readonly c: number;
  /** Degrees. */
  readonly h: number;
}

type Lab = readonly [l: number, a: number, b: number];

export const STEPS = 256;
const FINE = 2048;

/** 256 colours of a path, equally far from each other. */
function colourMap(path: (t: number) => Lch): readonly Rgb[] {
  const points = Array.from({ length: FINE + 1 }, (_, i) => inGamut(path(i / FINE)));
  const lengths = [0];
  for (let i = 1; i < points.length; i++) lengths.push(lengths[i - 1]! + distance(points[i - 1]!, points[i]!));
  const total = lengths[FINE]!;
  let at = 0;
  return Array.from({ length: STEPS }, (_, step) => {
    const wanted = (total * step) / (STEPS - 1);
    while (at < FINE && lengths[at + 1]! < wanted) at++;
    return bytes(points[Math.min(at + 1, FINE)]!);
  });
}

const distance = (a: Lab, b: Lab): number => Math.hypot(a[0] - b[0], a[1] - b[1], a[2] - b[2]);

/** As colourful as a screen can, where the path wants more. */
function inGamut({ l, c, h }: Lch): Lab {
  const angle = (h * Math.PI) / 180;
  const lab = (chroma: number): Lab => [l, chroma * Math.cos(angle), chroma * Math.sin(angle)];
  const fits = (chroma: number): boolean => linearRgb(lab(chroma)).every((value) => value >= 0 && value <= 1);
  if (fits(c)) return lab(c);
  let [low, high] = [0, c];
  for (let i = 0; i < 24; i++) {
    const middle = (low + high) / 2;
    if (fits(middle)) low = middle;
    else high = middle;
  }
  return lab(low);
}

function linearRgb([l, a, b]: Lab): Rgb {
  const [x, y, z] = [l + 0.3963377774 * a + 0.2158037573 * b, l - 0.1055613458 * a - 0.0638541728 * b, l - 0.0894841775 * a - 1.291485548 * b].map((value) => value ** 3) as [number, number, number];
  return [4.0767416621 * x - 3.3077115913 * y + 0.2309699292 * z, -1.2684380046 * x + 2.6097574011 * y - 0.3413193965 * z, -0.0041960863 * x - 0.7034186147 * y + 1.707614701 * z];
}

function bytes(lab: Lab): Rgb {
  return linearRgb(lab).map((value) => {
    const bounded = Math.min(1, Math.max(0, value));
    return Math.round(255 * (bounded <= 0.0031308 ? 12.92 * bounded : 1.055 * bounded ** (1 / 2.4) - 0.055));
  }) as unknown as Rgb;
}

/** The other way, to measure how far two colours are from each other. */
export function okLab([red, green, blue]: Rgb): Lab {
  const [r, g, b] = [red, green, blue].map((value) => (value / 255 <= 0.04045 ? value / 255 / 12.92 : ((value / 255 + 0.055) / 1.055) ** 2.4)) as [number, number, number];
  const [x, y, z] = [0.4122214708 * r + 0.5363325363 * g + 0.0514459929 * b, 0.2119034982 * r + 0.6806995451 * g + 0.1073969566 * b, 0.0883024619 * r + 0.2817188376 * g + 0.6299787005 * b].map(Math.cbrt) as [number, number, number];
  return [0.2104542553 * x + 0.793617785 * y - 0.0040720468 * z, 1.9779984951 * x - 2.428592205 * y + 0.4505937099 * z, 0.0259040371 * x + 0.7827717662 * y - 0.808675766 * z];
}

/** Dark blue over green to light yellow. */
export const DENSITY = colourMap((t) => ({ l: 0.16 + 0.8 * t, c: 0.06 + 0.1 * Math.sin(Math.PI * t), h: 285 - 180 * t }));
/** Dark violet over red to a light yellow: its end, 1, is flat space. */
export const METRIC = colourMap((t) => ({ l: 0.18 + 0.78 * t, c: 0.07 + 0.11 * Math.sin(Math.PI * t), h: -50 + 145 * t }));
/** Ends where it begins: an angle. Light and dark turn with the hue, for those who see few hues. */
export const PHASE = colourMap((t) => ({ l: 0.64 + 0.2 * Math.cos(2 * Math.PI * t), c: 0.11, h: 80 + 360 * t }));
