import type { Publication } from "@bellwether/registry/publish/publish-version";
import type { Manifest } from "@bellwether/registry/versions/manifest";
import type { FeatureBundle } from "@bellwether/risk-model/bundle/feature-bundle";
import type { Importance } from "@bellwether/risk-model/importance/importance";

/** The version that was the champion when another one was published. */
export interface ParentVersion {
  readonly manifest: Manifest;
  readonly bundle: FeatureBundle;
  /** Null: it has no global explanation. */
  readonly importance: Importance | null;
}

/** A version that is published. */
export interface PublishedVersion {
  readonly publication: Publication;
  readonly bundle: FeatureBundle;
  readonly importance: Importance | null;
  readonly setBy: string;
  readonly reason: string;
}

/** Number of features of either version whose importance is compared. */
const SHOWN = 5;
const MAX_CATEGORIES = 5;

/**
 * Returns the section of a model card that says who published the version and why, and what differs from the champion, in Markdown.
 * @param parent null: there was no champion, or it cannot be read
 */
export function originSection(version: PublishedVersion, parent: ParentVersion | null): string {
  const { publication, setBy, reason } = version;
  const { builder, now } = publication;
  return [
    "\n## Origin",
    `- Published at ${now.toISOString()} by ${cell(setBy)}: ${cell(reason)}.`,
    ...(builder === undefined ? [] : [`- Made by ${cell(builder)}.`]),
    parent === null
      ? "- No version was the champion before."
      : `- The champion at that time: ${parent.manifest.version}, published at ${parent.manifest.publishedAt}.`,
    ...(parent === null ? [] : changeLines(version, parent)),
    "",
  ].join("\n");
}

function changeLines({ publication, bundle, importance }: PublishedVersion, parent: ParentVersion): string[] {
  const { manifest, bundle: before } = parent;
  const [training, trainingBefore] = [publication.provenance ?? null, manifest.training];
  const row = (name: string, was: string, is: string): string[] => [`| ${name} | ${cell(was)} | ${cell(is)} |`];
  const auc = (value: number | null | undefined): string => (typeof value === "number" ? value.toFixed(4) : "–");
  const period = (of: typeof training): string => (of?.period ? of.period.join(" to ") : "–");
  const count = (of: typeof training): string => (of === null ? "–" : `${of.rows}, ${of.positives} positive`);
  return [
    "",
    `## Changes against ${manifest.version}`,
    `| | ${manifest.version} | this version |`,
    "|---|---|---|",
    ...row("training rows", count(trainingBefore), count(training)),
    ...row("training period", period(trainingBefore), period(training)),
    ...row("training data (SHA-256)", short(trainingBefore?.dataSha256), short(training?.dataSha256)),
    ...row("configuration", short(manifest.configHash), short(publication.configHash)),
    ...row("trainer", before.modelKind, bundle.modelKind),
    ...row("calibration", before.calibration.kind, bundle.calibration.kind),
    ...row("bands", bandsText(before), bandsText(bundle)),
    ...row("AUC on its own test rows", auc(manifest.evaluation?.auc), auc(publication.evaluation?.auc)),
    ...categoryRows(before, bundle),
    ...importanceRows(parent.importance, importance),
    "",
    "Each AUC is on the version's own test rows, so they do not compare the versions: `bellwether models gate` does, on the same rows.",
  ];
}

const bandsText = ({ bands }: FeatureBundle): string => `high from ${bands.high}, medium from ${bands.medium}`;
const short = (hash: string | undefined): string => (hash === undefined ? "–" : hash.slice(0, 12));
const cell = (text: string): string => text.replaceAll("|", "\\|").replaceAll(/\s+/g, " ");

/** Lists categories that only one version knows. */
function categoryRows(before: FeatureBundle, now: FeatureBundle): string[] {
  const known = (bundle: FeatureBundle) => new Map(bundle.features.map(({ name, categories }) => [name, categories]));
  const [was, is] = [known(before), known(now)];
  const listed = (categories: readonly string[]): string =>
    categories.length === 0
      ? "–"
      : `${categories.slice(0, MAX_CATEGORIES).join(", ")}${categories.length > MAX_CATEGORIES ? ` and ${categories.length - MAX_CATEGORIES} more` : ""}`;
  return [...was.keys()].flatMap((name) => {
    const [old, own] = [was.get(name) ?? [], is.get(name) ?? []];
    const [gone, added] = [old.filter((one) => !own.includes(one)), own.filter((one) => !old.includes(one))];
    if (gone.length + added.length === 0) return [];
    return [`| categories of \`${cell(name)}\` only here | ${cell(listed(gone))} | ${cell(listed(added))} |`];
  });
}

/** Compares the share of the most important features of either version. */
function importanceRows(before: Importance | null, now: Importance | null): string[] {
  if (before === null || now === null) return [];
  const shareOf = (importance: Importance, feature: string): string => {
    const place = importance.features.findIndex((of) => of.feature === feature);
    const found = importance.features[place];
    return found === undefined ? "–" : `${(100 * found.share).toFixed(1)} % (${place + 1}.)`;
  };
  const names = new Set([...now.features.slice(0, SHOWN), ...before.features.slice(0, SHOWN)].map((of) => of.feature));
  return [...names].map(
    (name) => `| importance of \`${cell(name)}\` | ${shareOf(before, name)} | ${shareOf(now, name)} |`,
  );
}
