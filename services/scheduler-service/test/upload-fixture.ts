import { createHash } from "node:crypto";
import { trainDemoModel } from "@bellwether/testing/demo-model";

/** Files of an upload by name. */
export type UploadFiles = Readonly<Record<string, Uint8Array | string>>;

const bytesOf = (content: Uint8Array | string): Uint8Array =>
  typeof content === "string" ? new TextEncoder().encode(content) : content;

/** Yields the messages of an upload. @param over fields of the header */
export async function* upload(files: UploadFiles, over: object = {}) {
  const announced = Object.entries(files).map(([name, content]) => ({
    name,
    sha256: createHash("sha256").update(content).digest("hex"),
    sizeBytes: BigInt(bytesOf(content).length),
  }));
  yield { part: { case: "header" as const, value: { files: announced, ...over } } };
  for (const content of Object.values(files))
    for (let at = 0; at < bytesOf(content).length; at += 10_000)
      yield { part: { case: "chunk" as const, value: { content: bytesOf(content).subarray(at, at + 10_000) } } };
}

/** Returns the files of a demo model, as `PublishModel` takes them. */
export async function demoFiles(seed: number): Promise<UploadFiles> {
  const { onnx, bundleJson, modelCard } = await trainDemoModel(seed);
  return { "model.onnx": onnx, "feature_bundle.json": bundleJson, "MODEL_CARD.md": modelCard };
}
