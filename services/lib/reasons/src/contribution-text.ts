import type { FeatureContribution, FeatureFacts, FeatureInfo } from "./feature-info.ts";
import { featureText, quantityText, reasonText } from "./reason-text.ts";
import { contradicts } from "./select-reasons.ts";

/** How a feature is worded for people, as model_config.yaml declares it. */
export interface Wording {
  /** Unit that is shown instead of the feature's unit. */
  readonly unit?: string;
  /** Factor by which values are multiplied before they are shown, for example 100 for a share in %. */
  readonly scale?: number;
  /** Templates for a contribution that increases or lowers the risk, with {feature}, {value} and {typical}. */
  readonly increases?: string;
  readonly lowers?: string;
}

/** Maximum number of characters of a category in a text. */
const SHOWN = 80;

/**
 * Returns a contribution in words: its template, filled, or else the feature with its value, unit and typical value. A
 * template that names a value which is not known is not used, and none that the value makes wrong: "only 5, usually 3".
 */
export function contributionText(
  entry: FeatureContribution,
  facts: FeatureFacts,
  wording: Wording = {},
  direction: FeatureInfo["direction"] = "unknown",
): string {
  const { feature, category, contribution } = entry;
  const { unit = facts.unit, scale = 1 } = wording;
  const template = contribution < 0 ? wording.lowers : wording.increases;
  const scaled = (x: number | null): number | null => (x === null ? null : Number((x * scale).toPrecision(15)));
  const [value, typical] = [scaled(entry.value), scaled(facts.typical)];
  const number = (x: number | null): string => (x === null ? "" : quantityText(x, unit));
  if (template !== undefined && contribution !== 0 && isOnItsSide(entry, facts, direction)) {
    const words: Readonly<Record<string, string>> = {
      feature: featureText(feature),
      value: category.slice(0, SHOWN) || number(value),
      typical: facts.typicalCategory.slice(0, SHOWN) || number(typical),
    };
    const isKnown = [...template.matchAll(PLACEHOLDER)].every(([, name = ""]) => words[name]);
    if (isKnown) return template.replaceAll(PLACEHOLDER, (_, name: string) => words[name] ?? "");
  }
  return reasonText({ ...entry, ...facts, value, typical, unit, words: [], share: 0 });
}

/**
 * Whether the value is on the side of typical for which the templates are written. A value that lowers the risk is
 * called small, except where a higher value is declared to lower it.
 */
function isOnItsSide(
  { value, contribution }: FeatureContribution,
  { typical }: FeatureFacts,
  direction: FeatureInfo["direction"],
): boolean {
  if (contradicts({ value, typical, contribution }, { direction })) return false;
  const isHigh = value !== null && typical !== null && value > typical;
  return direction === "lowers" || contribution > 0 || !isHigh;
}

const PLACEHOLDER = /\{([a-z]+)\}/g;
