import { ImportRejectedError } from "@bellwether/tree-model/trees/import-rejected-error";
import { unknownKey } from "../text/json-fields.ts";

/** The `key=value` lines of one section of a LightGBM model file. */
export interface TextSection {
  /** "" for the head, else "Tree=12". */
  readonly title: string;
  has(key: string): boolean;
  text(key: string): string;
  number(key: string): number;
  /** Returns finite numbers separated by blanks; `length` null: any number of them. */
  numbers(key: string, length: number | null): Float64Array;
  /** Returns numbers separated by blanks, also infinite ones (`inf`). */
  limits(key: string, length: number): Float64Array;
  /**
   * @throws ImportRejectedError when the section has a key that the reader does not know and that may change scores.
   */
  allowOnly(known: ReadonlySet<string>): void;
}

/** First line after the last tree. In files of version 2 the importances follow at once. */
const END = /^(end of trees|feature[ _]importances:)\s*$/;

const PANDAS = "pandas_categorical:";

const MAX_LINES = 4_000_000;
/** Maximum number of keys of the head or of a tree. LightGBM writes fewer than 30. */
const MAX_KEYS = 1_000;

/**
 * Splits a LightGBM model file into its head, its trees and the categories after them. The other parts after
 * the trees (importances, training parameters) do not belong to the model.
 * @throws ImportRejectedError when the text is not such a file, is truncated, or has more lines than any model.
 */
export function readLightgbmText(bytes: Uint8Array): {
  readonly head: TextSection;
  readonly trees: readonly TextSection[];
  /** JSON of the categories of the pandas data frame; null when the file has none. */
  readonly pandasCategories: string | null;
} {
  const lines = decode(bytes).split("\n");
  if (lines.length > MAX_LINES)
    throw new ImportRejectedError("unsafe", `a LightGBM file of more than ${MAX_LINES} lines`);
  const end = lines.findIndex((line) => END.test(line));
  if (end < 0)
    throw new ImportRejectedError("malformed", "the LightGBM file ends before its trees do (truncated file)");
  const starts = [...lines.keys()].slice(0, end).filter((at) => lines[at]?.startsWith("Tree=") === true);
  const head = section("", lines.slice(0, starts.length === 0 ? end : starts[0]));
  const trees = starts.map((start, at) =>
    section(lines[start].trimEnd(), lines.slice(start + 1, at + 1 < starts.length ? starts[at + 1] : end)),
  );
  if (head.has("tree_sizes") && head.numbers("tree_sizes", null).length !== trees.length) {
    throw new ImportRejectedError("malformed", `the file holds ${trees.length} trees, its head promises others`);
  }
  const categories = lines.slice(end).findLast((line) => line.startsWith(PANDAS));
  const pandasCategories = categories?.slice(PANDAS.length).trim() ?? null;
  return { head, trees, pandasCategories: pandasCategories === "null" ? null : pandasCategories };
}

function decode(bytes: Uint8Array): string {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch (error) {
    if (error instanceof TypeError) throw new ImportRejectedError("malformed", "the LightGBM file is not UTF-8 text");
    throw error;
  }
}

function section(title: string, lines: readonly string[]): TextSection {
  const values = new Map<string, string>();
  for (const line of lines) {
    const at = line.indexOf("=");
    const key = (at < 0 ? line : line.slice(0, at)).trim();
    if (key === "") continue;
    if (values.has(key)) throw new ImportRejectedError("malformed", `${where(title)} holds ${key.slice(0, 40)} twice`);
    if (values.size === MAX_KEYS)
      throw new ImportRejectedError("unsafe", `${where(title)} holds more than ${MAX_KEYS} keys`);
    values.set(key, at < 0 ? "" : line.slice(at + 1).trim());
  }
  const text = (key: string): string => {
    const value = values.get(key);
    if (value === undefined) throw new ImportRejectedError("malformed", `${where(title)} lacks ${key}`);
    return value;
  };
  const list = (key: string, length: number | null): Float64Array => {
    const found = text(key);
    const values = found === "" ? new Float64Array() : Float64Array.from(found.split(/ +/), numberOf);
    if (length !== null && values.length !== length) {
      throw new ImportRejectedError(
        "malformed",
        `${where(title)}: ${key} has ${values.length} entries but needs ${length}`,
      );
    }
    return values;
  };
  const checked = (key: string, length: number | null, isFit: (value: number) => boolean, what: string) => {
    const values = list(key, length);
    if (values.every(isFit)) return values;
    throw new ImportRejectedError("malformed", `${where(title)}: ${key} holds something that is not a ${what}`);
  };
  const numbers = (key: string, length: number | null) => checked(key, length, Number.isFinite, "finite number");
  return {
    title,
    has: (key) => values.has(key),
    text,
    number: (key) => numbers(key, 1)[0],
    numbers,
    limits: (key, length) => checked(key, length, (value) => !Number.isNaN(value), "number"),
    allowOnly: (known) => {
      const unknown = [...values.keys()].find((key) => !known.has(key));
      if (unknown !== undefined) throw unknownKey(`${title === "" ? "" : `${title.slice(0, 40)}: `}${unknown}`);
    },
  };
}

/** Parses a number as C++ writes it, also `inf` and `-inf`. */
function numberOf(text: string): number {
  const infinite = /^([+-]?)inf(inity)?$/i.exec(text);
  if (infinite === null) return Number(text);
  return infinite[1] === "-" ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY;
}

function where(title: string): string {
  return title === "" ? "the head of the LightGBM file" : title.slice(0, 40);
}
