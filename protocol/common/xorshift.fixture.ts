/** xorshift32: the same million inputs every time, at no cost. Gives whole numbers from 0 to `below` - 1. */
export function xorshift(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % below;
  };
}
