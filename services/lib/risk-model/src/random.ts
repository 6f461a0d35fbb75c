/** A seeded stream of random numbers. */
export interface Random {
  /** Returns a uniformly distributed number in [0, 1) with 32 random bits. */
  uniform(): number;
  /** Returns a uniform integer in [0, n), n ≤ 2³². */
  below(n: number): number;
  /** Returns a number of the standard normal distribution. */
  normal(): number;
}

/**
 * Mixes a 32-bit state into all bits (SplitMix of Steele, Lea & Flood, OOPSLA 2014; 32-bit constants of
 * Wellons' hash prospector).
 */
function scramble(state: number): number {
  let z = (state + 0x9e3779b9) | 0;
  z = Math.imul(z ^ (z >>> 16), 0x21f0aaad);
  z = Math.imul(z ^ (z >>> 15), 0x735a2d97);
  return z ^ (z >>> 15);
}

/** Returns a 32-bit hash of a text (FNV-1a over UTF-16 units; Fowler, Noll & Vo), the same on every machine. */
export function hashText(text: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  return hash;
}

/**
 * Returns the generator xoshiro128** (Blackman & Vigna, "Scrambled Linear Pseudorandom Number Generators",
 * ACM TOMS 2021): each call returns 32 random bits.
 */
export function xoshiro128(state: readonly [number, number, number, number]): () => number {
  let [a, b, c, d] = state;
  return () => {
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
}

/**
 * Creates a stream of random numbers. The same seed and stream return the same numbers on every machine.
 * Streams of one seed are independent of each other.
 * @param seed Integer; only its lowest 32 bits are used.
 * @param stream Name of the purpose, such as "bootstrap".
 */
export function createRandom(seed: number, stream = ""): Random {
  const a = scramble(seed | 0);
  const b = scramble(a ^ hashText(stream));
  const c = scramble(b);
  // the generator would never leave the all-zero state; one odd word excludes it
  const d = scramble(c) | 1;
  const next = xoshiro128([a, b, c, d]);
  const uniform = (): number => next() / 4294967296;
  return {
    uniform,
    below: (n) => Math.floor(uniform() * n),
    // Box–Muller; 1 − u keeps the logarithm finite
    normal: () => Math.sqrt(-2 * Math.log(1 - uniform())) * Math.cos(2 * Math.PI * uniform()),
  };
}
