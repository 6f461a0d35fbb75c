import { z } from "zod";
import { leaf, oneOf } from "./check-schema.ts";

export const DECIMAL_MARKS = [".", ","] as const;
/**
 * Marks between groups of three digits. A blank also means no-break spaces; ' also means the typographic apostrophe.
 */
const THOUSANDS = [".", ",", " ", "'", "none"] as const;
export const PERCENT = ["share", "points"] as const;
const NEGATIVES = ["after", "parentheses"] as const;

/** How numbers of a column are written, beyond digits, a decimal mark and a sign before them. */
export interface NumberForm {
  readonly decimal: "." | ",";
  /** Mark between groups of three digits; null: numbers have none. */
  readonly thousands: Exclude<(typeof THOUSANDS)[number], "none"> | null;
  /** Meaning of `12 %`: "share" is 0.12, "points" is 12; null: numbers have no percent mark, else each has one. */
  readonly percent: (typeof PERCENT)[number] | null;
  /** Marks of one currency. A number may have one of them, before or after it. */
  readonly currency: readonly string[];
  /** Forms of negative numbers besides `-5`: "after" is `5-`, "parentheses" is `(5)`. */
  readonly negative: readonly (typeof NEGATIVES)[number][];
}

/** Schema of a mark between groups of three digits. */
export const THOUSANDS_MARK = leaf<(typeof THOUSANDS)[number]>(`one of ".", ",", " ", "'", none`, (v) =>
  THOUSANDS.some((mark) => mark === v),
);

const mark = leaf<string>(
  "a currency mark of 1 to 10 characters without digits, signs, points, commas or brackets",
  (v) => typeof v === "string" && /^[^\d\s+\-.,()%'\0]{1,10}$/u.test(v),
);

/** Schema of the marks of one currency. */
export const CURRENCY = z
  .array(mark, { error: "a list of marks of one currency" })
  .min(1, "at least one mark")
  .max(10, "at most 10 marks");

/** Schema of the forms of negative numbers. */
export const NEGATIVE = z.array(oneOf(NEGATIVES), { error: "a list of after and parentheses" }).min(1).max(2);

/** The keys of a column or source that say how numbers are written. */
interface NumberKeys {
  readonly type: string;
  readonly decimal?: "." | "," | undefined;
  readonly thousands?: (typeof THOUSANDS)[number] | undefined;
  readonly percent?: (typeof PERCENT)[number] | undefined;
  readonly currency?: readonly string[] | undefined;
  readonly negative?: NumberForm["negative"] | undefined;
}

/** Returns the number form of a column of a source; null when a number has the source's decimal mark and no other mark. */
export function numberForm(
  column: NumberKeys,
  source: { readonly decimal: "." | ","; readonly thousands?: (typeof THOUSANDS)[number] | undefined },
): NumberForm | null {
  if (column.type !== "number" && column.type !== "integer") return null;
  const decimal = column.decimal ?? source.decimal;
  const declared = column.thousands ?? source.thousands ?? "none";
  const thousands = declared === "none" ? null : declared;
  const { percent = null, currency = [], negative = [] } = column;
  const isPlain =
    decimal === source.decimal &&
    thousands === null &&
    percent === null &&
    currency.length === 0 &&
    negative.length === 0;
  return isPlain ? null : { decimal, thousands, percent, currency, negative };
}
