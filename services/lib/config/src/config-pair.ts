import { canonicalHash } from "@bellwether/contract/canonical-json";
import { nearestName } from "@bellwether/contract/nearest-name";
import { mistakeAt } from "./check-schema.ts";
import { ConfigError, type ConfigMistake } from "./config-error.ts";
import { type FeatureMapping, parseFeatureMapping, type RowsMapping } from "./feature-mapping.ts";
import { parseModelConfig } from "./model-config.ts";
import type { ModelSpec } from "./model-spec.ts";
import { readYaml, type YamlFile } from "./yaml-file.ts";

/** A model configuration with the mapping that produces its features. */
export interface ConfigPair {
  readonly model: ModelSpec;
  readonly mapping: FeatureMapping;
  /** SHA-256 over the canonical form of both, lower-case hex; comments and layout do not change it. */
  readonly configHash: string;
}

/**
 * Reads both files and holds them against each other: the mapping must produce exactly the features of the model.
 * @throws ConfigError with the mistakes of both files.
 */
export async function loadConfigPair(modelPath: string, mappingPath: string): Promise<ConfigPair> {
  const [modelFile, mappingFile] = await collect([() => readYaml(modelPath), () => readYaml(mappingPath)]);
  return parseConfigPair(modelFile, mappingFile);
}

/** As `loadConfigPair`, from parsed YAML. @throws ConfigError with the mistakes of both files. */
export async function parseConfigPair(modelFile: YamlFile, mappingFile: YamlFile): Promise<ConfigPair> {
  const [model, mapping] = await collect([
    async () => parseModelConfig(modelFile),
    async () => parseFeatureMapping(mappingFile),
  ]);
  const mistakes = pairMistakes(model, mapping, mappingFile);
  if (mistakes.length > 0) throw new ConfigError(mistakes);
  return { model, mapping, configHash: canonicalHash({ model, mapping }) };
}

/** Runs both; when either throws ConfigErrors, throws one with the mistakes of all. */
async function collect<A, B>([a, b]: [() => Promise<A>, () => Promise<B>]): Promise<[A, B]> {
  const [first, second] = await Promise.allSettled([a(), b()]);
  const failed = [first, second].filter((r) => r.status === "rejected").map((r): unknown => r.reason);
  const foreign = failed.find((error) => !(error instanceof ConfigError));
  if (foreign !== undefined) throw foreign;
  if (first.status === "fulfilled" && second.status === "fulfilled") return [first.value, second.value];
  throw new ConfigError(failed.flatMap((error) => (error instanceof ConfigError ? error.mistakes : [])));
}

function pairMistakes(model: ModelSpec, mapping: FeatureMapping, file: YamlFile): ConfigMistake[] {
  const mistakes = rowsMistakes(model, mapping.rows, file, ["rows"]);
  if (mapping.weekly?.form === "flat")
    mistakes.push(...rowsMistakes(model, mapping.weekly.rows, file, ["weekly", "rows"]));
  if (model.split.by === "time" && mapping.rows.asOf === null)
    mistakes.push(mistakeAt(file, ["rows"], "no as_of", "as_of, since the model splits by time"));
  return mistakes;
}

function rowsMistakes(model: ModelSpec, rows: RowsMapping, file: YamlFile, path: PropertyKey[]): ConfigMistake[] {
  const wanted = new Set(model.features.map((f) => f.name));
  const made = new Set(Object.keys(rows.features));
  const features = [...path, "features"];
  const absent = [...wanted.difference(made)].map((name) =>
    mistakeAt(file, features, `no feature "${name}"`, "every feature of the model configuration"),
  );
  const surplus = [...made.difference(wanted)].map((name) => {
    const nearest = nearestName(name, wanted.difference(made));
    const expected = nearest ? `"${nearest}"` : "only features of the model configuration";
    return {
      ...mistakeAt(file, features, `the feature "${name}" that the model does not name`, expected),
      ...file.keyPlace([...features, name]),
    };
  });
  const text =
    (model.text === null) === (rows.text === null)
      ? []
      : [
          model.text === null
            ? mistakeAt(file, [...path, "text"], "a text", "none, since the model has no text")
            : mistakeAt(file, path, "no text", `text, the model's ${model.text.name}`),
        ];
  return [...absent, ...surplus, ...text];
}
