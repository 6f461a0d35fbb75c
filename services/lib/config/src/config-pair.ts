import { canonicalHash } from "@bellwether/contract/canonical-json";
import { nearestName } from "@bellwether/contract/nearest-name";
import { violationAt } from "./check-schema.ts";
import { ConfigError, type ConfigViolation } from "./config-error.ts";
import { type FeatureMapping, parseFeatureMapping, type RowsMapping } from "./feature-mapping.ts";
import { parseModelConfig } from "./model-config.ts";
import type { ModelSpec } from "./model-spec.ts";
import { readYaml, type YamlFile } from "./yaml-file.ts";

/**
 * The content of the two configuration files: model_config.yaml, and feature_mapping.yaml, which produces the
 * features of the model.
 */
export interface ConfigPair {
  readonly model: ModelSpec;
  readonly mapping: FeatureMapping;
  /**
   * SHA-256 of the canonical form of both files together, lower-case hex; comments and layout do not change
   * it.
   */
  readonly configHash: string;
  /**
   * Returns the file and line of an SQL text of the mapping, for example "feature_mapping.yaml line 12".
   * @param path as errors of the SQL name it, for example `rows.features.delay` or `steps[1] (history)`
   */
  readonly sqlPlace: (path: string) => string;
}

/**
 * Reads both files and checks them against each other: the mapping must produce exactly the features of the
 * model.
 * @throws ConfigError with the violations of both files.
 */
export async function loadConfigPair(modelPath: string, mappingPath: string): Promise<ConfigPair> {
  const [modelFile, mappingFile] = await collect([() => readYaml(modelPath), () => readYaml(mappingPath)]);
  return parseConfigPair(modelFile, mappingFile);
}

/** Like `loadConfigPair`, from parsed YAML. @throws ConfigError with the violations of both files. */
export async function parseConfigPair(modelFile: YamlFile, mappingFile: YamlFile): Promise<ConfigPair> {
  const [model, mapping] = await collect([
    async () => parseModelConfig(modelFile),
    async () => parseFeatureMapping(mappingFile),
  ]);
  const violations = pairViolations(model, mapping, mappingFile);
  if (violations.length > 0) throw new ConfigError(violations);
  const sqlPlace = (path: string): string => `${mappingFile.file} line ${mappingFile.place(stepsOfPath(path)).line}`;
  // Outcomes change no score, so a better definition needs no new version.
  const { outcomes: _outcomes, ...hashed } = model;
  return { model, mapping, configHash: canonicalHash({ model: hashed, mapping }), sqlPlace };
}

/** Splits `steps[1] (history)` into "steps", 1 and "sql", and `rows.features.delay` at its points. */
function stepsOfPath(path: string): PropertyKey[] {
  const [, step] = /^steps\[(\d+)\]/.exec(path) ?? [];
  return step === undefined ? path.split(".") : ["steps", Number(step), "sql"];
}

/** Runs both functions. When either throws a ConfigError, throws one error with the violations of both. */
async function collect<A, B>([a, b]: [() => Promise<A>, () => Promise<B>]): Promise<[A, B]> {
  const [first, second] = await Promise.allSettled([a(), b()]);
  const failed = [first, second].filter((r) => r.status === "rejected").map((r): unknown => r.reason);
  const foreign = failed.find((error) => !(error instanceof ConfigError));
  if (foreign !== undefined) throw foreign;
  if (first.status === "fulfilled" && second.status === "fulfilled") return [first.value, second.value];
  throw new ConfigError(failed.flatMap((error) => (error instanceof ConfigError ? error.violations : [])));
}

function pairViolations(model: ModelSpec, mapping: FeatureMapping, file: YamlFile): ConfigViolation[] {
  const violations = rowsViolations(model, mapping.rows, file, ["rows"]);
  if (mapping.weekly?.form === "flat")
    violations.push(...rowsViolations(model, mapping.weekly.rows, file, ["weekly", "rows"]));
  if (model.split.by === "time" && mapping.rows.asOf === null)
    violations.push(violationAt(file, ["rows"], "no as_of", "as_of, since the model splits by time"));
  return violations;
}

function rowsViolations(model: ModelSpec, rows: RowsMapping, file: YamlFile, path: PropertyKey[]): ConfigViolation[] {
  const wanted = new Set(model.features.map((f) => f.name));
  const made = new Set(Object.keys(rows.features));
  const features = [...path, "features"];
  const absent = [...wanted.difference(made)].map((name) =>
    violationAt(file, features, `no feature "${name}"`, "every feature of the model configuration"),
  );
  const surplus = [...made.difference(wanted)].map((name) => {
    const nearest = nearestName(name, wanted.difference(made));
    const expected = nearest ? `"${nearest}"` : "only features of the model configuration";
    return {
      ...violationAt(file, features, `the feature "${name}" that the model does not name`, expected),
      ...file.keyPlace([...features, name]),
    };
  });
  const text =
    (model.text === null) === (rows.text === null)
      ? []
      : [
          model.text === null
            ? violationAt(file, [...path, "text"], "a text", "none, since the model has no text")
            : violationAt(file, path, "no text", `text, the model's ${model.text.name}`),
        ];
  return [...absent, ...surplus, ...text];
}
