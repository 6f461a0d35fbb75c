import { z } from "zod";
import { integerFrom, numberWhere, yesNo } from "./check-schema.ts";

/**
 * What a challenger must show to replace the champion (docs/promotion.md). Each difference is the challenger's figure minus
 * the champion's, with its 95 % confidence interval.
 */
export interface PromotionPolicy {
  /** Whether a challenger that passes every check becomes the champion without a person. Default false. */
  readonly isAutomatic: boolean;
  /**
   * Minimum number of suppliers with the risk, and of suppliers without it, 10 to 100,000. With fewer, the versions are
   * not compared. Default 30.
   */
  readonly minClassSuppliers: number;
  /**
   * The lower end of the interval of the AUC difference must be above this, -0.1 to 0.5. 0: the challenger is better
   * (superiority). Below 0: the challenger is not worse by more than this (non-inferiority). Default 0.
   */
  readonly minAucGain: number;
  /**
   * The lower end of the interval of the average precision difference must be above minus this value, 0 to 1.
   * Default 0.02.
   */
  readonly maxAveragePrecisionLoss: number;
  /** The upper end of the interval of the Brier score difference must be below this, 0 to 1. Default 0.005. */
  readonly maxBrierIncrease: number;
  /** The upper end of the interval of the calibration error difference must be below this, 0 to 1. Default 0.02. */
  readonly maxCalibrationErrorIncrease: number;
  /**
   * Smallest rank correlation between the global importances of champion and challenger, -1 to 1. If the correlation
   * is lower, a person decides. Default 0.5.
   */
  readonly minImportanceCorrelation: number;
  /** Largest CPU time of a row with its contributions, as a multiple of the champion's, 1 to 1,000. Default 2. */
  readonly maxRowTimeRatio: number;
  /** Largest share of the open alerts that would change, 0 to 1. Above it, a person decides. Default 0.2. */
  readonly maxChangedAlerts: number;
}

/** The policy of a file without `promotion`. */
export const DEFAULT_PROMOTION_POLICY: PromotionPolicy = {
  isAutomatic: false,
  minClassSuppliers: 30,
  minAucGain: 0,
  maxAveragePrecisionLoss: 0.02,
  maxBrierIncrease: 0.005,
  maxCalibrationErrorIncrease: 0.02,
  minImportanceCorrelation: 0.5,
  maxRowTimeRatio: 2,
  maxChangedAlerts: 0.2,
};

const share = numberWhere("a share from 0 to 1", (v) => v >= 0 && v <= 1);
const difference = numberWhere("a difference from 0 to 1", (v) => v >= 0 && v <= 1);
const gain = numberWhere("a difference of AUC from -0.1 to 0.5", (v) => v >= -0.1 && v <= 0.5);
const correlation = numberWhere("a correlation from -1 to 1", (v) => v >= -1 && v <= 1);
const ratio = numberWhere("a factor from 1 to 1000", (v) => v >= 1 && v <= 1_000);
const KEYS =
  "automatic, min_class_suppliers, min_auc_gain, max_average_precision_loss, max_brier_increase, max_calibration_error_increase, min_importance_correlation, max_row_time_ratio, max_changed_alerts";

/** Schema of `promotion` in config/risk_policy.yaml. */
export const promotionSchema = z
  .strictObject(
    {
      automatic: yesNo.default(DEFAULT_PROMOTION_POLICY.isAutomatic),
      min_class_suppliers: integerFrom(10, 100_000).default(DEFAULT_PROMOTION_POLICY.minClassSuppliers),
      min_auc_gain: gain.default(DEFAULT_PROMOTION_POLICY.minAucGain),
      max_average_precision_loss: difference.default(DEFAULT_PROMOTION_POLICY.maxAveragePrecisionLoss),
      max_brier_increase: difference.default(DEFAULT_PROMOTION_POLICY.maxBrierIncrease),
      max_calibration_error_increase: difference.default(DEFAULT_PROMOTION_POLICY.maxCalibrationErrorIncrease),
      min_importance_correlation: correlation.default(DEFAULT_PROMOTION_POLICY.minImportanceCorrelation),
      max_row_time_ratio: ratio.default(DEFAULT_PROMOTION_POLICY.maxRowTimeRatio),
      max_changed_alerts: share.default(DEFAULT_PROMOTION_POLICY.maxChangedAlerts),
    },
    { error: KEYS },
  )
  .prefault({});

/** Returns the policy of a parsed section. */
export function promotionPolicyOf(parsed: z.output<typeof promotionSchema>): PromotionPolicy {
  return {
    isAutomatic: parsed.automatic,
    minClassSuppliers: parsed.min_class_suppliers,
    minAucGain: parsed.min_auc_gain,
    maxAveragePrecisionLoss: parsed.max_average_precision_loss,
    maxBrierIncrease: parsed.max_brier_increase,
    maxCalibrationErrorIncrease: parsed.max_calibration_error_increase,
    minImportanceCorrelation: parsed.min_importance_correlation,
    maxRowTimeRatio: parsed.max_row_time_ratio,
    maxChangedAlerts: parsed.max_changed_alerts,
  };
}
