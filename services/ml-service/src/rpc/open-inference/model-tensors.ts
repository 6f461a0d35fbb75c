import { MAX_BATCH_ROWS } from "@bellwether/contract/limits";
import { DataType, type ModelConfigSchema } from "@bellwether/gen/inference/model_config_pb";
import type { ScoringModel } from "@bellwether/scoring/model/scoring-model";
import type { MessageInitShape } from "@bufbuild/protobuf";

/** Name of the input that has all numeric features as columns, `[rows × features]`, in the order of the metadata. */
export const FEATURES = "features";
/** Name of the input with the ids of the suppliers. */
export const SUPPLIER_ID = "supplier_id";

/** What the tensors of a model follow from. */
export type TensorModel = Pick<ScoringModel, "bundle" | "vectorizer" | "explainer">;

/** A tensor of a model. */
export interface TensorInfo {
  readonly name: string;
  readonly datatype: "FP64" | "FP32" | "UINT16" | "BYTES";
  /** Without the rows: empty for one element a row, else the number of columns. */
  readonly columns: readonly number[];
  /** Whether a request may leave it out. */
  readonly optional: boolean;
}

/** Returns the inputs: one for each feature, its text, and the ids. */
export function modelInputs({ bundle: { features, text } }: TensorModel): TensorInfo[] {
  return [
    ...features.map(
      ({ name, kind }): TensorInfo => ({
        ...{ name, datatype: kind === "numeric" ? "FP64" : "BYTES", columns: [], optional: false },
      }),
    ),
    ...(text === null ? [] : [textTensor(text.feature)]),
    textTensor(SUPPLIER_ID),
  ];
}

const textTensor = (name: string): TensorInfo => ({ name, datatype: "BYTES", columns: [], optional: true });

/** Names of the outputs; the first two are answered when a request names none. */
export const OUTPUTS = [
  "score",
  "probabilities",
  "margin",
  "band",
  "missing_features",
  "contributions",
  "base_value",
] as const;

export type OutputName = (typeof OUTPUTS)[number];

const SHAPES: Readonly<Record<OutputName, Pick<TensorInfo, "datatype"> & { columns(model: TensorModel): number[] }>> = {
  score: { datatype: "FP64", columns: () => [] },
  probabilities: { datatype: "FP64", columns: () => [2] },
  margin: { datatype: "FP64", columns: () => [] },
  band: { datatype: "BYTES", columns: () => [] },
  missing_features: { datatype: "UINT16", columns: () => [] },
  contributions: { datatype: "FP32", columns: ({ vectorizer }) => [vectorizer.columns] },
  base_value: { datatype: "FP64", columns: () => [] },
};

/** Returns the outputs that a model has: without an explanation there are no contributions. */
export function modelOutputs(model: TensorModel): TensorInfo[] {
  return OUTPUTS.filter((name) => model.explainer !== null || !needsExplanation(name)).map((name) => ({
    ...{ name, datatype: SHAPES[name].datatype, columns: SHAPES[name].columns(model), optional: true },
  }));
}

/** Whether an output exists only for models with an explanation. */
export const needsExplanation = (name: OutputName): boolean => name === "contributions" || name === "base_value";

const DATA_TYPES: Readonly<Record<TensorInfo["datatype"], DataType>> = {
  FP64: DataType.TYPE_FP64,
  FP32: DataType.TYPE_FP32,
  UINT16: DataType.TYPE_UINT16,
  BYTES: DataType.TYPE_STRING,
};

/** Name of the platform in metadata and configuration. */
export const PLATFORM = "bellwether_onnx";

/** Returns the configuration of a model. Its dimensions are those of one row. */
export function modelConfig(name: string, model: TensorModel): MessageInitShape<typeof ModelConfigSchema> {
  const dims = (columns: readonly number[]) => (columns.length === 0 ? [1n] : columns.map(BigInt));
  return {
    name,
    platform: PLATFORM,
    backend: "bellwether",
    maxBatchSize: MAX_BATCH_ROWS,
    input: modelInputs(model).map(({ name, datatype, columns, optional }) => ({
      ...{ name, dataType: DATA_TYPES[datatype], dims: dims(columns), optional },
    })),
    output: modelOutputs(model).map(({ name, datatype, columns }) => ({
      ...{ name, dataType: DATA_TYPES[datatype], dims: dims(columns) },
    })),
    parameters: {
      features: { stringValue: JSON.stringify(numericFeatures(model)) },
      contribution_columns: { stringValue: JSON.stringify(model.vectorizer.columnNames) },
    },
  };
}

/** Returns the columns of the input "features". */
export const numericFeatures = ({ bundle }: TensorModel): string[] =>
  bundle.features.filter(({ kind }) => kind === "numeric").map(({ name }) => name);
