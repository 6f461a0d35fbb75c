import { type CheckSetting, isDisabled } from "@bellwether/config/input-checks";
import { countText } from "@bellwether/reasons/count-text";
import { type Check, check } from "./check.ts";
import { nothingEarlier } from "./check-rows.ts";
import { percent } from "./figures.ts";
import { describeLoss, type Losses, type LossLimit } from "./losses.ts";

/** The failed check of a limit that losses exceed, with its figures. */
export function lossCheck(limit: LossLimit, losses: Losses): Check {
  return check(limit, "failed", describeLoss(limit, losses), figuresOf(limit, losses));
}

function figuresOf(limit: LossLimit, losses: Losses): Pick<Check, "value" | "limit"> {
  const { rejectedShare, maxRejectedShare, suppliers, previousSuppliers, minSuppliersShare } = losses;
  if (limit === "rejected_rows") return { value: rejectedShare, limit: maxRejectedShare };
  return { value: previousSuppliers ? suppliers / previousSuppliers : null, limit: minSuppliersShare };
}

/** The check of rejected rows, from the same figures that are compared again when the run is complete. */
export function checkRejected(losses: Losses): Check {
  const kind = "rejected_rows";
  if (losses.exceeded.includes(kind)) return lossCheck(kind, losses);
  return check(kind, "passed", describeLoss(kind, losses), figuresOf(kind, losses));
}

/**
 * Checks the number of suppliers against the week before: not fewer than the lower limit of the losses, and not more
 * than the upper limit of this check.
 */
export function checkSuppliers(losses: Losses, setting: CheckSetting<{ readonly maxShare: number }>): Check {
  const { suppliers, previousSuppliers, previousWeek, minSuppliersShare } = losses;
  if (previousSuppliers === null || previousSuppliers === 0) return nothingEarlier("suppliers");
  const share = suppliers / previousSuppliers;
  if (losses.exceeded.includes("suppliers")) return lossCheck("suppliers", losses);
  const maxShare = isDisabled(setting) ? null : setting.maxShare;
  const isMany = maxShare !== null && share > maxShare;
  const upper = isDisabled(setting)
    ? `no upper limit, turned off by the risk policy: ${setting.disabled}`
    : `limits: ${percent(minSuppliersShare)} to ${percent(setting.maxShare)}`;
  const detail = `${countText(suppliers, "supplier")}, ${percent(share, isMany ? Math.ceil : Math.round)} of the ${previousSuppliers} of ${previousWeek} (${upper})`;
  const limit = share < 1 ? minSuppliersShare : maxShare;
  return check("suppliers", isMany ? "failed" : "passed", detail, { value: share, limit });
}
