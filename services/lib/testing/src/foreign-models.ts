import { readFileSync } from "node:fs";
import path from "node:path";

/** A model file written by an external trainer, with the trainer's own predictions. */
export interface ForeignModel {
  readonly name: string;
  readonly trainer: string;
  readonly what: string;
  readonly bytes: Uint8Array;
  /** Input rows of the model; null when the import must reject the file. */
  readonly rows: readonly Float32Array[] | null;
  /** The trainer's own predictions: one number per row, or one per class. */
  readonly predictions: readonly (readonly number[])[];
  /**
   * The trainer's own contributions of each row, class by class, the expected value last; null when it has
   * none.
   */
  readonly contributions: readonly (readonly number[])[] | null;
}

type Cells = readonly (readonly (number | null)[])[];

interface Entry {
  readonly name: string;
  readonly trainer: string;
  readonly what: string;
  readonly rows?: Cells;
  readonly predictions?: readonly (readonly number[])[];
  readonly contributions?: readonly (readonly number[])[];
}

const FOLDER = path.join(import.meta.dirname, "foreign-models");
const [head = "{}", ...lines] = readFileSync(path.join(FOLDER, "expected.jsonl"), "utf8").trimEnd().split("\n");

/** Versions of the programs that wrote the files. */
export const trainerVersions = (JSON.parse(head) as { readonly versions: Readonly<Record<string, string>> }).versions;

/** Reads all files of the folder foreign-models. */
export function foreignModels(): ForeignModel[] {
  return lines.map((line) => {
    const { name, trainer, what, rows, predictions, contributions } = JSON.parse(line) as Entry;
    return {
      name,
      trainer,
      what,
      bytes: new Uint8Array(readFileSync(path.join(FOLDER, name))),
      rows: rows?.map((row) => Float32Array.from(row, (x) => x ?? Number.NaN)) ?? null,
      predictions: predictions ?? [],
      contributions: contributions ?? null,
    };
  });
}
