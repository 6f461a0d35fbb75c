import { readFileSync } from "node:fs";
import path from "node:path";
import type { Cell, ValueTable } from "@bellwether/risk-model/tables/value-table";

/** One kind of model in the support matrix, as kinds.py writes it. */
export interface Kind {
  readonly trainer: string;
  readonly what: string;
  readonly form: string;
  /** Null when the exporter writes no file; `reason` is then the cause. */
  readonly file: string | null;
  readonly reason: string | null;
  readonly columns: readonly string[];
  readonly rows: readonly (readonly Cell[])[];
  /** The trainer's answers: per row one number, or one number per class. */
  readonly predictions?: readonly (number | readonly number[])[];
  /** Rows that `contributions` belong to; left out: `rows`. */
  readonly explained?: readonly (readonly Cell[])[];
  readonly contributions?: readonly (readonly number[])[];
  readonly base?: number;
  readonly without?: string;
  readonly background?: readonly (readonly Cell[])[];
}

/** The kinds of a folder, with the versions of the programs that made them. */
export interface Kinds {
  readonly versions: Readonly<Record<string, string>>;
  readonly kinds: readonly Kind[];
  /** Reads a kind's file. */
  bytes(file: string): Uint8Array;
}

/** Reads what make_models.py wrote. */
export function readKinds(folder: string): Kinds {
  const [head = "{}", ...lines] = readFileSync(path.join(folder, "kinds.jsonl"), "utf8").trimEnd().split("\n");
  const { versions } = JSON.parse(head) as Pick<Kinds, "versions">;
  const kinds = lines.map((line) => JSON.parse(line) as Kind);
  return { versions, kinds, bytes: (file) => new Uint8Array(readFileSync(path.join(folder, file))) };
}

/** Returns a table of a kind's rows, with `answers` as its last columns. */
export function tableOf(
  columns: readonly string[],
  rows: readonly (readonly Cell[])[],
  answers: Kind["predictions"] = undefined,
): ValueTable {
  const width = [answers?.[0] ?? []].flat().length;
  const header = [...columns, ...Array.from({ length: width }, (_, k) => `answer ${k}`)];
  const records = rows.map((row, at) => [...row, ...(answers === undefined ? [] : [answers[at] ?? []].flat())]);
  return { header, records, firstRow: 1 };
}
