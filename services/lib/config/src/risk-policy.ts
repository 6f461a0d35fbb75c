import { canonicalHash } from "@bellwether/contract/canonical-json";
import { z } from "zod";
import { integerFrom, leaf, numberWhere, parseWithSchema, shown, valueAt, violationAt, yesNo } from "./check-schema.ts";
import type { ConfigViolation } from "./config-error.ts";
import {
  checkExternalSources,
  type ExternalSource,
  externalSourcesOf,
  externalSourcesSchema,
} from "./external-sources.ts";
import { DEFAULT_CHECKS, type InputChecks, inputChecksOf, inputChecksSchema } from "./input-checks.ts";
import {
  DEFAULT_DELEGATION_LIMITS,
  DEFAULT_WATCHLIST_LIMITS,
  type DelegationLimits,
  delegationLimitsSchema,
  type WatchlistLimits,
  watchlistLimitsSchema,
} from "./people-limits.ts";
import {
  DEFAULT_PROMOTION_POLICY,
  type PromotionPolicy,
  promotionPolicyOf,
  promotionSchema,
} from "./promotion-policy.ts";
import {
  checkRetention,
  DEFAULT_RETENTION,
  type RetentionPolicy,
  retentionPolicyOf,
  retentionSchema,
} from "./retention-policy.ts";
import { checkRetrain, DEFAULT_RETRAIN, type RetrainPolicy, retrainPolicyOf, retrainSchema } from "./retrain-policy.ts";
import { readYaml, type YamlFile } from "./yaml-file.ts";

const share = numberWhere("a share from 0 to 1", (v) => v >= 0 && v <= 1);
const weight = numberWhere("a weight from 0 to 1000", (v) => v >= 0 && v <= 1_000);
const amount = numberWhere("an amount of money from 0 to 10^15", (v) => v >= 0 && v <= MAX_EXPOSURE);
const rate = numberWhere("a rate above 0 and at most 10^9", (v) => v > 0 && v <= 1e9);
/** Maximum number of features that the policy declares as moving. */
const MAX_MOVING = 4_096;
const currency = leaf<string>("a currency code of ISO 4217, for example EUR", isCurrency);
const MAX_ROWS = 1_000_000_000;
const shift = numberWhere("a number of standard deviations above 0 and at most 100", (v) => v > 0 && v <= 100);
const positiveShare = numberWhere("a share above 0 and at most 1", (v) => v > 0 && v <= 1);
const errorRate = numberWhere("a probability above 0 and at most 0.5", (v) => v > 0 && v <= 0.5);
const featureName = leaf<string>(
  "the name of a feature, 1 to 256 bytes",
  (v) => typeof v === "string" && v !== "" && Buffer.byteLength(v) <= 256,
);
const featureNames = z
  .array(featureName, { error: "a list of names of features" })
  .max(MAX_MOVING, { error: `at most ${MAX_MOVING} names of features` });
/** People examine the sample. */
const MAX_REVIEWS = 1_000;

/** Maximum exposure of a supplier, in any currency. Sums over a million suppliers stay exact to 0.1. */
export const MAX_EXPOSURE = 1e15;

/** Levels of criticality, lowest first. */
export const CRITICALITIES = ["low", "normal", "high", "critical"] as const;

/** How much the organization depends on a supplier. */
export type Criticality = (typeof CRITICALITIES)[number];

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

/** How the expected impact of a supplier is computed: score × exposure × weight of the criticality. */
export interface ImpactPolicy {
  /** Currency of the expected impact and of exposures without a currency, ISO 4217. Default EUR. */
  readonly currency: string;
  /** Units of `currency` per unit of another currency, by ISO 4217 code. Default: none. */
  readonly exchangeRates: Readonly<Record<string, number>>;
  /** Weight of each criticality, 0 or more. Defaults 0.5, 1, 2, 4. */
  readonly weights: Readonly<Record<Criticality, number>>;
  /**
   * The exposure with which a supplier without a known exposure is ordered, in `currency`. Default 1, so that
   * these suppliers are ordered by score, after all others.
   */
  readonly unknownExposure: number;
}

/** When a change of the distribution of a feature is an alarm. */
export interface DriftPolicy {
  /** Smallest Wasserstein distance that matters, in standard deviations of the reference. Above 0. Default 0.1. */
  readonly minShift: number;
  /** Smallest change of the share of missing values or of a category that matters, above 0, at most 1. Default 0.05. */
  readonly minShareChange: number;
  /** Probability of at least one false alarm in a week without drift, above 0, at most 0.5. Default 0.01. */
  readonly familyError: number;
  /** Number of suppliers with a value on each side below which nothing is tested, 20 or more. Default 50. */
  readonly minRows: number;
  /** Features that move by construction, such as an age: compared, but never an alarm. Default: none. */
  readonly moving: readonly string[];
}

/** The drift policy of a file without `drift`. */
export const DEFAULT_DRIFT_POLICY: DriftPolicy = {
  ...{ minShift: 0.1, minShareChange: 0.05, familyError: 0.01, minRows: 50 },
  moving: [],
};

/** The random suppliers without an alert that people are asked to check each week. */
export interface ReviewPolicy {
  /** Share of the suppliers with a score and without an open alert, 0 to 1; 0: none. Default 0.005. */
  readonly share: number;
  /** Maximum number of suppliers of a week, 1 to 1,000. Default 50. */
  readonly maxSuppliers: number;
}

/** What the audit log keeps of a scored supplier, so that its score can be computed again. */
export interface ReplayPolicy {
  /** Whether feature values are kept. False: only their digest. Default true. */
  readonly keepsFeatures: boolean;
  /**
   * What is kept of a contract text in addition to its hash: the weights of the model's terms in the text, or
   * nothing. Default "weights".
   */
  readonly text: "weights" | "hash";
}

/** The contents of config/risk_policy.yaml. */
export interface RiskPolicy {
  readonly losses: LossLimits;
  readonly checks: InputChecks;
  readonly impact: ImpactPolicy;
  /** Share of known features below which a score is incomplete, 0 to 1. Default 0.75. */
  readonly minCompleteness: number;
  readonly drift: DriftPolicy;
  readonly retention: RetentionPolicy;
  readonly reviews: ReviewPolicy;
  readonly retrain: RetrainPolicy;
  readonly promotion: PromotionPolicy;
  readonly replay: ReplayPolicy;
  /** Sources of scores that others compute, in the order of their names. Default: none. */
  readonly externalSources: readonly ExternalSource[];
  readonly watchlists: WatchlistLimits;
  readonly delegations: DelegationLimits;
  /**
   * SHA-256 of the canonical form with defaults, lower-case hex; comments and layout do not change it. The retention, the reviews,
   * the retrains, the promotion, the replay, the external sources and the limits of watchlists and delegations, which change no
   * result of a run, are not part of it.
   */
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
  checks: inputChecksSchema,
  expected_impact: z
    .strictObject(
      {
        currency: currency.default("EUR"),
        exchange_rates: z
          .record(currency, rate, { error: "rates by currency code, for example USD: 0.92" })
          .default({}),
        criticality_weights: z
          .strictObject(
            {
              low: weight.default(0.5),
              normal: weight.default(1),
              high: weight.default(2),
              critical: weight.default(4),
            },
            { error: "weights: low, normal, high, critical" },
          )
          .prefault({}),
        unknown_exposure: amount.default(1),
      },
      { error: "currency, exchange_rates, criticality_weights, unknown_exposure" },
    )
    .prefault({}),
  completeness: z.strictObject({ minimum_share: share.default(0.75) }, { error: "minimum_share" }).prefault({}),
  drift: z
    .strictObject(
      {
        min_shift_sigma: shift.default(DEFAULT_DRIFT_POLICY.minShift),
        min_share_change: positiveShare.default(DEFAULT_DRIFT_POLICY.minShareChange),
        max_false_alarm_rate: errorRate.default(DEFAULT_DRIFT_POLICY.familyError),
        min_rows: integerFrom(20, MAX_ROWS).default(DEFAULT_DRIFT_POLICY.minRows),
        moving_features: featureNames.default([]),
      },
      { error: "min_shift_sigma, min_share_change, max_false_alarm_rate, min_rows, moving_features" },
    )
    .prefault({}),
  retention: retentionSchema,
  reviews: z
    .strictObject(
      { share: share.default(0.005), max_suppliers: integerFrom(1, MAX_REVIEWS).default(50) },
      { error: "share, max_suppliers" },
    )
    .prefault({}),
  retrain: retrainSchema,
  promotion: promotionSchema,
  replay: z
    .strictObject(
      {
        keep_features: yesNo.default(true),
        text: leaf<"weights" | "hash">("weights or hash", (v) => v === "weights" || v === "hash").default("weights"),
      },
      { error: "keep_features, text" },
    )
    .prefault({}),
  external_scores: externalSourcesSchema,
  watchlists: watchlistLimitsSchema,
  delegations: delegationLimitsSchema,
});

/** Whether a text is a currency code of ISO 4217, upper case. */
export function isCurrency(text: unknown): boolean {
  return typeof text === "string" && CURRENCIES.has(text);
}

const CURRENCIES: ReadonlySet<string> = new Set(Intl.supportedValuesOf("currency"));

/** Reads config/risk_policy.yaml. @throws ConfigError with every violation */
export async function loadRiskPolicy(path: string): Promise<RiskPolicy> {
  return parseRiskPolicy(await readYaml(path));
}

/** Returns the policy in a parsed file. @throws ConfigError with every violation */
export function parseRiskPolicy(file: YamlFile): RiskPolicy {
  const parsed = parseWithSchema(schema, file, (yaml) => [
    ...checkImpact(yaml),
    ...checkRetention(yaml),
    ...checkRetrain(yaml),
    ...checkExternalSources(yaml),
  ]);
  const { weekly_losses: limits, expected_impact: impact, completeness, drift, retention, reviews } = parsed;
  const { retrain, replay, watchlists, delegations } = parsed;
  const losses = {
    maxRejectedShare: limits.max_rejected_share,
    maxRejectedRows: limits.max_rejected_rows,
    minSuppliersShare: limits.min_suppliers_share,
  };
  return createRiskPolicy(losses, {
    checks: inputChecksOf(parsed.checks),
    impact: {
      currency: impact.currency,
      exchangeRates: impact.exchange_rates,
      weights: impact.criticality_weights,
      unknownExposure: impact.unknown_exposure,
    },
    minCompleteness: completeness.minimum_share,
    drift: {
      minShift: drift.min_shift_sigma,
      minShareChange: drift.min_share_change,
      familyError: drift.max_false_alarm_rate,
      minRows: drift.min_rows,
      moving: drift.moving_features,
    },
    retention: retentionPolicyOf(retention),
    reviews: { share: reviews.share, maxSuppliers: reviews.max_suppliers },
    retrain: retrainPolicyOf(retrain),
    promotion: promotionPolicyOf(parsed.promotion),
    replay: { keepsFeatures: replay.keep_features, text: replay.text },
    externalSources: externalSourcesOf(parsed.external_scores),
    watchlists: { maxLists: watchlists.max_lists, maxSuppliers: watchlists.max_suppliers },
    delegations: { maxDays: delegations.max_days, maxDaysAhead: delegations.max_days_ahead },
  });
}

/** The impact policy of a file without `expected_impact`. */
const DEFAULT_IMPACT: ImpactPolicy = {
  currency: "EUR",
  exchangeRates: {},
  weights: { low: 0.5, normal: 1, high: 2, critical: 4 },
  unknownExposure: 1,
};

/** The reviews of a file without `reviews`. */
const DEFAULT_REVIEWS: ReviewPolicy = { share: 0.005, maxSuppliers: 50 };

/** The replay policy of a file without `replay`. */
const DEFAULT_REPLAY: ReplayPolicy = { keepsFeatures: true, text: "weights" };

/** Returns a policy of these limits, with its hash. Default of the other parts: those of an empty file. */
export function createRiskPolicy(
  losses: LossLimits,
  {
    checks = DEFAULT_CHECKS,
    impact = DEFAULT_IMPACT,
    minCompleteness = 0.75,
    drift = DEFAULT_DRIFT_POLICY,
    retention = DEFAULT_RETENTION,
    reviews = DEFAULT_REVIEWS,
    retrain = DEFAULT_RETRAIN,
    promotion = DEFAULT_PROMOTION_POLICY,
    replay = DEFAULT_REPLAY,
    externalSources = [],
    watchlists = DEFAULT_WATCHLIST_LIMITS,
    delegations = DEFAULT_DELEGATION_LIMITS,
  }: Partial<Omit<RiskPolicy, "losses" | "policyHash">> = {},
): RiskPolicy {
  const policy = { losses, checks, impact, minCompleteness, drift };
  return {
    ...policy,
    retention,
    reviews,
    retrain,
    promotion,
    replay,
    externalSources,
    watchlists,
    delegations,
    policyHash: canonicalHash(policy),
  };
}

/** Finds weights that fall with the criticality, and an exchange rate of the policy's own currency. */
function checkImpact(file: YamlFile): readonly ConfigViolation[] {
  const weights = ["expected_impact", "criticality_weights"];
  const violations = CRITICALITIES.slice(1).flatMap((level, i) => {
    const below = CRITICALITIES[i] ?? "low";
    const [low, high] = [below, level].map((name) => valueAt(file.value, [...weights, name]));
    if (typeof low !== "number" || typeof high !== "number" || low <= high) return [];
    return [violationAt(file, [...weights, level], shown(high), `at least ${below}, which is ${low}`)];
  });
  const own = valueAt(file.value, ["expected_impact", "currency"]) ?? DEFAULT_IMPACT.currency;
  const rates = ["expected_impact", "exchange_rates"];
  const ownRate = typeof own === "string" ? valueAt(file.value, [...rates, own]) : undefined;
  if (ownRate !== undefined && ownRate !== 1)
    violations.push(violationAt(file, [...rates, String(own)], shown(ownRate), "no rate of the policy's own currency"));
  return violations;
}
