import type { ModelInterface } from "@bellwether/registry/versions/manifest";

/** The files of a version that was made for this service. */
export interface PublishTask {
  readonly kind: "publish";
  readonly modelName: string;
  readonly onnx: Uint8Array;
  readonly bundleJson: string;
  readonly modelCard: string;
}

/** A model file of another library. */
export interface ImportTask {
  readonly kind: "import";
  readonly modelName: string;
  readonly model: Uint8Array;
  readonly background: Uint8Array | null;
  readonly expected: Uint8Array | null;
  /** Text of a model_config.yaml. */
  readonly modelConfig: string | null;
  readonly riskClass: string | null;
  readonly riskName: string | null;
}

export type PrepareTask = PublishTask | ImportTask;

/** A model that is ready to be published. */
export interface PreparedModel {
  readonly origin: "trained" | "imported" | "scorecard";
  readonly configHash: string;
  readonly onnx: Uint8Array;
  readonly bundleJson: string;
  readonly modelCard: string;
  readonly importanceJson?: string;
  readonly interface: ModelInterface;
  /** What a person should know about the conversion. */
  readonly notes: readonly string[];
}

/** The answer of the thread that prepares a model. */
export type PrepareAnswer =
  | { readonly outcome: "ready"; readonly model: PreparedModel }
  | { readonly outcome: "model-rejected" | "import-rejected"; readonly reason: string };
