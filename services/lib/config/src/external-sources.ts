import { z } from "zod";
import { integerFrom, leaf, numberWhere, oneOf, shown, textLike, valueAt, violationAt } from "./check-schema.ts";
import type { ConfigViolation } from "./config-error.ts";
import type { YamlFile } from "./yaml-file.ts";

/** A source of scores that others compute about suppliers, for example a rating agency. */
export interface ExternalSource {
  /** Name in files and requests: 1 to 40 lower-case letters, digits and "-". */
  readonly name: string;
  /** Name for people, 1 to 100 bytes. */
  readonly title: string;
  /** What may be done with the scores, 1 to 500 bytes. It is shown beside each score. */
  readonly licence: string;
  /** Lowest and highest score of the scale. */
  readonly min: number;
  readonly max: number;
  /** Whether a higher score means more risk. */
  readonly higherIsRiskier: boolean;
  /** Age of a score, in days since its as-of date, above which it counts as missing. 1 to 3,650. */
  readonly staleAfterDays: number;
}

/** Maximum number of sources. */
const MAX_SOURCES = 20;
/** Largest magnitude of a score. */
const MAX_SCORE = 1e9;

const sourceName = textLike("a name of 1 to 40 lower-case letters, digits and -", /^[a-z0-9][a-z0-9-]{0,39}$/);
const line = (maxBytes: number) =>
  leaf<string>(
    `a text of 1 to ${maxBytes} bytes in one line`,
    (v) =>
      typeof v === "string" &&
      /^[^\p{Cc}\p{Zl}\p{Zp}]+$/u.test(v) &&
      v.trim() !== "" &&
      Buffer.byteLength(v) <= maxBytes,
  );
const limit = numberWhere("a number from -10^9 to 10^9", (v) => Math.abs(v) <= MAX_SCORE);

/** Schema of `external_scores` in config/risk_policy.yaml. */
export const externalSourcesSchema = z
  .record(
    sourceName,
    z.strictObject(
      {
        title: line(100),
        licence: line(500),
        min: limit,
        max: limit,
        higher_is: oneOf(["better", "riskier"]),
        stale_after_days: integerFrom(1, 3_650),
      },
      { error: "title, licence, min, max, higher_is, stale_after_days" },
    ),
    { error: "sources by name, for example ecovadis: { title: …, licence: …, min: 0, max: 100, … }" },
  )
  .refine((sources) => Object.keys(sources).length <= MAX_SOURCES, { error: `at most ${MAX_SOURCES} sources` })
  .default({});

/** Returns the sources of a parsed `external_scores`, in the order of their names. */
export function externalSourcesOf(yaml: z.output<typeof externalSourcesSchema>): readonly ExternalSource[] {
  return Object.entries(yaml)
    .map(([name, { higher_is, stale_after_days, ...source }]) => ({
      ...{ name, ...source, higherIsRiskier: higher_is === "riskier", staleAfterDays: stale_after_days },
    }))
    .sort((a, b) => (a.name < b.name ? -1 : 1));
}

/** Finds scales whose highest score is not above the lowest one. */
export function checkExternalSources(file: YamlFile): readonly ConfigViolation[] {
  const sources = valueAt(file.value, ["external_scores"]);
  if (typeof sources !== "object" || sources === null) return [];
  return Object.keys(sources).flatMap((name) => {
    const path = ["external_scores", name, "max"];
    const [min, max] = [valueAt(file.value, ["external_scores", name, "min"]), valueAt(file.value, path)];
    if (typeof min !== "number" || typeof max !== "number" || min < max) return [];
    return [violationAt(file, path, shown(max), `a number above min, which is ${min}`)];
  });
}
