import { aliasVersion, readAliases } from "@bellwether/registry/aliases/aliases";
import { type Publication, publishVersion } from "@bellwether/registry/publish/publish-version";
import { setAlias } from "@bellwether/registry/publish/set-alias";
import { listModels, readVersion } from "@bellwether/registry/versions/read-version";
import { findSameFiles } from "@bellwether/registry/versions/same-files";
import { contractDifferences } from "@bellwether/risk-model/bundle/contract-difference";
import { parseFeatureBundle } from "@bellwether/risk-model/bundle/parse-bundle";
import { checkScoringModel } from "@bellwether/scoring/model/scoring-model";

/** The model's name is taken by one that takes other input or answers another question. */
export class OtherContractError extends Error {
  override readonly name = "OtherContractError" as const;
}

/** Where a model is now. */
export interface PublishedModel {
  readonly version: string;
  /** The alias that was set; null when nothing was published. */
  readonly alias: "champion" | "challenger" | null;
  /** False: a version with the same files was there before, and nothing was published. */
  readonly isNew: boolean;
}

/**
 * Publishes a model; the first version of a name becomes its champion, later ones its challenger. The files of an existing version are
 * not published again.
 * @throws OtherContractError the champion of that name has other features, another text or another risk class; ModelRejectedError
 */
export async function publishModel(
  root: string,
  publication: Publication,
  by: { readonly setBy: string; readonly reason: string },
): Promise<PublishedModel> {
  const { modelName, now } = publication;
  const same = await findSameFiles(root, modelName, publication);
  if (same !== null) return { version: same.version, alias: null, isNew: false };
  const isKnown = (await listModels(root)).includes(modelName);
  const champion = isKnown ? aliasVersion(await readAliases(root, modelName), "champion") : undefined;
  if (champion !== undefined) await checkContract(root, publication, champion);
  const { version } = await publishVersion(root, publication, checkScoringModel);
  const alias = champion === undefined ? "champion" : "challenger";
  await setAlias(root, { modelName, alias, version, ...by, now }, checkScoringModel);
  return { version, alias, isNew: true };
}

async function checkContract(root: string, { modelName, bundleJson }: Publication, champion: string): Promise<void> {
  const before = parseFeatureBundle((await readVersion(root, modelName, champion)).bundleJson);
  const differences = contractDifferences(before, parseFeatureBundle(bundleJson));
  if (differences.length > 0)
    throw new OtherContractError(
      `${modelName} ${champion}, the champion, takes other input: this model is ${differences.join(", ")}. ` +
        "Its callers would be rejected: give this model a name of its own (name in model_config.yaml, --name of import)",
    );
}
