import { NO_ALIASES } from "@bellwether/registry/aliases/alias-file";
import { aliasVersion, readAliases } from "@bellwether/registry/aliases/aliases";
import { checkSigner } from "@bellwether/registry/publish/check-signer";
import { type Publication, publishUnlessSame } from "@bellwether/registry/publish/publish-version";
import { setAlias } from "@bellwether/registry/publish/set-alias";
import { ModelCorruptError } from "@bellwether/registry/registry-error";
import type { Registry } from "@bellwether/registry/storage/storage-of";
import { readImportance } from "@bellwether/registry/versions/read-importance";
import type { VersionCheck } from "@bellwether/registry/versions/read-version";
import { listModels, listVersions, readDescription } from "@bellwether/registry/versions/read-version";
import { findSameFiles } from "@bellwether/registry/versions/same-files";
import { contractDifferences } from "@bellwether/risk-model/bundle/contract-difference";
import { parseFeatureBundle } from "@bellwether/risk-model/bundle/parse-bundle";
import {
  type Importance,
  ImportanceError,
  type ImportanceRows,
  parseImportance,
} from "@bellwether/risk-model/importance/importance";
import { describeModel } from "../model/describe-model.ts";
import { checkScoringModel } from "../model/scoring-model.ts";
import { RUNTIME } from "../runtime/onnx-session.ts";
import { type BandChange, bandChange } from "./band-change.ts";
import { originSection } from "./origin-section.ts";
import { withImportance } from "./with-importance.ts";

/** The name belongs to a model with other inputs or another target. */
export class OtherContractError extends Error {
  override readonly name = "OtherContractError" as const;
}

/** Who publishes a model. */
export interface PublishedBy {
  /** Who is recorded as having set the alias. */
  readonly setBy: string;
  /** Why. */
  readonly reason: string;
}

/** Steps of publishing that a service does in another thread. */
export interface PublishSteps {
  /** Adds what the manifest and the card say besides. Default: the global explanation, from `importanceRows`. */
  readonly complete?: (publication: Publication) => Promise<Publication>;
  /** Default: loads the version in this thread. */
  readonly check?: VersionCheck;
  /**
   * The alias that the version gets. Default: champion when the name has none, else challenger. "challenger": also when the name
   * has no champion. "none": no alias.
   */
  readonly alias?: "challenger" | "none";
}

/** Result of publishing a model. */
export interface PublishedModel {
  readonly version: string;
  /** The alias that was set; null: none was. */
  readonly alias: "champion" | "challenger" | null;
  /** Band limits that differ from the champion's; null when they are equal or the version is the champion. */
  readonly bands: BandChange | null;
  /** The champion before the publication. Undefined: there was none. */
  readonly champion: string | undefined;
  /** False when a version with the same files existed already, so that nothing was published. */
  readonly isNew: boolean;
}

/**
 * Publishes a model. By default, the first version of a name becomes its champion, a later version its challenger. If a
 * version with the same files exists already, nothing is published; its alias is set if a killed publisher has not done so.
 * @throws UnsignedVersionError when the registry accepts only signed versions and nothing signs this one; nothing is stored
 * @throws AliasMovedError when another publisher has moved the alias meanwhile; the version is published
 * @throws OtherContractError when the champion of that name has other features, another text feature or another risk class;
 * ModelRejectedError
 */
export async function publishModel(
  root: Registry,
  given: Publication & { readonly importanceRows?: ImportanceRows | null },
  by: PublishedBy,
  { complete, check = checkScoringModel, alias: wanted }: PublishSteps = {},
): Promise<PublishedModel> {
  const { modelName, now } = given;
  const same = await findSameFiles(root, modelName, given);
  const isKnown = (await listModels(root)).includes(modelName);
  const aliases = isKnown ? await readAliases(root, modelName) : NO_ALIASES;
  const champion = aliasVersion(aliases, "champion");
  const usual = champion === undefined ? "champion" : "challenger";
  const alias = wanted === "none" ? null : (wanted ?? usual);
  // When another publisher moves the alias meanwhile, this one fails, and its version stays without an alias.
  const expectedVersion = alias === null ? "" : (aliasVersion(aliases, alias) ?? "");
  if (same !== null) {
    const unchanged = { version: same.version, alias: null, bands: null, champion: undefined, isNew: false };
    const [newest] = await listVersions(root, modelName);
    const isAliased = aliases.moves.some(({ version }) => version === same.version);
    if (alias === null || isAliased || newest?.version !== same.version) return unchanged;
    // A publisher that was killed before its last step: the alias is set now.
    await setAlias(root, { modelName, alias, version: same.version, ...by, now, expectedVersion }, check);
    return { ...unchanged, alias };
  }
  checkSigner(root);
  const bands = champion === undefined ? null : await checkContract(root, given, champion);
  const publication = complete ? await complete(given) : await withImportance(given, given.importanceRows ?? null);
  const origin = await describeOrigin(root, publication, by, champion);
  const described = {
    ...publication,
    modelCard: publication.modelCard + origin,
    interface: publication.interface ?? (await describeModel(given)),
    metrics: publication.metrics ?? metricsOf(given),
    runtime: RUNTIME,
    ...(champion !== undefined && { parent: champion }),
  };
  const published = await publishUnlessSame(root, described, check);
  // Another publisher has stored the same model meanwhile.
  if (published === null) {
    return await publishModel(root, given, by, {
      ...(complete && { complete }),
      ...(wanted && { alias: wanted }),
      check,
    });
  }
  const { version } = published;
  if (alias !== null) await setAlias(root, { modelName, alias, version, ...by, now, expectedVersion }, check);
  return { version, alias, bands, champion, isNew: true };
}

/** Returns the section of the card about the origin. A champion that cannot be read is not compared. */
async function describeOrigin(
  root: Registry,
  publication: Publication,
  { setBy, reason }: PublishedBy,
  champion: string | undefined,
): Promise<string> {
  const importanceOf = (json: string | null | undefined): Importance | null => (json ? parseImportance(json) : null);
  const { bundleJson, importanceJson, modelName } = publication;
  const own = { publication, setBy, reason, bundle: parseFeatureBundle(bundleJson) };
  const version = { ...own, importance: importanceOf(importanceJson) };
  if (champion === undefined) return originSection(version, null);
  try {
    const { manifest, bundleJson: before } = await readDescription(root, modelName, champion);
    const importance = importanceOf((await readImportance(root, modelName, champion)).importanceJson);
    return originSection(version, { manifest, bundle: parseFeatureBundle(before), importance });
  } catch (error) {
    if (error instanceof ImportanceError || error instanceof ModelCorruptError) return originSection(version, null);
    throw error;
  }
}

/** Returns the figures of the manifest by name. */
function metricsOf({ evaluation }: Publication): Record<string, number> {
  const { auc = null, baselineAuc = null } = evaluation ?? {};
  return { ...(auc !== null && { auc }), ...(baselineAuc !== null && { baseline_auc: baselineAuc }) };
}

/** Returns band limits that differ from the champion's. @throws OtherContractError */
async function checkContract(
  root: Registry,
  { modelName, bundleJson, origin }: Publication,
  champion: string,
): Promise<BandChange | null> {
  const before = parseFeatureBundle((await readDescription(root, modelName, champion)).bundleJson);
  const now = parseFeatureBundle(bundleJson);
  const differences = contractDifferences(before, now);
  const isOtherName = origin === "imported" && before.classes.risk !== now.classes.risk;
  const wayOut = isOtherName
    ? `. If the class "${now.classes.risk}" of the file is the class "${before.classes.risk}" of the champion, add --risk-name ${before.classes.risk}`
    : "";
  if (differences.length > 0)
    throw new OtherContractError(
      `${modelName} ${champion}, the champion, has other inputs: this model is ${differences.join(", ")}. ` +
        `Callers of the champion would be rejected: publish this model under another name (name in model_config.yaml, --name of import)${wayOut}`,
    );
  return bandChange(before.bands, now.bands);
}
