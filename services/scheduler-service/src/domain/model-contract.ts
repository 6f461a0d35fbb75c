import { ModelContractError } from "./scheduler-error.ts";

/** A feature, as a model takes it or a mapping gives it. */
export interface ModelFeature {
  readonly name: string;
  readonly kind: "numeric" | "category" | "text";
  /** Empty: not known. */
  readonly unit: string;
}

/**
 * Holds what a mapping gives against what a model takes: a feature that is not given would be missing in every row, one in another unit
 * would be scored as if it were in the model's.
 * @param takes empty: not known, nothing is checked
 * @throws ModelContractError with every mistake
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
  if (!gives) return [`"${name}" is not given`];
  if (gives.kind !== takes.kind) return [`"${name}" is a ${takes.kind} feature, the configuration says ${gives.kind}`];
  if (takes.unit !== "" && gives.unit !== "" && takes.unit !== gives.unit)
    return [`"${name}" is in ${takes.unit}, the configuration says ${gives.unit}`];
  return [];
}
