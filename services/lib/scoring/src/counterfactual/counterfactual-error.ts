import type { LimitViolation } from "@bellwether/risk-model/counterfactual/resolve-limits";
import type { ModelIdentity, ScoringModel } from "../model/scoring-model.ts";
import type { SupplierScore } from "../score/score-supplier.ts";

/** Limits of a request contradict the model, each other or themselves; carries all violations. */
export class ChangeLimitError extends Error {
  override readonly name = "ChangeLimitError" as const;
  readonly fieldViolations: readonly { readonly field: string; readonly description: string }[];
  constructor(violations: readonly LimitViolation[]) {
    super(violations.map(({ field, message }) => `${field}: ${message}`).join("; "));
    this.fieldViolations = violations.map(({ field, message }) => ({ field, description: message }));
  }
}

/** The supplier has no band, so there is none to leave. */
export class NoBandError extends Error {
  override readonly name = "NoBandError" as const;
  constructor({ identity }: Pick<ScoringModel, "identity">, { output, warnings }: SupplierScore) {
    const count = warnings.find(({ code }) => code === "TOO_FEW_FEATURES")?.message;
    super(
      output === null
        ? `the supplier has too few known features for a score, so it has no band${count === undefined ? "" : `: ${count}`}`
        : `${identity.name} ${identity.version} is a regressor, whose number has no band`,
    );
  }
}

/** The output of the model is not one sum of trees, so counterfactuals cannot be searched. */
export class NotSearchableError extends Error {
  override readonly name = "NotSearchableError" as const;
  constructor({ name, version }: ModelIdentity) {
    super(`${name} ${version} has no counterfactuals: the probability of one of its classes is not one sum of trees`);
  }
}
