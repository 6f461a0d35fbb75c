import type { Narrator, NarratorOptions } from "./narrator.ts";

/**
 * Returns a narrator whose code is loaded with its first narrative: most of this package, which a service that starts
 * does not need.
 */
export function lazyNarrator(options: NarratorOptions): Narrator {
  let loading: Promise<Narrator> | undefined;
  return {
    async narrate(request) {
      loading ??= import("./narrator.ts").then(({ createNarrator }) => createNarrator(options));
      return await (await loading).narrate(request);
    },
  };
}
