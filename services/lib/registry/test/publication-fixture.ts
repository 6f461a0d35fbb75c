import type { Publication } from "../src/publish/publish-version.ts";

export const MODEL = "supplier-risk";

/** A publication whose files are not a real model. */
export const publication = (over: Partial<Publication> = {}): Publication => ({
  modelName: MODEL,
  origin: "trained",
  configHash: "a".repeat(64),
  onnx: new Uint8Array([1, 2, 3]),
  bundleJson: "{}",
  modelCard: "# card\n",
  evaluation: { auc: 0.9, baselineFeature: "late_ratio", baselineAuc: 0.8 },
  now: new Date("2026-01-05T00:00:00Z"),
  ...over,
});

/** The files of such versions cannot be loaded. */
export const accept = async (): Promise<void> => {};
