import { canonicalHash } from "@bellwether/contract/canonical-json";
import { valueAt, violationAt } from "./check-schema.ts";
import { ConfigError } from "./config-error.ts";
import { createRiskPolicy, parseRiskPolicy, type RiskPolicy } from "./risk-policy.ts";
import { readYaml, type YamlFile } from "./yaml-file.ts";

/** Sections of a risk policy that all models of an installation share, and where the policy has them. */
const SHARED = {
  expected_impact: "impact",
  completeness: "minCompleteness",
  retention: "retention",
  reviews: "reviews",
  replay: "replay",
  external_scores: "externalSources",
  watchlists: "watchlists",
  delegations: "delegations",
} as const;

/** Reads the risk policy of a further model. @throws ConfigError with every violation */
export async function loadModelPolicy(path: string, shared: RiskPolicy): Promise<RiskPolicy> {
  return parseModelPolicy(await readYaml(path), shared);
}

/**
 * Returns the risk policy of a further model. The currency and weights of the expected impact, the completeness, the
 * retention, the reviews, the replay, the external sources and the limits of people are those of the installation: the file leaves them out, or has the same values.
 * @param shared the policy of the default model
 * @throws ConfigError with every violation
 */
export function parseModelPolicy(file: YamlFile, shared: RiskPolicy): RiskPolicy {
  const { losses, checks, drift, retrain, promotion, ...own } = parseRiskPolicy(file);
  const other = Object.entries(SHARED).filter(
    ([section, key]) =>
      valueAt(file.value, [section]) !== undefined && canonicalHash(own[key]) !== canonicalHash(shared[key]),
  );
  if (other.length > 0)
    throw new ConfigError(
      other.map(([section]) =>
        violationAt(
          file,
          [section],
          "other values",
          "no such section: it is that of the default model (BELLWETHER_RISK_POLICY)",
        ),
      ),
    );
  const { impact, minCompleteness, retention, reviews, replay, externalSources, watchlists, delegations } = shared;
  return createRiskPolicy(losses, {
    checks,
    drift,
    retrain,
    promotion,
    impact,
    minCompleteness,
    retention,
    reviews,
    replay,
    externalSources,
    watchlists,
    delegations,
  });
}
