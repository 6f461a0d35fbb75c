import { listed } from "@bellwether/reasons/reason-text";
import { localNumber, localScore, scorePercent } from "../facts/fact-text.ts";
import type { Language } from "../facts/language.ts";
import type { NarrativeFacts, ReasonFact } from "../facts/narrative-facts.ts";
import { localQuantity } from "../facts/quantity-text.ts";
import { PHRASES } from "../template/phrases.ts";

/** Placeholders of facts about the whole score. */
export const SCORE_PLACEHOLDERS = ["supplier", "score", "percent", "band", "prediction", "missing"] as const;
/** Placeholders of facts about one reason: {name:r1}. `effect` can have several reasons: {effect:r1,r2}. */
export const REASON_PLACEHOLDERS = ["name", "value", "typical", "compared", "quotes", "effect"] as const;

/** What a placeholder stands for. */
export type PlaceholderKind = (typeof SCORE_PLACEHOLDERS)[number] | (typeof REASON_PLACEHOLDERS)[number];

/** A placeholder in a sentence. */
export interface Placeholder {
  readonly kind: PlaceholderKind;
  /** The reasons that it names; empty for a fact about the whole score. */
  readonly reasons: readonly ReasonFact[];
}

/** A placeholder at the current place of a text: its kind, and the ids after the colon. */
export const PLACEHOLDER = /\{([a-z]+)(?::([a-z0-9]+(?:,[a-z0-9]+)*))?\}/y;

/** Returns a placeholder. Undefined: there is none of this kind, or these facts have nothing to write for it. */
export function readPlaceholder(kind: string, ids: string | undefined, facts: NarrativeFacts): Placeholder | undefined {
  const score = SCORE_PLACEHOLDERS.find((one) => one === kind);
  if (score !== undefined)
    return ids === undefined && hasScoreFact(score, facts) ? { kind: score, reasons: [] } : undefined;
  const ofReason = REASON_PLACEHOLDERS.find((one) => one === kind);
  if (ofReason === undefined || ids === undefined) return;
  const named = ids.split(",");
  const reasons = facts.reasons.filter(({ id }) => named.includes(id));
  if (reasons.length !== named.length || (reasons.length > 1 && ofReason !== "effect")) return;
  if (new Set(reasons.map(({ direction }) => direction)).size !== 1) return;
  return reasons.every((reason) => hasReasonFact(ofReason, reason)) ? { kind: ofReason, reasons } : undefined;
}

/** Returns the kinds of placeholders that a reason has something for. */
export const placeholdersOf = (reason: ReasonFact): readonly (typeof REASON_PLACEHOLDERS)[number][] =>
  REASON_PLACEHOLDERS.filter((kind) => hasReasonFact(kind, reason));

function hasScoreFact(kind: (typeof SCORE_PLACEHOLDERS)[number], { riskScore, prediction, missing }: NarrativeFacts) {
  if (kind === "missing") return missing.length > 0;
  if (kind === "prediction") return riskScore === null && prediction !== null;
  return kind === "supplier" || riskScore !== null;
}

function hasReasonFact(kind: (typeof REASON_PLACEHOLDERS)[number], reason: ReasonFact): boolean {
  const { value, typical, category, typicalCategory, quotes } = reason;
  if (kind === "value") return value !== null || category !== "";
  if (kind === "typical") return typical !== null || typicalCategory !== "";
  if (kind === "compared") return value !== null && typical !== null;
  if (kind === "quotes") return quotes.length > 0;
  return true;
}

/** Returns on which side of the typical value a value is, as a reader of the formatted numbers sees it. */
export function sideOf({ value, typical }: ReasonFact, language: Language): "above" | "below" | "same" | undefined {
  if (value === null || typical === null) return;
  if (localNumber(value, language) === localNumber(typical, language)) return "same";
  return value > typical ? "above" : "below";
}

/** Returns what is written for a placeholder. */
export function placeholderText(
  { kind, reasons }: Placeholder,
  supplierId: string,
  { riskScore, band, prediction, missing }: NarrativeFacts,
  language: Language,
): string {
  const phrases = PHRASES[language];
  const [reason] = reasons;
  if (reason === undefined) {
    if (kind === "supplier") return supplierId;
    if (kind === "score") return localScore(riskScore ?? 0, language);
    if (kind === "percent") return `${scorePercent(riskScore ?? 0)} %`;
    if (kind === "band") return phrases.bands[band];
    if (kind === "prediction") return localNumber(prediction ?? 0, language);
    return listed(missing, phrases.and);
  }
  const { label, value, typical, unit, category, typicalCategory, quotes, direction } = reason;
  const inUnit = (x: number): string => localQuantity(x, unit, language);
  const typicalText = typical === null ? typicalCategory : inUnit(typical);
  if (kind === "name") return label;
  if (kind === "value") return value === null ? category : inUnit(value);
  if (kind === "typical") return typicalText;
  if (kind === "compared") return phrases.compared[sideOf(reason, language) ?? "same"](typicalText);
  if (kind === "quotes")
    return listed(
      quotes.map(({ text }) => phrases.quoted(text)),
      phrases.and,
    );
  return phrases.effects[direction][reasons.length === 1 ? "one" : "several"];
}
