import {
  CheckKind,
  CheckOutcome,
  ColumnKind,
  type ColumnProfileSchema,
  type ColumnProfile as ProtoProfile,
  type RunCheck,
  type RunCheckSchema,
} from "@bellwether/gen/bellwether/ops/v1/batch_pb";
import type { MessageInitShape } from "@bufbuild/protobuf";
import type { Check } from "./check.ts";
import type { ColumnProfile } from "./column-profile.ts";

const KINDS: Readonly<Record<Check["kind"], CheckKind>> = {
  rows: CheckKind.ROWS,
  suppliers: CheckKind.SUPPLIERS,
  shared_suppliers: CheckKind.SHARED_SUPPLIERS,
  rejected_rows: CheckKind.REJECTED_ROWS,
  same_content: CheckKind.SAME_CONTENT,
  data_age: CheckKind.DATA_AGE,
  missing_column: CheckKind.MISSING_COLUMN,
  constant_column: CheckKind.CONSTANT_COLUMN,
  unit: CheckKind.UNIT,
  renamed_column: CheckKind.RENAMED_COLUMN,
};

const OUTCOMES: Readonly<Record<Check["outcome"], CheckOutcome>> = {
  passed: CheckOutcome.PASSED,
  failed: CheckOutcome.FAILED,
  not_possible: CheckOutcome.NOT_POSSIBLE,
};

const COLUMN_KINDS: Readonly<Record<ColumnProfile["kind"], ColumnKind>> = {
  number: ColumnKind.NUMBER,
  text: ColumnKind.TEXT,
  empty: ColumnKind.EMPTY,
};

/** Maximum number of columns of a profile. The profile of the others is not stored, so they are not compared. */
const MAX_COLUMNS = 4_096;

/** Converts a check for a request or an answer. */
export function checkToProto({
  kind,
  outcome,
  column,
  value,
  limit,
  detail,
}: Check): MessageInitShape<typeof RunCheckSchema> {
  return {
    ...{ kind: KINDS[kind], outcome: OUTCOMES[outcome], column, detail },
    ...(value !== null && { value }),
    ...(limit !== null && { limit }),
  };
}

/** Converts a check. A kind or an outcome that this release does not know, or that is not set, gives no check. */
export function checkFromProto({ kind, outcome, column, value, limit, detail }: RunCheck): Check[] {
  const [kindName, outcomeName] = [nameOf(KINDS, kind), nameOf(OUTCOMES, outcome)];
  if (kindName === null || outcomeName === null) return [];
  return [{ kind: kindName, outcome: outcomeName, column, value: value ?? null, limit: limit ?? null, detail }];
}

/** Converts the profile of an input, at most 4,096 columns of it. */
export function profileToProto(columns: readonly ColumnProfile[]): MessageInitShape<typeof ColumnProfileSchema>[] {
  return columns.slice(0, MAX_COLUMNS).map(({ column, kind, rows, missing, distinct, topValue, topRows, numbers }) => ({
    ...{ column, kind: COLUMN_KINDS[kind], rows: BigInt(rows), missing: BigInt(missing), topValue },
    ...{ distinct: BigInt(Math.min(distinct, rows)), topRows: BigInt(topRows) },
    ...numbers,
  }));
}

/** Converts the profile of an input. A column without all figures of a number has none of them. */
export function profileFromProto(columns: readonly ProtoProfile[]): ColumnProfile[] {
  return columns.map(({ column, kind, rows, missing, distinct, topValue, topRows, ...figures }) => ({
    ...{ column, kind: nameOf(COLUMN_KINDS, kind) ?? "text", rows: Number(rows), missing: Number(missing) },
    ...{ distinct: Number(distinct), topValue, topRows: Number(topRows), numbers: numbersOf(figures) },
  }));
}

type ProtoNumbers = Pick<ProtoProfile, "min" | "p05" | "p25" | "median" | "p75" | "p95" | "max" | "mean">;

function numbersOf({ min, p05, p25, median, p75, p95, max, mean }: ProtoNumbers): ColumnProfile["numbers"] {
  if (min === undefined || p05 === undefined || p25 === undefined || median === undefined) return null;
  if (p75 === undefined || p95 === undefined || max === undefined || mean === undefined) return null;
  return { min, p05, p25, median, p75, p95, max, mean };
}

function nameOf<Name extends string>(names: Readonly<Record<Name, number>>, number: number): Name | null {
  const found = Object.entries(names).find(([, one]) => one === number);
  return found === undefined ? null : (found[0] as Name);
}
