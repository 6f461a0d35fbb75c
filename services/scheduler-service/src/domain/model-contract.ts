import { ModelContractError } from "./scheduler-error.ts";

/** A feature that a model expects or a mapping provides. */
export interface ModelFeature {
  readonly name: string;
  readonly kind: "numeric" | "category" | "text";
  /** Unit of a number. Empty when not known. */
  readonly unit: string;
}

/**
 * Compares the features that a mapping provides with those that a model expects. A feature that is not
 * provided would be missing in every row. A feature in another unit would be scored as if it were in the
 * model's unit.
 * @param takes features of the model; empty when not known, then nothing is checked
 * @param gives features of the mapping
 * @throws ModelContractError with all violations
 */
export function checkContract(model: string, takes: readonly ModelFeature[], gives: readonly ModelFeature[]): void {
  if (takes.length === 0) return;
  const given = new Map(gives.map((feature) => [feature.name, feature]));
  const taken = new Set(takes.map(({ name }) => name));
  const violations = [
    ...takes.flatMap((feature) => violationsOf(feature, given.get(feature.name))),
    ...gives.filter(({ name }) => !taken.has(name)).map(({ name }) => `"${name}" is not a feature of the model`),
  ];
  if (violations.length > 0) throw new ModelContractError(model, violations);
}

function violationsOf(takes: ModelFeature, gives: ModelFeature | undefined): string[] {
  const { name } = takes;
  if (!gives) return [`"${name}" is missing`];
  if (gives.kind !== takes.kind)
    return [`"${name}" is a ${takes.kind} feature of the model, in the configuration it is ${gives.kind}`];
  if (takes.unit !== "" && gives.unit !== "" && takes.unit !== gives.unit)
    return [`"${name}" is in ${takes.unit} in the model, in the configuration it is in ${gives.unit}`];
  return [];
}
