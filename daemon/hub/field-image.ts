import type { FieldArtifact } from '../hunt/artifact.ts';

export type FieldLayer = 'density' | 'phase' | 'omega_sq';

/** One layer of a field as float32, little endian, row by row; of three dimensions the middle one of the first direction. */
export function fieldImage({ n, dim, state }: FieldArtifact, layer: FieldLayer): Buffer {
  const points = n * n;
  const first = dim === 3 ? (n >> 1) * points : 0;
  const { re, im } = state.psi;
  const value = (i: number): number => {
    if (layer === 'omega_sq') return state.omegaSquared[i]!;
    return layer === 'phase' ? Math.atan2(im[i]!, re[i]!) : re[i]! ** 2 + im[i]! ** 2;
  };
  const image = Buffer.allocUnsafe(4 * points);
  for (let i = 0; i < points; i++) image.writeFloatLE(value(first + i), 4 * i);
  return image;
}
