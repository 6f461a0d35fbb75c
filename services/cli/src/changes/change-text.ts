import { countText } from "@bellwether/reasons/count-text";
import { numberText } from "@bellwether/reasons/reason-text";
import { printable } from "../output/printable.ts";
import type { ChangeJson } from "./change-view.ts";

/** Number of features that are printed; the others are one line. */
const SHOWN = 20;
const WIDTH = 9;

/** Returns the lines that show a change: both scores, and the data and model part of each feature. */
export function changeLines(change: ChangeJson): string[] {
  const { before, after, parts } = change;
  const isScore = change.score_change !== null;
  const number = (x: number | null): string => (x === null ? "none" : x.toFixed(4));
  const amount = (x: number): string =>
    (isScore ? (100 * x).toFixed(2) : x.toFixed(4)).replace(/^-(?=[0.]+$)/, "").padStart(WIDTH);
  const line = (data: number, model: number, text: string): string => `${amount(data)} ${amount(model)}  ${text}`;
  const data: PartAmount = (part) => (isScore ? part.data_score : part.data_margin) ?? 0;
  const model: PartAmount = (part) => (isScore ? part.model_score : part.model_margin) ?? 0;
  const sum = (of: PartAmount, some: typeof parts): number => some.reduce((total, part) => total + of(part), 0);
  // A feature with the same value and an effect that rounds to 0 says nothing alone.
  const isShown = (part: (typeof parts)[number]): boolean =>
    endText(part.before) !== endText(part.after) || [data(part), model(part)].some((x) => Number(amount(x)) !== 0);
  const shown = parts.filter(isShown).slice(0, SHOWN);
  const rest = parts.filter((part) => !shown.includes(part));
  const base = (isScore ? change.base_score : change.base_margin) ?? 0;
  const calibration = change.calibration_score ?? 0;
  const isUnchanged = base === 0 && calibration === 0 && parts.every((part) => data(part) === 0 && model(part) === 0);
  const changedLines = (): string[] => [
    `${"data".padStart(WIDTH)} ${"model".padStart(WIDTH)}  ${isScore ? "percentage points of the risk score" : "margin"} by feature`,
    ...shown.map((part) => line(data(part), model(part), featureText(part))),
    ...(rest.length === 0 ? [] : [line(sum(data, rest), sum(model, rest), countText(rest.length, "other feature"))]),
    ...(base === 0 ? [] : [line(0, base, "base value")]),
    ...(calibration === 0 ? [] : [line(0, calibration, "calibration")]),
    line(sum(data, parts), sum(model, parts) + base + calibration, "together"),
  ];
  return [
    `${change.supplier_id}: risk score ${number(before.risk_score)} (${before.version}) → ${number(after.risk_score)} (${after.version}), margin ${number(before.margin)} → ${number(after.margin)}`,
    ...(isUnchanged ? [unchangedText(parts)] : changedLines()),
    ...change.notes.map((note) => `note: ${note}`),
  ].map(printable);
}

/** Says that no feature contributes to a change, and which values changed without an effect. */
function unchangedText(parts: ChangeJson["parts"]): string {
  const moved = parts.filter(({ before, after }) => endText(before) !== endText(after));
  if (moved.length === 0) return "nothing changed";
  const more = moved.length > SHOWN ? `; and ${countText(moved.length - SHOWN, "other feature")}` : "";
  return `the score did not change; values that changed without an effect: ${moved.slice(0, SHOWN).map(featureText).join("; ")}${more}`;
}

type PartAmount = (part: ChangeJson["parts"][number]) => number;

function featureText({ feature, before, after }: ChangeJson["parts"][number]): string {
  const [from, to] = [endText(before), endText(after)];
  const values = from === to ? from : `${from} → ${to}`;
  return values === "–" ? feature : `${feature}: ${values}`;
}

function endText(at: ChangeJson["parts"][number]["before"]): string {
  if (at === null) return "not used";
  if (at.missing) return "missing";
  return typeof at.value === "number" ? numberText(at.value) : (at.value ?? "–");
}
