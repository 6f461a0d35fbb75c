import type { NameEraser } from "@bellwether/contract/erasure/name-eraser";

/** Where a JSON value has texts: members by their names, joined by dots; elements of arrays are not named. "": the value itself. */
export interface TextPaths {
  /** Texts that people or programs wrote: the name is replaced in them. */
  readonly texts: readonly string[];
  /** Values of the input: replaced if they are the name and nothing else. */
  readonly values?: readonly string[];
}

/**
 * Returns a JSON value without a name in its texts. All other strings stay: they are identifiers and words that programs read. The same
 * value: its texts do not have the name.
 */
export function eraseInJson(value: unknown, { texts, values = [] }: TextPaths, eraser: NameEraser): unknown {
  const inTexts = texts.reduce((erased, path) => replaceAt(erased, segmentsOf(path), eraser.erase), value);
  const whole = (text: string): string => (eraser.isName(text) ? eraser.erase(text) : text);
  return values.reduce((erased, path) => replaceAt(erased, segmentsOf(path), whole), inTexts);
}

const segmentsOf = (path: string): readonly string[] => (path === "" ? [] : path.split("."));

function replaceAt(value: unknown, path: readonly string[], replace: (text: string) => string): unknown {
  if (Array.isArray(value)) {
    const replaced: unknown[] = value.map((member) => replaceAt(member, path, replace));
    return replaced.some((member, i) => member !== value[i]) ? replaced : value;
  }
  const [key, ...rest] = path;
  if (key === undefined) return typeof value === "string" ? replace(value) : value;
  if (typeof value !== "object" || value === null || !Object.hasOwn(value, key)) return value;
  const member: unknown = Reflect.get(value, key);
  const replaced = replaceAt(member, rest, replace);
  return replaced === member ? value : { ...value, [key]: replaced };
}
