import { createWriteStream } from "node:fs";
import { rename, rm } from "node:fs/promises";
import type { Writable } from "node:stream";
import { finished } from "node:stream/promises";

/**
 * Writes a file by `work`, and returns its result.
 * @param target A path: the file is complete or does not change. "-": standard output.
 */
export async function writeWholeFile<T>(target: string, work: (out: Writable) => Promise<T>): Promise<T> {
  if (target === "-") return await work(process.stdout);
  const draft = `${target}.draft-${process.pid}`;
  try {
    const file = createWriteStream(draft, { flags: "wx" });
    const result = await work(file);
    file.end();
    await finished(file);
    await rename(draft, target);
    return result;
  } finally {
    await rm(draft, { force: true });
  }
}

/** Writes a text and waits until it was accepted. */
export function writeText(out: Writable, text: string): Promise<void> {
  return new Promise((resolve, reject) => {
    out.write(text, (error) => (error ? reject(error) : resolve()));
  });
}
