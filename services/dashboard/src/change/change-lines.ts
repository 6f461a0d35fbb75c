import {
  type ChangePart,
  type ExplainChangeResponse,
  FeatureUse,
} from "@bellwether/gen/bellwether/inference/v1/change_pb";
import { featureText, unitBeside } from "@bellwether/reasons/reason-text";
import { countOf, readerLocales, valueText } from "../parts/format.ts";

/** One row of a change: a feature, the base value or the calibration. */
export interface ChangeLine {
  readonly name: string;
  /** What kind of row it is: only a feature has a value. */
  readonly kind: "feature" | "base" | "calibration" | "omitted" | "total";
  /** The values at both ends, "12 days → 38 days". Empty: neither is known. */
  readonly values: string;
  /** The two parts in percentage points, or in the model's own unit. */
  readonly data: number;
  readonly model: number;
}

const POINTS = 100;

/** Whether the parts of a change are percentage points of the risk score. */
export const isInPoints = ({ scoreChange }: Pick<ExplainChangeResponse, "scoreChange">): boolean =>
  scoreChange !== undefined;

/** Returns the rows of a change, features first, the whole change last. */
export function changeLines(change: ExplainChangeResponse, locales = readerLocales()): ChangeLine[] {
  const points = isInPoints(change);
  const amountOf = (amount: ChangePart["amount"]): Pick<ChangeLine, "data" | "model"> => ({
    data: points ? POINTS * (amount?.dataScore ?? 0) : (amount?.dataMargin ?? 0),
    model: points ? POINTS * (amount?.modelScore ?? 0) : (amount?.modelMargin ?? 0),
  });
  const row = (kind: ChangeLine["kind"], name: string, model: number): ChangeLine[] =>
    model === 0 ? [] : [{ kind, name, values: "", data: 0, model }];
  const { omittedParts } = change;
  return [
    ...change.parts.map(
      (part): ChangeLine => ({
        ...{ kind: "feature", name: part.feature, values: valuesText(part, locales) },
        ...amountOf(part.amount),
      }),
    ),
    ...(omittedParts === 0
      ? []
      : [
          {
            kind: "omitted" as const,
            name: countOf(omittedParts, "other feature", undefined, locales),
            values: "",
            ...amountOf(change.omitted),
          },
        ]),
    ...row("base", "Base value of the model", points ? POINTS * (change.baseScore ?? 0) : change.baseMargin),
    ...row("calibration", "Calibration of the model", POINTS * (change.calibrationScore ?? 0)),
    { kind: "total", name: "The whole change", values: "", ...amountOf(change.total) },
  ];
}

function valuesText({ feature, before, after, usedBy, ...part }: ChangePart, locales: readonly string[]): string {
  const unit = unitBeside(featureText(feature), part.unit);
  const end = (at: ChangePart["before"]): string => {
    if (at === undefined) return "";
    if (at.missing) return "not known";
    if (at.value === undefined) return at.category;
    return `${valueText(at.value, locales)}${unit && ` ${unit}`}`;
  };
  const [from, to] = [end(before), end(after)];
  if (usedBy === FeatureUse.BEFORE_ONLY) return `${from || "used"} → not used`;
  if (usedBy === FeatureUse.AFTER_ONLY) return `not used → ${to || "used"}`;
  return from === to ? from : `${from || "–"} → ${to || "–"}`;
}
