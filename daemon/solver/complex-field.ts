/** Complex numbers of a grid, real and imaginary parts apart; the last index of the grid runs fastest. */
export interface ComplexField {
  readonly re: Float64Array;
  readonly im: Float64Array;
}

/** Zeros. */
export const newField = (points: number): ComplexField => ({ re: new Float64Array(points), im: new Float64Array(points) });

export const copyOf = ({ re, im }: ComplexField): ComplexField => ({ re: re.slice(), im: im.slice() });
