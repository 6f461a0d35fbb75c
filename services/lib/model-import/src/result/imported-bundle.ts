import type { FeatureSpec } from "@bellwether/config/model-spec";
import { countText } from "@bellwether/reasons/count-text";
import type {
  BundleColumn,
  BundleFeature,
  Explanation,
  FeatureBundle,
  GoldenRow,
} from "@bellwether/risk-model/bundle/feature-bundle";
import { scoredGoldenRows } from "@bellwether/risk-model/calibrate/scored-golden-rows";
import type { BaseColumn } from "@bellwether/tree-model/onnx/ensemble/input-column";
import { InterventionalRejectedError } from "@bellwether/tree-model/shap/interventional-rejected-error";
import { checkInterventional } from "@bellwether/tree-model/shap/interventional-tables";
import { float32AtMost } from "@bellwether/tree-model/trees/float32";
import { ImportRejectedError } from "@bellwether/tree-model/trees/import-rejected-error";
import { oneOutput } from "@bellwether/tree-model/trees/one-output";
import type { Background } from "../rows/background.ts";
import { rowRounding } from "../source/source-model.ts";
import type { ServedOutput } from "./served-output.ts";

/** Score bands of an imported model without a configuration, because model files do not contain bands. */
export const DEFAULT_BANDS = { high: 0.7, medium: 0.4 } as const;

/** The output of an imported model is not calibrated. */
const CALIBRATION = { kind: "none" } as const;

/**
 * Chooses against what the contributions of an imported model are measured: the training weights in its file,
 * or background rows. The text `background` of the result also names the reason when the model has no
 * contributions.
 */
export function chooseExplanation(served: ServedOutput, background: Background | null): Explanation {
  if (served.model.hasCovers) return { kind: "path-dependent", background: "training weights in the imported file" };
  if (background === null) {
    return { kind: "none", background: "the file carries no covers; import it again with --background ROWS.csv" };
  }
  const rejection = interventionalRejection(served, background);
  if (rejection !== null) return { kind: "none", background: rejection };
  const width = served.model.features;
  const rows = Array.from({ length: background.count }, (_, row) =>
    Array.from(background.rows.subarray(row * width, (row + 1) * width), (x) => (Number.isNaN(x) ? null : x)),
  );
  return { kind: "interventional", background: `${countText(background.count, "row")} given at import`, rows };
}

/** Returns why background rows cannot explain the model, or null when they can. */
function interventionalRejection({ model, classColumn }: ServedOutput, { count }: Background): string | null {
  try {
    checkInterventional(classColumn === null ? model : oneOutput(model, classColumn), count);
    return null;
  } catch (error) {
    if (error instanceof InterventionalRejectedError) return error.message;
    throw error;
  }
}

/** What the user declares about an imported feature. */
export type DeclaredFeature = Pick<
  FeatureSpec,
  "name" | "kind" | "unit" | "direction" | "immutable" | "wording" | "de" | "range" | "change"
>;

/**
 * Builds the bundle of an imported model. Names come from the file or the background rows; units and
 * directions are declared.
 */
export function importedBundle(parts: {
  readonly modelName: string;
  readonly columns: readonly BaseColumn[];
  readonly names: readonly string[];
  readonly served: ServedOutput;
  readonly background: Background | null;
  /** What the user declares about the features. */
  readonly declared: readonly DeclaredFeature[];
  readonly bands: FeatureBundle["bands"];
  readonly explanation: Explanation;
  readonly golden: readonly GoldenRow[];
}): FeatureBundle {
  const { modelName, columns, names, served, background, declared, bands, explanation, golden } = parts;
  const { features, bundleColumns } = describeColumns(columns, names, background, declared);
  return {
    format: "bellwether.feature-bundle/1",
    modelName,
    modelKind: "imported",
    configHash: "",
    features,
    columns: bundleColumns,
    ...(rowRounding(served.model) === float32AtMost && { rounding: "down" as const }),
    text: null,
    // One known feature is enough: this project does not know how many features the imported model needs.
    minimumPresent: 1 / features.length,
    outputSpace: served.outputSpace,
    ...(served.outputSpace === "raw" && served.model.link === "exp" && { link: "exp" as const }),
    ...(served.classColumn !== null && explanation.kind !== "none" && { explains: "class-margin" as const }),
    classes: served.classes,
    calibration: CALIBRATION,
    bands,
    explanation,
    golden: scoredGoldenRows({ calibration: CALIBRATION, outputSpace: served.outputSpace }, golden),
    seed: 0,
  };
}

function describeColumns(
  columns: readonly BaseColumn[],
  names: readonly string[],
  background: Background | null,
  declared: readonly DeclaredFeature[],
) {
  const known = new Map(declared.map((feature) => [feature.name, feature]));
  const features: BundleFeature[] = [];
  const bundleColumns: BundleColumn[] = [];
  const taken = new Set<string>();
  for (const [c, column] of columns.entries()) {
    const name = names[c].trim();
    const { wording, de } = known.get(name) ?? {};
    const last = features.at(-1);
    if (column.category !== null) {
      bundleColumns.push({ kind: "category", feature: name, category: column.category });
      if (last?.name === name && last.kind === "category") {
        features[features.length - 1] = { ...last, categories: [...last.categories, column.category] };
        continue;
      }
    } else bundleColumns.push({ kind: "numeric", feature: name });
    if (name === "" || taken.has(name)) {
      throw new ImportRejectedError("unsupported", `two columns of the model are called "${name.slice(0, 80)}"`);
    }
    taken.add(name);
    features.push({
      name,
      kind: column.category === null ? "numeric" : "category",
      unit: known.get(name)?.unit ?? "",
      range: null,
      missing: "keep",
      direction: known.get(name)?.direction ?? "unknown",
      monotone: false,
      immutable: known.get(name)?.immutable ?? false,
      ...(wording !== undefined && { wording }),
      ...(de !== undefined && { de }),
      ...changeOf(known.get(name)),
      training: column.category === null ? trainingOf(background, c, columns.length) : null,
      categories: column.category === null ? [] : [column.category],
      ...(column.codes !== undefined && { codes: column.codes }),
    });
  }
  return { features, bundleColumns };
}

/**
 * Returns what is declared about changes of a feature. An imported feature accepts every number, but a counterfactual
 * proposes only those in its declared range.
 */
function changeOf(feature: DeclaredFeature | undefined): Pick<DeclaredFeature, "change"> {
  if (feature === undefined || (feature.change === undefined && feature.range === null)) return {};
  const change = feature.change ?? { direction: "any", range: null, step: null, cost: 1 };
  return { change: { ...change, range: change.range ?? feature.range } };
}

function trainingOf(background: Background | null, column: number, width: number): BundleFeature["training"] {
  if (background === null) return null;
  const present = Float32Array.from({ length: background.count }, (_, row) => background.rows[row * width + column])
    .filter((value) => !Number.isNaN(value))
    .sort();
  const [min] = present;
  const max = present.at(-1);
  if (min === undefined || max === undefined) return null;
  return { min, max, median: present[present.length >> 1] };
}
