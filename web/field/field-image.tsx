import { useEffect, useRef, useState } from 'preact/hooks';
import type { FieldImage as Image } from '../api/client.ts';
import { significant } from '../format/numbers.ts';
import type { Rgb } from './colour-maps.ts';
import { pixelsOf, rangeOf, scaleBar, type Range } from './draw.ts';

interface FieldImageProps {
  readonly title: string;
  readonly note: string;
  readonly image: Image;
  readonly map: readonly Rgb[];
  /** Fixed, as for an angle; else that of the values. */
  readonly range?: Range;
  readonly format?: (value: number) => string;
}

const plain = (value: number): string => significant(value, 3);

/** One layer of a run's last state, a square of colour for every point, with what the colours and lengths mean. */
export function FieldImage({ title, note, image, map, range: given, format = plain }: FieldImageProps) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const legend = useRef<HTMLCanvasElement>(null);
  const [pointed, setPointed] = useState<string | null>(null);
  const { n, values, boxLength } = image;
  const range = given ?? rangeOf(values);

  useEffect(() => {
    if (range === null) return;
    canvas.current?.getContext('2d')?.putImageData(new ImageData(pixelsOf(values, range, map), n, n), 0, 0);
    const strip = Float32Array.from({ length: map.length }, (_, i) => i);
    legend.current?.getContext('2d')?.putImageData(new ImageData(pixelsOf(strip, { low: 0, high: map.length - 1 }, map), map.length, 1), 0, 0);
  }, [image, map]);

  const look = (event: PointerEvent): void => {
    const box = (event.currentTarget as HTMLElement).getBoundingClientRect();
    const [column, row] = [(event.clientX - box.left) / box.width, (event.clientY - box.top) / box.height].map((part) => Math.min(n - 1, Math.max(0, Math.floor(part * n)))) as [number, number];
    const length = (index: number): string => significant((index * boxLength) / n, 3);
    setPointed(`${format(values[row * n + column]!)} at x ${length(column)}, y ${length(row)}`);
  };

  if (range === null) return <p class="tone-warn">{title}: no value of it is a number.</p>;
  const bar = scaleBar(boxLength);
  return (
    <figure class="field-image">
      <figcaption>
        <b>{title}</b> <span class="quiet">{note}</span>
      </figcaption>
      <div class="field-room">
        <canvas ref={canvas} width={n} height={n} role="img" aria-label={`${title}, ${n} by ${n} points, from ${format(range.low)} to ${format(range.high)}`} data-field={title} onPointerMove={look} onPointerLeave={() => setPointed(null)} />
        {Number.isFinite(boxLength) && boxLength > 0 && (
          <span class="scale-bar" style={{ width: `${(100 * bar) / boxLength}%` }}>
            {significant(bar, 1)}
          </span>
        )}
      </div>
      <canvas ref={legend} class="field-legend" width={map.length} height={1} aria-hidden="true" />
      <div class="field-ends">
        <span>{format(range.low)}</span>
        <span class="quiet">{pointed ?? ''}</span>
        <span>{format(range.high)}</span>
      </div>
    </figure>
  );
}
