import { importModel } from "@bellwether/model-import/import-model";
import { publishVersion } from "@bellwether/registry/publish/publish-version";
import { readVersion, type StoredVersion } from "@bellwether/registry/versions/read-version";
import { checkScoringModel } from "@bellwether/scoring/model/scoring-model";
import { runOnnx } from "@bellwether/testing/run-onnx";
import { writeOnnxTreeModel } from "@bellwether/tree-model/onnx/write/write-tree-model";
import type { BenchModel } from "./explain-models.ts";

/** Publishes a model to the registry in `root` in the same way as an import, and reads it back. */
export async function publishModel(root: string, { name, model }: BenchModel): Promise<StoredVersion> {
  const bytes = writeOnnxTreeModel(model);
  const imported = await importModel({ bytes, modelName: name, background: null, riskClass: null, runOnnx });
  if (imported.status === "rejected") throw new Error(`${name} is rejected: ${imported.reason}`);
  const publication = {
    ...imported,
    modelName: name,
    origin: "imported" as const,
    configHash: "",
    evaluation: null,
    now: new Date(),
  };
  const { version } = await publishVersion(root, publication, checkScoringModel);
  return await readVersion(root, name, version);
}
