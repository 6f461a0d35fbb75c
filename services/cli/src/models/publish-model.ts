import { aliasVersion, readAliases } from "@bellwether/registry/aliases/aliases";
import { type Publication, publishVersion } from "@bellwether/registry/publish/publish-version";
import { setAlias } from "@bellwether/registry/publish/set-alias";
import { listModels, readVersion } from "@bellwether/registry/versions/read-version";
import { findSameFiles } from "@bellwether/registry/versions/same-files";
import { contractDifferences } from "@bellwether/risk-model/bundle/contract-difference";
import { parseFeatureBundle } from "@bellwether/risk-model/bundle/parse-bundle";
import type { ImportanceRows } from "@bellwether/risk-model/importance/importance";
import { checkScoringModel } from "@bellwether/scoring/model/scoring-model";
import { type BandChange, bandChange } from "./band-limits.ts";
import { withImportance } from "./with-importance.ts";

/** The name belongs to a model with other inputs or another target. */
export class OtherContractError extends Error {
  override readonly name = "OtherContractError" as const;
}

/** Result of publishing a model. */
export interface PublishedModel {
  readonly version: string;
  /** The alias that was set, or null when nothing was published. */
  readonly alias: "champion" | "challenger" | null;
  /** Band limits that differ from the champion's; null when they are equal or the version is the champion. */
  readonly bands: BandChange | null;
  /** The champion before the publication. Undefined: there was none. */
  readonly champion: string | undefined;
  /** False when a version with the same files existed already, so that nothing was published. */
  readonly isNew: boolean;
}

/**
 * Publishes a model. The first version of a name becomes its champion, a later version its challenger. If a
 * version with the same files exists already, nothing is published.
 * @throws OtherContractError when the champion of that name has other features, another text feature or another risk class;
 * ModelRejectedError
 */
export async function publishModel(
  root: string,
  given: Publication & { readonly importanceRows?: ImportanceRows | null },
  by: { readonly setBy: string; readonly reason: string },
): Promise<PublishedModel> {
  const { modelName, now } = given;
  const same = await findSameFiles(root, modelName, given);
  if (same !== null) return { version: same.version, alias: null, bands: null, champion: undefined, isNew: false };
  const isKnown = (await listModels(root)).includes(modelName);
  const champion = isKnown ? aliasVersion(await readAliases(root, modelName), "champion") : undefined;
  const bands = champion === undefined ? null : await checkContract(root, given, champion);
  const publication = await withImportance(given, given.importanceRows ?? null);
  const { version } = await publishVersion(root, publication, checkScoringModel);
  const alias = champion === undefined ? "champion" : "challenger";
  await setAlias(root, { modelName, alias, version, ...by, now }, checkScoringModel);
  return { version, alias, bands, champion, isNew: true };
}

/** Returns band limits that differ from the champion's. @throws OtherContractError */
async function checkContract(
  root: string,
  { modelName, bundleJson, origin }: Publication,
  champion: string,
): Promise<BandChange | null> {
  const before = parseFeatureBundle((await readVersion(root, modelName, champion)).bundleJson);
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
