import { TERM_INTS, type TermStore } from "./term-store.ts";

/** Returns the factor of a variable in a term: [option] − [current]. @param at Position of the variable's integers. */
function factorAt(ints: Int32Array, at: number, option: number): number {
  const isInside = option >= ints[at] && option <= ints[at + 1];
  return ints[at + 2] === 1 ? (isInside ? 1 : 0) : isInside ? 0 : -1;
}

/**
 * Adds the terms of a set to the differences of a row: the options of all variables but one are fixed, and the
 * sums of the differences are the terms by the option of that one.
 * @param head First term of the set, or −1.
 * @param options Option of each variable of the set; that of `free` is not read.
 * @param free Position of the variable that is not fixed.
 * @param differences `[options + 1]`, to which is added.
 */
export function addTermRow(
  { ints, values, next, size }: TermStore,
  head: number,
  options: readonly number[],
  free: number,
  differences: Float64Array,
): void {
  const stride = size * TERM_INTS;
  for (let term = head; term >= 0; term = next[term]) {
    const start = term * stride;
    let weight = values[term];
    for (let i = 0; i < size && weight !== 0; i++)
      if (i !== free) weight *= factorAt(ints, start + i * TERM_INTS, options[i]);
    if (weight === 0) continue;
    const at = start + free * TERM_INTS;
    if (ints[at + 2] === 0) differences[0] -= weight;
    differences[ints[at]] += weight;
    differences[ints[at + 1] + 1] -= weight;
  }
}

/** Returns a number that no sum of `addTermRow` with the same arguments is below; at most 0. */
export function termRowBound(
  { ints, values, next, size }: TermStore,
  head: number,
  options: readonly number[],
  free: number,
): number {
  const stride = size * TERM_INTS;
  let bound = 0;
  for (let term = head; term >= 0; term = next[term]) {
    const start = term * stride;
    let weight = values[term];
    for (let i = 0; i < size && weight !== 0; i++)
      if (i !== free) weight *= factorAt(ints, start + i * TERM_INTS, options[i]);
    if (weight === 0) continue;
    bound += Math.min(0, ints[start + free * TERM_INTS + 2] === 1 ? weight : -weight);
  }
  return bound;
}

/** Returns the sum of the terms of a set when all its variables have these options. */
export function termSum({ ints, values, next, size }: TermStore, head: number, options: readonly number[]): number {
  const stride = size * TERM_INTS;
  let sum = 0;
  for (let term = head; term >= 0; term = next[term]) {
    const start = term * stride;
    let weight = values[term];
    for (let i = 0; i < size && weight !== 0; i++) weight *= factorAt(ints, start + i * TERM_INTS, options[i]);
    sum += weight;
  }
  return sum;
}

/** Replaces the differences of a row by their sums, and clears them. @param out `[options]` */
export function sumDifferences(differences: Float64Array, out: Float64Array): void {
  const count = out.length;
  let sum = 0;
  for (let option = 0; option < count; option++) {
    sum += differences[option];
    out[option] = sum;
  }
  differences.fill(0, 0, count + 1);
}
