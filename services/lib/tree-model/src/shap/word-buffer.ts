/** A growing sequence of 32-bit words, each an int32 or a float32. */
export class WordBuffer {
  #ints = new Int32Array(1024);
  #floats = new Float32Array(this.#ints.buffer);
  #length = 0;

  /** Number of words written. */
  get length(): number {
    return this.#length;
  }

  int(value: number): void {
    this.#reserve();
    this.#ints[this.#length++] = value;
  }

  float(value: number): void {
    this.#reserve();
    this.#floats[this.#length++] = value;
  }

  /** Overwrites a word that was written before. */
  setInt(at: number, value: number): void {
    this.#ints[at] = value;
  }

  /** Returns the words, read as integers. */
  ints(): Int32Array {
    return this.#ints.slice(0, this.#length);
  }

  /** Returns the words, read as floats. */
  floats(): Float32Array {
    return this.#floats.slice(0, this.#length);
  }

  #reserve(): void {
    if (this.#length < this.#ints.length) return;
    const grown = new Int32Array(2 * this.#ints.length);
    grown.set(this.#ints);
    this.#ints = grown;
    this.#floats = new Float32Array(grown.buffer);
  }
}
