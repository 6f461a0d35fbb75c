import type { Reason } from "@bellwether/gen/bellwether/ops/v1/reason_pb";
import { TEXT_FEATURE } from "@bellwether/reasons/feature-info";
import { featureText, readerLocales, valueText } from "./format.ts";

/** What the text needs to know about a reason. */
type ReasonChange = Pick<Reason, "feature" | "category" | "previousCategory" | "text"> & {
  readonly value?: number | undefined;
  readonly previousValue?: number | undefined;
};

/** Returns a reason with its value and the value of the week before: "past disputes 7, was 4". */
export function reasonChangeText(reason: ReasonChange, locales = readerLocales()): string {
  const { feature, value, previousValue, category, previousCategory, text } = reason;
  const name = featureText(feature);
  if (feature === TEXT_FEATURE) return text || name;
  const [now, before] =
    value === undefined
      ? [category, previousCategory]
      : [valueText(value, locales), previousValue === undefined ? "" : valueText(previousValue, locales)];
  if (now === "") return text || name;
  return before === "" || before === now ? `${name} ${now}` : `${name} ${now}, was ${before}`;
}
