/** Time limit of loading a part of the page. */
const LIMIT_MS = 15_000;

/** Returns a function that loads as `load` does, and rejects when that takes longer than the limit. */
export function withTimeLimit<T>(load: () => Promise<T>, limitMs = LIMIT_MS): () => Promise<T> {
  return () =>
    new Promise((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error("the part of the page did not arrive in time")), limitMs);
      load()
        .then(resolve, reject)
        .finally(() => clearTimeout(timer));
    });
}
