import { readFile } from "node:fs/promises";
import type { RetrainRecord, RetrainStore } from "../domain/retrain-record.ts";
import { writeWhole } from "./atomic-file.ts";

/** Format of the file. */
const FORMAT = 1;

/**
 * Stores the last retrains of a model in a file of the data folder, so that they outlive the queue's store. `read` throws an Error that
 * names the file when its content is not valid.
 */
export function openRetrainFile(file: string): RetrainStore {
  return {
    async read() {
      const text = await readFile(file, "utf8").catch((error: NodeJS.ErrnoException) => {
        if (error.code === "ENOENT") return null;
        throw error;
      });
      return text === null ? [] : parse(file, text);
    },
    write: (records) => writeWhole(file, [`${JSON.stringify({ format: FORMAT, retrains: records }, null, 1)}\n`]),
  };
}

function parse(file: string, text: string): readonly RetrainRecord[] {
  try {
    const found: unknown = JSON.parse(text);
    if (typeof found === "object" && found !== null && "format" in found && "retrains" in found)
      if (found.format === FORMAT && Array.isArray(found.retrains) && found.retrains.every(isRecord))
        return found.retrains;
  } catch {
    // The file is not JSON: the error below reports it.
  }
  throw new Error(`${file} is not a list of retrains: remove it; only the memory of earlier retrains is lost`);
}

function isRecord(value: unknown): value is RetrainRecord {
  if (typeof value !== "object" || value === null) return false;
  return "number" in value && typeof value.number === "number" && "beganMs" in value && "window" in value;
}
