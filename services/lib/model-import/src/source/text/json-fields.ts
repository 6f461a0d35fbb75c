import { ImportRejectedError } from "@bellwether/tree-model/trees/import-rejected-error";

/** Checked access to the fields of a parsed JSON object. Every error names the field. */
export interface JsonFields {
  readonly path: string;
  /** Whether the object has the field. */
  has(name: string): boolean;
  child(name: string): JsonFields;
  /**
   * @throws ImportRejectedError when the object has a key that the reader does not know and that may change scores.
   */
  allowOnly(isKnown: (key: string) => boolean): void;
  /** Returns a list of objects. */
  children(name: string): JsonFields[];
  /** Returns a list of lists. */
  lists(name: string): (readonly unknown[])[];
  text(name: string): string;
  /** Returns a list of strings; empty when the field is absent. */
  texts(name: string): string[];
  /** Returns a number that is written as a number or as a string (XGBoost writes its parameters as strings). */
  number(name: string): number;
  /** Returns a list of numbers; `length` null: of any length. */
  numbers(name: string, length: number | null): readonly number[];
  /** Returns a list of flags, written as booleans or as numbers. */
  flags(name: string, length: number): readonly boolean[];
}

/** @throws ImportRejectedError by each reading method, when the field is absent or has another type. */
export function jsonFields(value: unknown, path: string): JsonFields {
  if (typeof value !== "object" || value === null || Array.isArray(value)) throw wrong(path, "an object");
  const fields = new Map<string, unknown>(Object.entries(value));
  const at = (name: string): string => (path === "" ? name : `${path}.${name}`);
  const list = (name: string): unknown[] => {
    const found = fields.get(name);
    if (!Array.isArray(found)) throw wrong(at(name), "a list");
    return found;
  };
  return {
    path,
    has: (name) => fields.has(name),
    child: (name) => jsonFields(fields.get(name), at(name)),
    allowOnly: (isKnown) => {
      const unknown = [...fields.keys()].find((key) => !isKnown(key));
      if (unknown !== undefined) throw unknownKey(at(unknown));
    },
    children: (name) => list(name).map((item, index) => jsonFields(item, `${at(name)}[${index}]`)),
    lists: (name) =>
      list(name).map((item, index) => {
        if (!Array.isArray(item)) throw wrong(`${at(name)}[${index}]`, "a list");
        return item;
      }),
    text: (name) => {
      const found = fields.get(name);
      if (typeof found !== "string") throw wrong(at(name), "a text");
      return found;
    },
    texts: (name) =>
      (fields.has(name) ? list(name) : []).map((item) => {
        if (typeof item !== "string") throw wrong(at(name), "a list of texts");
        return item;
      }),
    number: (name) => {
      const found = fields.get(name);
      const number = typeof found === "string" && found.trim() !== "" ? Number(found) : found;
      if (typeof number !== "number" || Number.isNaN(number)) throw wrong(at(name), "a number");
      return number;
    },
    numbers: (name, length) => {
      const found = list(name);
      if (!found.every((item) => typeof item === "number")) throw wrong(at(name), "a list of numbers");
      if (length !== null) expectLength(at(name), found.length, length);
      return found;
    },
    flags: (name, length) => {
      const found = list(name);
      expectLength(at(name), found.length, length);
      return found.map((item) => item === true || (typeof item === "number" && item !== 0));
    },
  };
}

/** Returns the error for a key that no reader knows. The key may change scores, so it is not ignored. */
export function unknownKey(path: string): ImportRejectedError {
  const shown = path.slice(0, 120);
  const reason = `the key ${shown} is not known here and may change scores; a newer trainer may have written it: export the model to ONNX instead`;
  return new ImportRejectedError("unsupported", reason);
}

function expectLength(path: string, length: number, due: number): void {
  if (length !== due) throw new ImportRejectedError("malformed", `${path} has ${length} entries but needs ${due}`);
}

function wrong(path: string, expected: string): ImportRejectedError {
  return new ImportRejectedError("malformed", `${path === "" ? "the file" : path} is not ${expected}`);
}
