import type { FeatureBundle } from "@bellwether/risk-model/bundle/feature-bundle";

/** What a service is configured for: the part of a `model_config.yaml` that the callers of a model depend on. */
export interface ServiceContract {
  /** Name of the model that the contract is about. Versions of other models are not compared. */
  readonly name: string;
  readonly features: readonly {
    readonly name: string;
    readonly kind: "numeric" | "category";
    /** Empty: not known. */
    readonly unit: string;
  }[];
  readonly text: { readonly name: string } | null;
  readonly target: { readonly riskClass: string };
}

/** Returns what of a version does not meet the contract: one clause for each difference; empty when there is none. */
export function contractViolations(bundle: FeatureBundle, contract: ServiceContract): string[] {
  const own = new Map(contract.features.map((feature) => [feature.name, feature]));
  const violations = bundle.features.flatMap(({ name, kind, unit }) => {
    const configured = own.get(name);
    own.delete(name);
    if (configured === undefined) return [`"${name}" is not a feature of the configuration`];
    if (configured.kind !== kind) return [`"${name}" is ${kind}, in the configuration it is ${configured.kind}`];
    const isOther = unit !== "" && configured.unit !== "" && unit !== configured.unit;
    return isOther ? [`"${name}" is in ${unit}, in the configuration it is in ${configured.unit}`] : [];
  });
  for (const name of own.keys()) violations.push(`"${name}" of the configuration is missing`);
  const [text, configuredText] = [bundle.text?.feature ?? "none", contract.text?.name ?? "none"];
  if (text !== configuredText) violations.push(`its text is ${text}, in the configuration it is ${configuredText}`);
  const { risk } = bundle.classes;
  if (risk !== contract.target.riskClass)
    violations.push(`its risk class is "${risk}", in the configuration it is "${contract.target.riskClass}"`);
  return violations;
}
