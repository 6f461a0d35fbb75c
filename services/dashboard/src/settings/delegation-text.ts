import type { SetDelegationResponse } from "@bellwether/gen/bellwether/ops/v1/delegation_service_pb";
import { countOf, timeText } from "../parts/format.ts";

/** Says what a delegation does, and what it does not cover. */
export function resultText({
  delegation,
  hiddenAlerts,
  hiddenSupplierIds,
  deputyScopeKnown,
  notHandedOn,
}: SetDelegationResponse): string {
  const deputy = delegation?.deputy ?? "";
  return [
    `${deputy} has your alerts until ${timeText(delegation?.endsAt)}.`,
    ...(hiddenAlerts > 0
      ? [`${deputy} does not see ${countOf(hiddenAlerts, "alert")}, of the suppliers ${hiddenSupplierIds.join(", ")}.`]
      : []),
    ...(deputyScopeKnown
      ? []
      : [`${deputy} is not signed in, so it is not known which of the alerts the deputy sees.`]),
    ...(notHandedOn.length > 0 ? [`Not handed on: the alerts of ${notHandedOn.join(", ")}.`] : []),
  ].join(" ");
}
