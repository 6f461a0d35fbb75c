/** A seeded stream of random numbers. */
export interface Random {
  /** Uniform in [0, 1), 32 bits. */
  uniform(): number;
  /** Uniform whole number in [0, n), n ≤ 2³². */
  below(n: number): number;
  /** Standard normal. */
  normal(): number;
}

/** SplitMix32 step, used to spread a seed over the state (Steele, Lea & Flood, OOPSLA 2014, 32-bit variant). */
function splitMix(state: { value: number }): number {
  state.value = (state.value + 0x9e3779b9) | 0;
  let z = state.value;
  z = Math.imul(z ^ (z >>> 16), 0x21f0aaad);
  z = Math.imul(z ^ (z >>> 15), 0x735a2d97);
  return (z ^ (z >>> 15)) >>> 0;
}

/**
 * xoshiro128** (Blackman & Vigna, "Scrambled Linear Pseudorandom Number Generators", 2021).
 * The same seed and stream give the same numbers everywhere; different streams of one seed are independent.
 */
export function createRandom(seed: number, stream = 0): Random {
  const state = { value: (seed | 0) ^ Math.imul(stream + 1, 0x85ebca6b) };
  let a = splitMix(state);
  let b = splitMix(state);
  let c = splitMix(state);
  let d = splitMix(state);
  const next = (): number => {
    const scrambled = Math.imul(b, 5);
    const result = Math.imul((scrambled << 7) | (scrambled >>> 25), 9) >>> 0;
    const t = b << 9;
    c ^= a;
    d ^= b;
    b ^= c;
    a ^= d;
    c ^= t;
    d = (d << 11) | (d >>> 21);
    return result;
  };
  const uniform = (): number => next() / 4294967296;
  return {
    uniform,
    below: (n) => Math.floor(uniform() * n),
    // Box–Muller; 1 − u keeps the logarithm finite
    normal: () => Math.sqrt(-2 * Math.log(1 - uniform())) * Math.cos(2 * Math.PI * uniform()),
  };
}
