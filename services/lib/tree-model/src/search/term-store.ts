/** Integers that describe one variable of a term. */
export const TERM_INTS = 3;

/**
 * Terms of fixed sets of variables, as linked lists: one list per set. A term is a value and, for each
 * variable, the interval of options in which a leaf is reached.
 */
export class TermStore {
  /** Number of variables of a set: 2 or 3. */
  readonly size: number;
  /** For each term and variable: first option, last option, and 1 when the current option is outside. */
  ints: Int32Array;
  values: Float64Array = new Float64Array(1024);
  /** Next term of the same set; −1 at the end. */
  next: Int32Array = new Int32Array(1024);
  /** First term of each set, by its key. */
  readonly heads = new Map<number, number>();
  /** Lower bound of the sum of a set's terms, by its key. */
  readonly lowerBounds = new Map<number, number>();
  #length = 0;

  constructor(size: number) {
    this.size = size;
    this.ints = new Int32Array(TERM_INTS * size * 1024);
  }

  get length(): number {
    return this.#length;
  }

  /**
   * Adds a term without its intervals, which the caller writes to `ints` at the returned position.
   * @param sign +1 or −1: the sign of the product of the variables' factors where it is not 0.
   */
  add(key: number, value: number, sign: number): number {
    const at = this.#length++;
    if (at === this.values.length) this.#grow();
    this.values[at] = value;
    this.next[at] = this.heads.get(key) ?? -1;
    this.heads.set(key, at);
    if (sign * value < 0) this.lowerBounds.set(key, (this.lowerBounds.get(key) ?? 0) + sign * value);
    return at * this.size * TERM_INTS;
  }

  /** Returns the first term of a set; −1 when it has none. */
  head(key: number): number {
    return this.heads.get(key) ?? -1;
  }

  /** Returns a number that the sum of a set's terms is never below; at most 0. */
  lowerBound(key: number): number {
    return this.lowerBounds.get(key) ?? 0;
  }

  #grow(): void {
    const ints = new Int32Array(2 * this.ints.length);
    ints.set(this.ints);
    this.ints = ints;
    const values = new Float64Array(2 * this.values.length);
    values.set(this.values);
    this.values = values;
    const next = new Int32Array(2 * this.next.length);
    next.set(this.next);
    this.next = next;
  }
}
