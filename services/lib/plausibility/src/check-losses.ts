import { type CheckSetting, isDisabled } from "@bellwether/config/input-checks";
import { countText } from "@bellwether/reasons/count-text";
import { type Check, check } from "./check.ts";
import { nothingEarlier } from "./check-rows.ts";
import { percent } from "./figures.ts";
import { describeLoss, type Losses } from "./losses.ts";

/** The check of rejected rows, from the same figures that are compared again when the run is complete. */
export function checkRejected(losses: Losses): Check {
  const isExceeded = losses.exceeded.includes("rejected_rows");
  const figures = { value: losses.rejectedShare, limit: losses.maxRejectedShare };
  return check("rejected_rows", isExceeded ? "failed" : "passed", describeLoss("rejected_rows", losses), figures);
}

/**
 * Checks the number of suppliers against the week before: not fewer than the lower limit of the losses, and not more
 * than the upper limit of this check.
 */
export function checkSuppliers(losses: Losses, setting: CheckSetting<{ readonly maxShare: number }>): Check {
  const { suppliers, previousSuppliers, previousWeek, minSuppliersShare } = losses;
  if (previousSuppliers === null || previousSuppliers === 0) return nothingEarlier("suppliers");
  const share = suppliers / previousSuppliers;
  if (losses.exceeded.includes("suppliers"))
    return check("suppliers", "failed", describeLoss("suppliers", losses), { value: share, limit: minSuppliersShare });
  const maxShare = isDisabled(setting) ? null : setting.maxShare;
  const isMany = maxShare !== null && share > maxShare;
  const upper = isDisabled(setting)
    ? `no upper limit, turned off by the risk policy: ${setting.disabled}`
    : `limits: ${percent(minSuppliersShare)} to ${percent(setting.maxShare)}`;
  const detail = `${countText(suppliers, "supplier")}, ${percent(share, isMany ? Math.ceil : Math.round)} of the ${previousSuppliers} of ${previousWeek} (${upper})`;
  const limit = share < 1 ? minSuppliersShare : maxShare;
  return check("suppliers", isMany ? "failed" : "passed", detail, { value: share, limit });
}
