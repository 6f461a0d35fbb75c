import type { Publication } from "@bellwether/registry/publish/publish-version";
import { parseFeatureBundle } from "@bellwether/risk-model/bundle/parse-bundle";
import type { ImportanceRows } from "@bellwether/risk-model/importance/importance";
import { importanceSection } from "@bellwether/risk-model/importance/importance-lines";
import { measureImportance } from "@bellwether/risk-model/importance/measure-importance";
import { openExplainer } from "../model/open-explainer.ts";

/** The files of a version that its global explanation needs and changes. */
type ExplainedFiles = Pick<Publication, "onnx" | "bundleJson" | "modelCard" | "importanceJson">;

/**
 * Adds the global explanation of a version to its publication: `importance.json`, and a section of the model card.
 * @param rows Rows to explain; null: the section says that the importance is not known.
 */
export async function withImportance<P extends ExplainedFiles>(
  publication: P,
  rows: ImportanceRows | null,
): Promise<P> {
  const bundle = parseFeatureBundle(publication.bundleJson);
  const explainer = rows === null ? null : await openExplainer(publication.onnx, bundle);
  const importance =
    rows === null || explainer === null
      ? null
      : measureImportance(bundle, rows, (values, n) => explainer.explain(values, n));
  const option =
    bundle.modelKind === "scorecard" ? "publish it again with --input" : "import the model again with --background";
  const reason = bundle.explanation.kind === "none" ? bundle.explanation.background : `no rows were given; ${option}`;
  return {
    ...publication,
    modelCard: publication.modelCard + importanceSection(importance, reason),
    ...(importance !== null && { importanceJson: `${JSON.stringify(importance)}\n` }),
  };
}
