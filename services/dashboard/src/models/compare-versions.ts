import type {
  GetVersionResponse,
  ModelFeature,
} from "@bellwether/gen/bellwether/registry/v1/model_registry_service_pb";
import { timeText, valueText } from "../parts/format.ts";
import { wordOf } from "../parts/words.ts";
import { ORIGIN_WORDS } from "./model-words.ts";

/** A fact about two versions. */
export interface ComparedFact {
  readonly name: string;
  readonly first: string;
  readonly second: string;
  readonly differs: boolean;
}

const figureText = (value: number | undefined): string =>
  value === undefined || !Number.isFinite(value) ? "–" : valueText(value);

/** Compares what the registry knows about two versions, and the features that they use. */
export function compareVersions(first: GetVersionResponse, second: GetVersionResponse): ComparedFact[] {
  const fact = (name: string, of: (one: GetVersionResponse) => string): ComparedFact => {
    const texts = [of(first), of(second)] as const;
    return { name, first: texts[0], second: texts[1], differs: texts[0] !== texts[1] };
  };
  const metrics = [...new Set([first, second].flatMap(({ version }) => Object.keys(version?.metrics ?? {})))].sort();
  return [
    fact("Published", ({ version }) => timeText(version?.publishedAt)),
    fact("Origin", ({ version }) => wordOf(ORIGIN_WORDS, version?.origin ?? 0)),
    fact("Made by", ({ version }) => version?.builder || "–"),
    fact("AUC on its test rows", ({ version }) => figureText(version?.auc)),
    fact("AUC of the best single feature", ({ version }) => figureText(version?.baselineAuc)),
    ...metrics
      .filter((name) => name !== "auc")
      .map((name) => fact(`Figure ${name}`, ({ version }) => figureText(version?.metrics[name]))),
    fact("Band medium from", ({ bands }) => figureText(bands?.medium)),
    fact("Band high from", ({ bands }) => figureText(bands?.high)),
    fact("Features", ({ features }) => String(features.length)),
    fact("Runtime of the golden rows", ({ version }) => version?.runtime || "–"),
    fact("Training data", ({ version }) => shortDigest(version?.dataDigest)),
    fact("Configuration", ({ version }) => shortDigest(version?.configHash)),
  ];
}

/** Number of characters of a digest that are shown. */
const DIGEST_LENGTH = 12;

const shortDigest = (digest = ""): string => (digest === "" ? "–" : `${digest.slice(0, DIGEST_LENGTH)}…`);

/** Returns how the features of two versions differ, one sentence each. */
export function featureDifferences(first: readonly ModelFeature[], second: readonly ModelFeature[]): string[] {
  if (first.length === 0 || second.length === 0) return [];
  const before = new Map(first.map((feature) => [feature.name, feature]));
  const after = new Map(second.map((feature) => [feature.name, feature]));
  const only = (these: ReadonlyMap<string, ModelFeature>, others: ReadonlyMap<string, ModelFeature>): string[] =>
    [...these.keys()].filter((name) => !others.has(name));
  const [lost, added] = [only(before, after), only(after, before)];
  const changed = [...before.values()].filter(({ name, kind, unit }) => {
    const other = after.get(name);
    return other && (other.kind !== kind || other.unit !== unit);
  });
  return [
    ...(lost.length > 0 ? [`Only in the first: ${lost.join(", ")}.`] : []),
    ...(added.length > 0 ? [`Only in the second: ${added.join(", ")}.`] : []),
    ...(changed.length > 0 ? [`With another kind or unit: ${changed.map(({ name }) => name).join(", ")}.`] : []),
  ];
}
