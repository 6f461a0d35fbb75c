/**
 * Passes each input to `work` and yields the results in the order of the inputs. `work` processes at most `inFlight`
 * inputs at a time. When this number is reached, no further input is read, so a reader who does not read results
 * stops the sender. Each result is yielded as soon as it is available, so a sender may wait for it before it sends
 * the next input.
 * @throws the first error of an input or of `work`, after the results before it
 */
export async function* pipelined<In, Out>(
  inputs: AsyncIterable<In>,
  work: (input: In) => Promise<Out>,
  inFlight: number,
): AsyncGenerator<Out> {
  const iterator = inputs[Symbol.asyncIterator]();
  /** Results that are not yielded yet, the oldest first. */
  const working: Promise<Out>[] = [];
  let reading: Promise<IteratorResult<In>> | undefined;
  let hasEnded = false;
  const begin = (input: In): void => {
    const result = work(input);
    // An error is thrown when the result is awaited, which never happens after an earlier error.
    result.catch(() => {});
    working.push(result);
  };
  try {
    while (true) {
      if (!hasEnded && reading === undefined && working.length < inFlight) {
        reading = iterator.next();
        reading.catch(() => {});
      }
      const [oldest] = working;
      if (oldest === undefined && reading === undefined) return;
      const first = await firstOf(reading, oldest);
      if (first.kind === "result") {
        working.shift();
        yield first.result;
      } else {
        reading = undefined;
        if (first.next.done) hasEnded = true;
        else begin(first.next.value);
      }
    }
  } finally {
    if (!hasEnded) iterator.return?.()?.catch(() => {});
  }
}

type First<In, Out> =
  | { readonly kind: "input"; readonly next: IteratorResult<In> }
  | { readonly kind: "result"; readonly result: Out };

/** Waits for the next input or the oldest result, whichever comes first. An error of an input waits for the results before it. */
async function firstOf<In, Out>(
  reading: Promise<IteratorResult<In>> | undefined,
  oldest: Promise<Out> | undefined,
): Promise<First<In, Out>> {
  const result = oldest?.then((value): First<In, Out> => ({ kind: "result", result: value }));
  const input = reading?.then(
    (next): First<In, Out> => ({ kind: "input", next }),
    async (error: unknown) => {
      if (result !== undefined) return await result;
      throw error;
    },
  );
  return await Promise.race([input, result].filter((promise) => promise !== undefined));
}
