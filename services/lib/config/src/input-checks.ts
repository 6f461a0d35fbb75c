import { z } from "zod";
import { leaf, numberWhere } from "./check-schema.ts";

/** A check that the risk policy turns off, with the reason. */
export interface DisabledCheck {
  /** Why, 1 to 500 characters. */
  readonly disabled: string;
}

/** Limits of a check, or the reason why it is turned off. */
export type CheckSetting<Limits extends object = object> = Limits | DisabledCheck;

/** Checks of a weekly input before it is scored. A run that fails one is held until a person approves or voids it. */
export interface InputChecks {
  /**
   * Rows read, as a share of the rows of the newest complete earlier week: at least `minShare` (default 0.5), at most
   * `maxShare` (default 2).
   */
  readonly rows: CheckSetting<{ readonly minShare: number; readonly maxShare: number }>;
  /** Suppliers, as a share of that week's: at most `maxShare` (default 2). The lower limit is `weekly_losses.min_suppliers_share`. */
  readonly suppliers: CheckSetting<{ readonly maxShare: number }>;
  /**
   * Suppliers of that week that are in the input too, as a share of that week's: at least `minShare` (default 0.7). Those whose id the input
   * writes in another way (leading zeros, case, spaces): at most `maxSimilarShare` (default 0.05), or fewer than 20.
   */
  readonly sharedSuppliers: CheckSetting<{ readonly minShare: number; readonly maxSimilarShare: number }>;
  /** No other week of the model has the same file, or the same rows after the mapping. */
  readonly sameContent: CheckSetting;
  /** The newest date of the rows is at most `maxDays` days before the week begins. Default 180. Rows without dates are not checked. */
  readonly dataAge: CheckSetting<{ readonly maxDays: number }>;
  /** No column is without any value that had values in the week before. */
  readonly missingColumn: CheckSetting;
  /** No column has a single value that had several in the week before. */
  readonly constantColumn: CheckSetting;
  /**
   * The median of a numeric column, and its 25 % and 75 % quantiles, are at most `factor` times those of the week before, or
   * their `factor`th part. Default 20.
   */
  readonly unit: CheckSetting<{ readonly factor: number }>;
  /** No column of the mapping is missing while the file has a column that is likely the same under another name. */
  readonly renamedColumn: CheckSetting;
  /** Columns that change from week to week by construction, with the reason. They are not checked for `constantColumn` and `unit`. */
  readonly movingColumns: Readonly<Record<string, string>>;
}

/** Whether a check is turned off. */
export function isDisabled(setting: CheckSetting): setting is DisabledCheck {
  return "disabled" in setting;
}

const reason = leaf<string>(
  "a reason of 1 to 500 characters",
  (v) => typeof v === "string" && v.trim() !== "" && v.length <= 500,
);
const disabled = reason.optional();
const lowest = numberWhere("a share from 0 to 1", (v) => v >= 0 && v <= 1);
const highest = numberWhere("a share from 1 to 1000", (v) => v >= 1 && v <= 1_000);
const days = numberWhere("a whole number of days from 0 to 36500", (v) => Number.isInteger(v) && v >= 0 && v <= 36_500);
const factor = numberWhere("a factor from 1.5 to 1000000", (v) => v >= 1.5 && v <= 1e6);
const withoutLimits = z.strictObject({ disabled }, { error: "{} or { disabled: REASON }" }).prefault({});

/** Schema of `checks` in config/risk_policy.yaml. */
export const inputChecksSchema = z
  .strictObject(
    {
      rows: z
        .strictObject(
          { disabled, min_share: lowest.default(0.5), max_share: highest.default(2) },
          { error: "min_share, max_share, disabled" },
        )
        .prefault({}),
      suppliers: z
        .strictObject({ disabled, max_share: highest.default(2) }, { error: "max_share, disabled" })
        .prefault({}),
      shared_suppliers: z
        .strictObject(
          { disabled, min_share: lowest.default(0.7), max_similar_share: lowest.default(0.05) },
          { error: "min_share, max_similar_share, disabled" },
        )
        .prefault({}),
      same_content: withoutLimits,
      data_age: z.strictObject({ disabled, max_days: days.default(180) }, { error: "max_days, disabled" }).prefault({}),
      missing_column: withoutLimits,
      constant_column: withoutLimits,
      unit: z.strictObject({ disabled, factor: factor.default(20) }, { error: "factor, disabled" }).prefault({}),
      renamed_column: withoutLimits,
      moving_columns: z
        .record(z.string().min(1).max(256), reason, { error: "reasons by column, for example age_days: it grows" })
        .default({}),
    },
    { error: "checks by name: rows, suppliers, same_content, …" },
  )
  .prefault({});

/** Returns the checks of a parsed policy. */
export function inputChecksOf(parsed: z.output<typeof inputChecksSchema>): InputChecks {
  const setting = <Limits extends object>(why: string | undefined, limits: Limits): CheckSetting<Limits> =>
    why === undefined ? limits : { disabled: why };
  return {
    rows: setting(parsed.rows.disabled, { minShare: parsed.rows.min_share, maxShare: parsed.rows.max_share }),
    suppliers: setting(parsed.suppliers.disabled, { maxShare: parsed.suppliers.max_share }),
    sharedSuppliers: setting(parsed.shared_suppliers.disabled, {
      minShare: parsed.shared_suppliers.min_share,
      maxSimilarShare: parsed.shared_suppliers.max_similar_share,
    }),
    sameContent: setting(parsed.same_content.disabled, {}),
    dataAge: setting(parsed.data_age.disabled, { maxDays: parsed.data_age.max_days }),
    missingColumn: setting(parsed.missing_column.disabled, {}),
    constantColumn: setting(parsed.constant_column.disabled, {}),
    unit: setting(parsed.unit.disabled, { factor: parsed.unit.factor }),
    renamedColumn: setting(parsed.renamed_column.disabled, {}),
    movingColumns: parsed.moving_columns,
  };
}

/** The checks of a policy without `checks`. */
export const DEFAULT_CHECKS: InputChecks = {
  rows: { minShare: 0.5, maxShare: 2 },
  suppliers: { maxShare: 2 },
  sharedSuppliers: { minShare: 0.7, maxSimilarShare: 0.05 },
  sameContent: {},
  dataAge: { maxDays: 180 },
  missingColumn: {},
  constantColumn: {},
  unit: { factor: 20 },
  renamedColumn: {},
  movingColumns: {},
};
