/**
 * What a count of random events says about their rate. Nonces and shares of devices that hash evenly are such events: a Poisson process.
 * Gamma function by Stirling's series, incomplete gamma by its power series and Legendre's continued fraction
 * (Abramowitz & Stegun 6.1.41, 6.5.29, 6.5.31); exact interval of a count: Garwood 1936.
 */

/** From here on the cube-root approximation of Wilson and Hilferty is better than 1 in 10^6, and quicker. */
const MANY = 20_000;

/** Natural logarithm of the gamma function, for x above 0. */
export function logGamma(x: number): number {
  let shift = 0;
  let z = x;
  for (; z < 10; z++) shift += Math.log(z);
  const inverse = 1 / (z * z);
  const series = (1 / 12 - inverse * (1 / 360 - inverse * (1 / 1260 - inverse / 1680))) / z;
  return (z - 0.5) * Math.log(z) - z + 0.5 * Math.log(2 * Math.PI) + series - shift;
}

/** Regularised lower incomplete gamma function P(shape, x): chance that a gamma variable of this shape is at most x. */
export function gammaCdf(shape: number, x: number): number {
  if (x <= 0) return 0;
  const front = Math.exp(shape * Math.log(x) - x - logGamma(shape));
  if (x < shape + 1) {
    let term = 1 / shape;
    let sum = term;
    for (let i = 1; term > sum * 1e-16 && i < 100_000; i++) {
      term *= x / (shape + i);
      sum += term;
    }
    return front * sum;
  }
  // Continued fraction from the front, by the rule of Lentz.
  let b = x + 1 - shape;
  let c = 1e300;
  let d = 1 / b;
  let fraction = d;
  for (let i = 1; i < 100_000; i++) {
    const a = i * (shape - i);
    b += 2;
    d = 1 / (a * d + b || 1e-300);
    c = b + a / c || 1e-300;
    const step = c * d;
    fraction *= step;
    if (Math.abs(step - 1) < 1e-15) break;
  }
  return 1 - front * fraction;
}

/** Chance of at most `count` events when `mean` are expected. */
export function poissonCdf(count: number, mean: number): number {
  return mean <= 0 ? 1 : 1 - gammaCdf(count + 1, mean);
}

/** The 97.5 % point of the normal distribution. */
const Z_95 = 1.959963984540054;

/** Value that a gamma variable of this shape stays below with probability p (p near 0.025 or 0.975 when the shape is large). */
function gammaQuantile(shape: number, p: number): number {
  const z = p < 0.5 ? -Z_95 : Z_95;
  const root = 1 - 1 / (9 * shape) + z / (3 * Math.sqrt(shape));
  const guess = shape * Math.max(0, root) ** 3;
  if (shape > MANY) return guess;
  let low = 0;
  let high = Math.max(guess * 2, 10);
  while (gammaCdf(shape, high) < p) high *= 2;
  let x = guess > 0 && guess < high ? guess : high / 2;
  for (let i = 0; i < 100 && high - low > 1e-10 * high; i++) {
    const error = gammaCdf(shape, x) - p;
    if (error > 0) high = x;
    else low = x;
    // Newton's step where it stays inside what is known, else the middle.
    const density = Math.exp((shape - 1) * Math.log(x) - x - logGamma(shape));
    const next = x - error / density;
    if (Math.abs(next - x) <= 1e-12 * x) return next;
    x = next > low && next < high ? next : (low + high) / 2;
  }
  return x;
}

/**
 * Exact 95 % confidence interval (Garwood) of the mean of a Poisson count.
 * @param count whole events seen, or an equivalent number of them
 */
export function countInterval95(count: number): readonly [low: number, high: number] {
  return [count > 0 ? gammaQuantile(count, 0.025) : 0, gammaQuantile(count + 1, 0.975)];
}

/**
 * 95 % interval of the mean of a sum of weighted events: that of as many equal ones as tell the same, (sum w)^2 / sum w^2
 * (exact when all weigh the same).
 * @param sum of the weights seen
 * @param squares sum of their squares
 * @param next weight of the next event: says how much it means that none was seen
 */
export function sumInterval95(sum: number, squares: number, next: number): readonly [low: number, high: number] {
  const count = squares === 0 ? 0 : (sum * sum) / squares;
  const weight = count === 0 ? next : sum / count;
  const [low, high] = countInterval95(count);
  return [low * weight, high * weight];
}
