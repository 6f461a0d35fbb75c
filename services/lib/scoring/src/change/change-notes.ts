import type { FeatureBundle } from "@bellwether/risk-model/bundle/feature-bundle";
import type { SupplierScore } from "../score/score-supplier.ts";

/** What a reader of a change must know. */
export interface ChangeNote {
  readonly code:
    | "MISSING_VALUE"
    | "UNKNOWN_CATEGORY"
    | "OTHER_FEATURES"
    | "OTHER_CALIBRATION"
    | "OTHER_BACKGROUND"
    | "OTHER_BANDS"
    | "SCORE_NOT_DIVIDED";
  /** Empty: the note is about the whole change. */
  readonly feature: string;
  readonly message: string;
}

/** Returns what differs between the versions besides their trees. @param isDivided Whether the score is divided. */
export function compareVersions(before: FeatureBundle, after: FeatureBundle, isDivided: boolean): ChangeNote[] {
  const differs = (of: (bundle: FeatureBundle) => unknown): boolean =>
    JSON.stringify(of(before)) !== JSON.stringify(of(after));
  const note = (code: ChangeNote["code"], message: string): ChangeNote => ({ code, feature: "", message });
  const notes: ChangeNote[] = [];
  if (differs(({ calibration }) => calibration))
    notes.push(note("OTHER_CALIBRATION", "the versions have different calibrations, whose part is given separately"));
  if (
    before.explanation.kind !== after.explanation.kind ||
    before.explanation.background !== after.explanation.background
  )
    notes.push(
      note(
        "OTHER_BACKGROUND",
        `contributions before are ${before.explanation.kind} (${before.explanation.background}), after ${after.explanation.kind} (${after.explanation.background}); the difference is part of the model parts`,
      ),
    );
  if (differs(({ bands }) => bands))
    notes.push(
      note(
        "OTHER_BANDS",
        `the bands begin at ${before.bands.medium} and ${before.bands.high} before, at ${after.bands.medium} and ${after.bands.high} after`,
      ),
    );
  const hasScores = before.outputSpace !== "raw" && after.outputSpace !== "raw";
  if (hasScores && !isDivided)
    notes.push(
      note(
        "SCORE_NOT_DIVIDED",
        "the risk score also depends on the margins of the other classes, so only the change of the margin is divided",
      ),
    );
  return notes;
}

/** A feature as the notes need it: null where the version of an end does not use it. */
interface NotedPart {
  readonly feature: string;
  readonly before: { readonly isMissing: boolean } | null;
  readonly after: { readonly isMissing: boolean } | null;
}

/** Number of features that one note names. */
const LISTED = 20;

/** Returns one note about all features without a value at both ends: their values did not change, their parts may. */
export function missingNotes(parts: readonly NotedPart[]): ChangeNote[] {
  const names = parts
    .filter(({ before, after }) => before?.isMissing && after?.isMissing)
    .map(({ feature }) => feature);
  if (names.length === 0) return [];
  const more = names.length > LISTED ? ` and ${names.length - LISTED} more` : "";
  const message =
    `without a value before and after: ${names.slice(0, LISTED).join(", ")}${more}; a missing value has an effect too ` +
    "(that of the typical value, or the one that the trees learned), which depends on the features that changed";
  return [{ code: "MISSING_VALUE", feature: "", message }];
}

/** Returns what is missing, unknown or held at one end only. @param held See `KnownInput.held`. */
export function dataNotes(
  end: "before" | "after",
  parts: readonly NotedPart[],
  { warnings }: Pick<SupplierScore, "warnings">,
  held: readonly string[],
): ChangeNote[] {
  const other = end === "before" ? "after" : "before";
  const unknown = warnings.filter(({ code }) => code === "UNKNOWN_CATEGORY");
  const named = new Set(unknown.map(({ feature }) => feature));
  return [
    ...parts.flatMap(({ feature, ...at }): ChangeNote[] => {
      const own = at[end];
      if (own === null) return [{ code: "OTHER_FEATURES", feature, message: otherFeature(feature, end, held) }];
      if (!own.isMissing || at[other]?.isMissing || named.has(feature)) return [];
      return [{ code: "MISSING_VALUE", feature, message: `${feature} has no value ${end}` }];
    }),
    ...unknown.map(
      ({ feature, message }): ChangeNote => ({ code: "UNKNOWN_CATEGORY", feature, message: `${end}: ${message}` }),
    ),
    ...held
      .filter((feature) => parts.some((part) => part.feature === feature && part[end] !== null))
      .map((feature): ChangeNote => {
        const message = `the value of ${feature} ${end} cannot be used by the version of ${other}; there the value of ${other} is used`;
        return { code: "OTHER_FEATURES", feature, message };
      }),
  ];
}

function otherFeature(feature: string, end: "before" | "after", held: readonly string[]): string {
  const other = end === "before" ? "after" : "before";
  const how = held.includes(feature) ? `; in that version, the value of ${other} is used for both` : "";
  return `only the version of ${other} uses ${feature}${how}`;
}
