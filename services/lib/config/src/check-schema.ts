import { nearestName } from "@bellwether/contract/nearest-name";
import { z } from "zod";
import { ConfigError, type ConfigViolation } from "./config-error.ts";
import type { YamlFile } from "./yaml-file.ts";

/**
 * Returns a leaf of a configuration schema: one predicate and the expected form for people. Its message is
 * the expected form, whatever the violation is.
 */
export function leaf<T>(expected: string, is: (value: unknown) => boolean): z.ZodCustom<T, T> {
  return z.custom<T>(is, { error: expected });
}

/** The schema of true and false. */
export const yesNo = leaf<boolean>("true or false", (v) => typeof v === "boolean");

/** Returns the schema of a finite number for which `is` returns true. */
export function numberWhere(expected: string, is: (value: number) => boolean): z.ZodCustom<number, number> {
  return leaf(expected, (value) => typeof value === "number" && Number.isFinite(value) && is(value));
}

/** Returns the schema of an integer from `min` to `max`, both allowed. */
export function integerFrom(min: number, max: number): z.ZodCustom<number, number> {
  return numberWhere(`an integer from ${min} to ${max}`, (v) => Number.isInteger(v) && v >= min && v <= max);
}

/** Returns the schema of a text that matches `pattern`. */
export function textLike(expected: string, pattern: RegExp): z.ZodCustom<string, string> {
  return leaf(expected, (value) => typeof value === "string" && pattern.test(value));
}

/** Returns the schema of a value that is exactly one of `choices`. */
export function oneOf<const C extends string>(choices: readonly C[]): z.ZodCustom<C, C> {
  return leaf(`one of ${choices.join(", ")}`, (value) => choices.some((choice) => choice === value));
}

/**
 * Finds violations that a schema cannot express. `file.value` may be of any shape: violations of the schema
 * are reported separately.
 */
export type CrossCheck = (file: YamlFile) => readonly ConfigViolation[];

/** Returns the value at `path` as a violation shows it. */
export type ShowValue = (path: readonly PropertyKey[], value: unknown) => string;

/**
 * Parses the value of `file` with `schema`.
 * @param show for files that may have secrets. Omitted: every value is shown
 * @throws ConfigError with every violation of the schema and of `crossCheck`, in the order of the file.
 */
export function parseWithSchema<S extends z.ZodType>(
  schema: S,
  file: YamlFile,
  crossCheck: CrossCheck = () => [],
  show: ShowValue = (_path, value) => shown(value),
): z.output<S> {
  const result = schema.safeParse(file.value);
  const violations = result.success
    ? []
    : result.error.issues.flatMap((issue) => violationsOf(issue, file, schema, show));
  violations.push(...crossCheck(file));
  if (!result.success || violations.length > 0)
    throw new ConfigError(violations.sort((a, b) => a.line - b.line || a.column - b.column));
  return result.data;
}

/** Returns a violation at `path` of `file`, for checks that a schema cannot express. */
export function violationAt(
  file: YamlFile,
  path: readonly PropertyKey[],
  found: string,
  expected: string,
): ConfigViolation {
  return { file: file.file, ...file.place(path), path: pathText(path), found, expected };
}

function violationsOf(issue: z.core.$ZodIssue, file: YamlFile, schema: z.ZodType, show: ShowValue): ConfigViolation[] {
  const path = issue.path;
  if (issue.code === "unrecognized_keys") {
    const known = keysAt(schema, file.value, path);
    return issue.keys.map((key) => {
      const nearest = nearestName(key, known);
      const expected = nearest ? `the known key "${nearest}"` : `only the keys ${known.join(", ")}`;
      return {
        ...violationAt(file, path, `the unknown key "${key.slice(0, 80)}"`, expected),
        ...file.keyPlace([...path, key]),
      };
    });
  }
  if (issue.code === "invalid_key") {
    const found = `the name "${String(path.at(-1)).slice(0, 80)}"`;
    return [{ ...violationAt(file, path, found, issue.issues[0]?.message ?? issue.message), ...file.keyPlace(path) }];
  }
  return [violationAt(file, path, show(path, writtenAt(file.value, path)), expectedOf(issue))];
}

/** What is expected in place of a list or map. Schemas of single values have their own messages. */
const CONTAINERS: Readonly<Record<string, string>> = {
  object: "a map (key: value)",
  record: "a map (key: value)",
  array: "a list",
};

/** Returns what was expected in place of an invalid value, in the words of YAML instead of those of the schema library. */
function expectedOf(issue: z.core.$ZodIssue): string {
  // A schema can have its own message.
  if (issue.code === "invalid_type" && issue.message.startsWith("Invalid input"))
    return CONTAINERS[issue.expected] ?? issue.message;
  return issue.message;
}

/** Returns a path as text, for example `features[3].range` for ["features", 3, "range"]. */
function pathText(path: readonly PropertyKey[]): string {
  return path.reduce<string>((text, step) => {
    if (typeof step === "number") return `${text}[${step}]`;
    return text === "" ? String(step) : `${text}.${String(step)}`;
  }, "");
}

/** Returns the value at `path` of plain maps and lists, or undefined. */
export function valueAt(root: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce<unknown>(
    (at, step) =>
      typeof at === "object" && at !== null && Object.hasOwn(at, step) ? Reflect.get(at, step) : undefined,
    root,
  );
}

/**
 * Returns the value written for `path`: the value itself, or the scalar above it that is a short form of its
 * map.
 */
function writtenAt(root: unknown, path: readonly PropertyKey[]): unknown {
  for (let depth = 0; depth <= path.length; depth++) {
    const value = valueAt(root, path.slice(0, depth));
    if (depth === path.length || typeof value !== "object" || value === null) return value;
  }
  return undefined;
}

/** Returns a value as a violation shows it: JSON, truncated. */
export function shown(value: unknown): string {
  if (value === undefined) return "nothing";
  const text = typeof value === "number" ? String(value) : (JSON.stringify(value) ?? typeof value);
  return text.length > 80 ? `${text.slice(0, 80)}…` : text;
}

/**
 * Returns the keys that the schema knows at `path`. For a union, the keys of the branch that the value's
 * `kind` or `form` selects.
 */
function keysAt(schema: z.ZodType, root: unknown, path: readonly PropertyKey[]): string[] {
  let at: z.core.$ZodType = schema;
  for (let depth = 0; ; depth++) {
    at = inner(at, valueAt(root, path.slice(0, depth)));
    const step = path[depth];
    if (step === undefined) break;
    if (at instanceof z.ZodObject) at = at.shape[String(step)] ?? z.never();
    else if (at instanceof z.ZodArray) at = at.element;
    else if (at instanceof z.ZodRecord) at = at.valueType;
  }
  return at instanceof z.ZodObject ? Object.keys(at.shape) : [];
}

function inner(schema: z.core.$ZodType, value: unknown): z.core.$ZodType {
  if (
    schema instanceof z.ZodDefault ||
    schema instanceof z.ZodPrefault ||
    schema instanceof z.ZodNullable ||
    schema instanceof z.ZodOptional
  )
    return inner(schema.unwrap(), value);
  if (schema instanceof z.ZodPipe) return inner(schema.in instanceof z.ZodTransform ? schema.out : schema.in, value);
  if (schema instanceof z.ZodDiscriminatedUnion) {
    const key = schema.def.discriminator;
    const option = schema.options.find(
      (o) =>
        o instanceof z.ZodObject && (o.shape[key] as z.ZodType | undefined)?.safeParse(valueAt(value, [key])).success,
    );
    return option ? inner(option, value) : schema;
  }
  return schema;
}
