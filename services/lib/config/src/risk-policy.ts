import { canonicalHash } from "@bellwether/contract/canonical-json";
import { z } from "zod";
import { integerFrom, numberWhere, parseWithSchema } from "./check-schema.ts";
import { readYaml, type YamlFile } from "./yaml-file.ts";

const share = numberWhere("a share from 0 to 1", (v) => v >= 0 && v <= 1);
const MAX_ROWS = 1_000_000_000;

/** Limits on the losses of a weekly run. A run beyond them is not published. */
export interface LossLimits {
  /**
   * Maximum share of rejected rows, 0 to 1. Default 0.02. A run exceeds the limit when it rejects a greater
   * share and more than `maxRejectedRows` rows.
   */
  readonly maxRejectedShare: number;
  /** Number of rejected rows, of all stages together, up to which the share is not checked. Default 10. */
  readonly maxRejectedRows: number;
  /**
   * Minimum number of suppliers of a run, as a share of the week before, 0 to 1; 0 disables the check.
   * Default 0.70.
   */
  readonly minSuppliersShare: number;
}

/** The contents of config/risk_policy.yaml. */
export interface RiskPolicy {
  readonly losses: LossLimits;
  /** SHA-256 of the canonical form with defaults, lower-case hex; comments and layout do not change it. */
  readonly policyHash: string;
}

const schema = z.strictObject({
  version: z.literal(1, { error: "1" }),
  weekly_losses: z
    .strictObject(
      {
        max_rejected_share: share.default(0.02),
        max_rejected_rows: integerFrom(0, MAX_ROWS).default(10),
        min_suppliers_share: share.default(0.7),
      },
      { error: "limits: max_rejected_share, max_rejected_rows, min_suppliers_share" },
    )
    .prefault({}),
});

/** Reads config/risk_policy.yaml. @throws ConfigError with every violation */
export async function loadRiskPolicy(path: string): Promise<RiskPolicy> {
  return parseRiskPolicy(await readYaml(path));
}

/** Returns the policy in a parsed file. @throws ConfigError with every violation */
export function parseRiskPolicy(file: YamlFile): RiskPolicy {
  const { weekly_losses: limits } = parseWithSchema(schema, file);
  return createRiskPolicy({
    maxRejectedShare: limits.max_rejected_share,
    maxRejectedRows: limits.max_rejected_rows,
    minSuppliersShare: limits.min_suppliers_share,
  });
}

/** Returns a policy of these limits, with its hash. */
export function createRiskPolicy(losses: LossLimits): RiskPolicy {
  return { losses, policyHash: canonicalHash({ losses }) };
}
