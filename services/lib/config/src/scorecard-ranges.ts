import { valueAt, violationAt } from "./check-schema.ts";
import type { ConfigViolation } from "./config-error.ts";
import type { FeatureSpec } from "./model-spec.ts";
import type { YamlFile } from "./yaml-file.ts";

/** A range as the file has it, with its ends filled in. */
interface GivenRange {
  readonly path: readonly PropertyKey[];
  readonly from: number;
  readonly to: number;
}

/**
 * Finds gaps and overlaps of a feature's ranges: together they must cover its possible numbers exactly once. A gap or
 * an overlap is reported at the range that comes after it, in the order of the numbers.
 * @param path of the list of ranges
 */
export function rangeViolations(
  file: YamlFile,
  path: readonly PropertyKey[],
  { name, range }: Pick<FeatureSpec, "name" | "range">,
): ConfigViolation[] {
  const list = valueAt(file.value, path);
  if (!Array.isArray(list) || list.length === 0 || range === null) return [];
  const given = [...list.keys()].map((i) => readRange(file, [...path, i], range));
  // A range that the schema rejects would be reported as gaps of its neighbours too.
  if (!given.every((one) => one !== null)) return [];
  const violations = given.filter(isEmpty).map((one) => emptyViolation(file, one));
  const sorted = given.filter((one) => !isEmpty(one)).sort((a, b) => a.from - b.from || a.to - b.to);
  const [min, max] = range;
  let covered = min;
  for (const [i, one] of sorted.entries()) {
    const isFirst = i === 0;
    if (one.from > covered)
      violations.push(
        violationAt(
          file,
          one.path,
          `no points for ${name} from ${covered} to ${one.from}`,
          `a range that begins at ${covered}`,
        ),
      );
    else if (one.from < covered)
      violations.push(
        isFirst
          ? violationAt(file, [...one.path, "from"], String(one.from), `at least ${min}, the smallest possible ${name}`)
          : violationAt(
              file,
              one.path,
              `points for ${name} from ${one.from} to ${Math.min(covered, one.to)} twice`,
              `a range that begins at ${covered}`,
            ),
      );
    covered = Math.max(covered, one.to);
  }
  const last = sorted.at(-1);
  if (last === undefined) return violations;
  if (covered < max)
    violations.push(
      violationAt(file, last.path, `no points for ${name} from ${covered} to ${max}`, "a last range without to"),
    );
  if (covered > max)
    violations.push(
      ...sorted
        .filter(({ to }) => to > max)
        .map((one) =>
          violationAt(file, [...one.path, "to"], String(one.to), `at most ${max}, the largest possible ${name}`),
        ),
    );
  return violations;
}

/** Null: an end is not a number, which the schema reports. */
function readRange(
  file: YamlFile,
  path: readonly PropertyKey[],
  [min, max]: readonly [number, number],
): GivenRange | null {
  const end = (key: string, open: number): number => {
    const value = valueAt(file.value, [...path, key]);
    if (value === undefined) return open;
    return typeof value === "number" && Number.isFinite(value) ? value : Number.NaN;
  };
  const [from, to] = [end("from", min), end("to", max)];
  if (Number.isNaN(from) || Number.isNaN(to)) return null;
  return { path, from, to };
}

/** The model compares float32: two ends that are the same float32 hold no number between them. */
const isEmpty = ({ from, to }: GivenRange): boolean => Math.fround(from) >= Math.fround(to);

function emptyViolation(file: YamlFile, { path, from, to }: GivenRange): ConfigViolation {
  const isClose = from < to;
  return violationAt(
    file,
    path,
    `from ${from} to ${to}${isClose ? ", which are the same number with seven digits" : ""}`,
    isClose ? "ends that differ in their first seven digits" : "from below to",
  );
}
