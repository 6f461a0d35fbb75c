/** An entry of a list; needed to remove it. */
export interface ArrivalEntry<T> {
  readonly value: T;
  /** Index in the list; −1: the entry was removed. */
  index: number;
}

/** Number of free places that are kept. */
const FREE_PLACES = 64;

/**
 * Values in order of arrival, each of which can be removed at any time. It is an array with free places and not a Map or
 * Set: V8 replaces the table of a Map to which entries are added and from which they are removed all the time. A
 * replaced table in the old generation keeps the later tables, and with them the values that were removed, until
 * the next full collection (docs/decisions/0010).
 */
export class ArrivalList<T> {
  #places: (ArrivalEntry<T> | undefined)[] = [];
  /** All places before this one are free. */
  #head = 0;
  #size = 0;

  get size(): number {
    return this.#size;
  }

  add(value: T): ArrivalEntry<T> {
    if (this.#places.length >= 2 * this.#size + FREE_PLACES) this.#removeFreePlaces();
    const entry = { value, index: this.#places.length };
    this.#places.push(entry);
    this.#size++;
    return entry;
  }

  /** Removes an entry. Does nothing when it was removed before. */
  remove(entry: ArrivalEntry<T>): void {
    if (entry.index < 0) return;
    this.#places[entry.index] = undefined;
    entry.index = -1;
    this.#size--;
  }

  /** Returns the value that arrived first. */
  first(): T | undefined {
    while (this.#head < this.#places.length && this.#places[this.#head] === undefined) this.#head++;
    return this.#places[this.#head]?.value;
  }

  /** Returns a copy of the values, the latest first. */
  latestFirst(): T[] {
    const values: T[] = [];
    for (let i = this.#places.length - 1; i >= this.#head; i--) {
      const entry = this.#places[i];
      if (entry) values.push(entry.value);
    }
    return values;
  }

  #removeFreePlaces(): void {
    const entries = this.#places.filter((entry) => entry !== undefined);
    for (const [index, entry] of entries.entries()) entry.index = index;
    this.#places = entries;
    this.#head = 0;
  }
}
