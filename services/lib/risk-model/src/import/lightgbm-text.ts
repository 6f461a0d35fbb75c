import { ModelRefusedError } from "./model-refused-error.ts";

/** `key=value` lines of one section of a LightGBM model file. */
export interface TextSection {
  /** "" for the head, else "Tree=12". */
  readonly title: string;
  has(key: string): boolean;
  text(key: string): string;
  number(key: string): number;
  /** Numbers between blanks; `length` null: any. */
  numbers(key: string, length: number | null): Float64Array;
}

/** What follows the last tree; files of version 2 go straight on to the importances. */
const END = /^(end of trees|feature[ _]importances:)\s*$/;

const MAX_LINES = 4_000_000;

/**
 * Cuts a LightGBM model file into its head and its trees; what follows the trees (importances, training parameters) is
 * no part of the model.
 * @throws ModelRefusedError not such a file, cut short, or with more lines than any model.
 */
export function readLightgbmText(bytes: Uint8Array): {
  readonly head: TextSection;
  readonly trees: readonly TextSection[];
} {
  const lines = decode(bytes).split("\n");
  if (lines.length > MAX_LINES)
    throw new ModelRefusedError("unsafe", `a LightGBM file of more than ${MAX_LINES} lines`);
  const end = lines.findIndex((line) => END.test(line));
  if (end < 0) throw new ModelRefusedError("malformed", "the LightGBM file ends before its trees do (truncated file)");
  const starts = [...lines.keys()].slice(0, end).filter((at) => lines[at]?.startsWith("Tree=") === true);
  const head = section("", lines.slice(0, starts[0] ?? end));
  const trees = starts.map((start, at) =>
    section((lines[start] ?? "").trimEnd(), lines.slice(start + 1, starts[at + 1] ?? end)),
  );
  if (head.has("tree_sizes") && head.numbers("tree_sizes", null).length !== trees.length) {
    throw new ModelRefusedError("malformed", `the file holds ${trees.length} trees, its head promises others`);
  }
  return { head, trees };
}

function decode(bytes: Uint8Array): string {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch (error) {
    if (error instanceof TypeError) throw new ModelRefusedError("malformed", "the LightGBM file is not UTF-8 text");
    throw error;
  }
}

function section(title: string, lines: readonly string[]): TextSection {
  const values = new Map<string, string>();
  for (const line of lines) {
    const at = line.indexOf("=");
    const key = (at < 0 ? line : line.slice(0, at)).trim();
    if (key === "") continue;
    if (values.has(key)) throw new ModelRefusedError("malformed", `${where(title)} holds ${key.slice(0, 40)} twice`);
    values.set(key, at < 0 ? "" : line.slice(at + 1).trim());
  }
  const text = (key: string): string => {
    const value = values.get(key);
    if (value === undefined) throw new ModelRefusedError("malformed", `${where(title)} lacks ${key}`);
    return value;
  };
  const numbers = (key: string, length: number | null): Float64Array => {
    const found = text(key);
    const list = found === "" ? new Float64Array() : Float64Array.from(found.split(/ +/), Number);
    if (length !== null && list.length !== length) {
      throw new ModelRefusedError(
        "malformed",
        `${where(title)}: ${key} has ${list.length} entries where ${length} are due`,
      );
    }
    if (!list.every(Number.isFinite)) {
      throw new ModelRefusedError("malformed", `${where(title)}: ${key} holds something that is no finite number`);
    }
    return list;
  };
  return { title, has: (key) => values.has(key), text, number: (key) => numbers(key, 1)[0] ?? 0, numbers };
}

function where(title: string): string {
  return title === "" ? "the head of the LightGBM file" : title.slice(0, 40);
}
