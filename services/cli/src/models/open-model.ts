import { readVersion, resolveVersion } from "@bellwether/registry/versions/read-version";
import { openScoringModel, type ScoringModel } from "@bellwether/scoring/model/scoring-model";
import { type CliContext, defaultModel, registryOf } from "../context/cli-context.ts";

/**
 * Runs `use` with a model of the local registry and releases the model afterwards. An empty name means the
 * default model, an empty version its champion.
 */
export async function withLocalModel<T>(
  context: CliContext,
  selector: { readonly model?: string; readonly modelVersion?: string },
  use: (model: ScoringModel) => Promise<T>,
): Promise<T> {
  const root = registryOf(context);
  const name = selector.model ?? defaultModel(context);
  const model = await openScoringModel(
    await readVersion(root, name, await resolveVersion(root, name, selector.modelVersion ?? "")),
  );
  try {
    return await use(model);
  } finally {
    await model.release();
  }
}
