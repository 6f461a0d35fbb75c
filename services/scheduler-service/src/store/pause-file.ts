import { readFile } from "node:fs/promises";
import { type PauseFile, timesOf } from "../domain/pause.ts";
import { writeWhole } from "./atomic-file.ts";

/**
 * Stores the schedule's pause in a file of the data folder, so that it outlives the queue's store. `read`
 * throws an Error that names the file when its content is invalid.
 */
export function openPauseFile(file: string): PauseFile {
  return {
    async read() {
      const text = await readFile(file, "utf8").catch((error: NodeJS.ErrnoException) => {
        if (error.code === "ENOENT") return null;
        throw error;
      });
      return text === null ? null : parse(file, text);
    },
    write: ({ paused, changedMs, sinceMs, pauses }) =>
      writeWhole(file, [`${JSON.stringify({ paused, changedMs, sinceMs, pauses })}\n`]),
  };
}

function parse(file: string, text: string) {
  try {
    const found: unknown = JSON.parse(text);
    if (typeof found === "object" && found !== null && "paused" in found && "changedMs" in found) {
      const { paused, changedMs } = found;
      if (typeof paused === "boolean" && typeof changedMs === "number") return { paused, changedMs, ...timesOf(found) };
    }
  } catch {
    // The file is not JSON: the error below reports it.
  }
  throw new Error(
    `${file} is not {"paused": true or false, "changedMs": number}: correct the file, or remove it and pause the schedule again`,
  );
}
