import { type AlertRules, parseAlertRules } from "@bellwether/config/alert-rules";
import { violationAt } from "@bellwether/config/check-schema";
import { ConfigError, type ConfigViolation } from "@bellwether/config/config-error";
import { parseYaml } from "@bellwether/config/yaml-file";

/** A draft of alert rules is not valid. */
export class RuleDraftError extends Error {
  override readonly name = "RuleDraftError" as const;
  readonly fieldViolations: readonly { readonly field: string; readonly description: string }[];
  constructor(violations: readonly ConfigViolation[]) {
    const found = violations.slice(0, MAX_VIOLATIONS).map(({ path, line, column, found: is, expected }) => ({
      field: path === "" ? "rules_yaml" : `rules_yaml.${path}`,
      description: `line ${line}, column ${column}: found ${is}, expected ${expected}`,
    }));
    const rest = violations.length - found.length;
    super(
      found.map(({ field, description }) => `${field}: ${description}`).join("; ") +
        (rest > 0 ? `; and ${rest} more` : ""),
    );
    this.fieldViolations = found;
  }
}

const MAX_VIOLATIONS = 20;

/** More back-tests wait than are done in their time. */
export class BacktestBusyError extends Error {
  override readonly name = "BacktestBusyError" as const;
  readonly retryAfterMs = 5_000;
  constructor() {
    super("too many back-tests wait; repeat the call later");
  }
}

/**
 * Reads rules in the form of config/alert_rules.yaml.
 * @param isOneSet whether the key `sets` is a violation
 * @throws RuleDraftError with every violation
 */
export function readRuleDraft(yaml: string, { isOneSet = false } = {}): AlertRules {
  try {
    const file = parseYaml(yaml, "rules");
    const rules = parseAlertRules(file);
    if (isOneSet && rules.sets.length > 0)
      throw new ConfigError([violationAt(file, ["sets"], "further rule sets", "one rule set; make a draft for each")]);
    return rules;
  } catch (error) {
    throw error instanceof ConfigError ? new RuleDraftError(error.violations) : error;
  }
}
