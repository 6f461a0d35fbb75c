import {
  CheckKind,
  CheckOutcome,
  ColumnKind,
  type ColumnProfileSchema,
  type RunCheck as ProtoCheck,
  type ColumnProfile as ProtoProfile,
  type RunCheckSchema,
} from "@bellwether/gen/bellwether/ops/v1/batch_pb";
import type { MessageInitShape } from "@bufbuild/protobuf";
import type * as domain from "../domain/run-check.ts";
import { nameOf } from "./alert-to-proto.ts";

const KINDS: Readonly<Record<domain.CheckKind, CheckKind>> = {
  rows: CheckKind.ROWS,
  suppliers: CheckKind.SUPPLIERS,
  same_content: CheckKind.SAME_CONTENT,
  missing_column: CheckKind.MISSING_COLUMN,
  constant_column: CheckKind.CONSTANT_COLUMN,
  unit: CheckKind.UNIT,
  renamed_column: CheckKind.RENAMED_COLUMN,
  rejected_rows: CheckKind.REJECTED_ROWS,
};

const OUTCOMES: Readonly<Record<domain.CheckOutcome, CheckOutcome>> = {
  passed: CheckOutcome.PASSED,
  failed: CheckOutcome.FAILED,
  not_possible: CheckOutcome.NOT_POSSIBLE,
};

const COLUMN_KINDS: Readonly<Record<domain.ColumnProfile["kind"], ColumnKind>> = {
  number: ColumnKind.NUMBER,
  text: ColumnKind.TEXT,
  empty: ColumnKind.EMPTY,
  unknown: ColumnKind.UNSPECIFIED,
};

export function checkToProto({ kind, outcome, column, value, limit, detail }: domain.RunCheck) {
  return {
    ...{ kind: KINDS[kind], outcome: OUTCOMES[outcome], column, detail },
    ...(value !== null && { value }),
    ...(limit !== null && { limit }),
  } satisfies MessageInitShape<typeof RunCheckSchema>;
}

/** Converts a check whose kind and outcome protovalidate accepted. */
export function checkFromProto({ kind, outcome, column, value, limit, detail }: ProtoCheck): domain.RunCheck {
  return {
    ...{ kind: nameOf(KINDS, kind) ?? "rows", outcome: nameOf(OUTCOMES, outcome) ?? "failed", column, detail },
    ...{ value: value ?? null, limit: limit ?? null },
  };
}

export function profileToProto(profile: domain.ColumnProfile): MessageInitShape<typeof ColumnProfileSchema> {
  const { column, topValue, median, min, max, mean, p05, p25, p75, p95 } = profile;
  return {
    ...{ column, topValue, rows: BigInt(profile.rows), missing: BigInt(profile.missing) },
    ...{ distinct: BigInt(profile.distinct), topRows: BigInt(profile.topRows) },
    ...(median !== null && { median }),
    ...(min !== null && { min }),
    ...(max !== null && { max }),
    ...(mean !== null && { mean }),
    ...(p05 !== null && { p05 }),
    ...(p25 !== null && { p25 }),
    ...(p75 !== null && { p75 }),
    ...(p95 !== null && { p95 }),
    kind: COLUMN_KINDS[profile.kind],
  };
}

export function profileFromProto({ median, min, max, mean, ...profile }: ProtoProfile): domain.ColumnProfile {
  const { column, topValue, rows, missing, distinct, topRows, p05, p25, p75, p95 } = profile;
  return {
    ...{ p05: p05 ?? null, p25: p25 ?? null, p75: p75 ?? null, p95: p95 ?? null },
    kind: nameOf(COLUMN_KINDS, profile.kind) ?? "unknown",
    ...{ column, topValue, rows: Number(rows), missing: Number(missing), distinct: Number(distinct) },
    ...{ topRows: Number(topRows), median: median ?? null, min: min ?? null, max: max ?? null, mean: mean ?? null },
  };
}
