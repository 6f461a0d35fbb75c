import type { Alert } from "../src/domain/alerts/alert.ts";

/** Returns an open warning of the score rule, in version 1. */
export function testAlert(over: Partial<Alert> = {}): Alert {
  return {
    ...{ id: "0190f3c0-0000-7000-8000-000000000001", supplierId: 1, modelName: "m", ruleId: "high-score" },
    ...{ dimension: "score", severity: "warning", ruleSeverity: "warning", state: "open", disposition: null },
    ...{ riskScore: 0.75, band: "high", expectedImpact: 7.5, scoreChange: null, trend: "same", signals: 1 },
    ...{ raisedRunId: 1, lastRunId: 8, raisedAt: new Date(0), changedAt: new Date(0), changedBy: "rules" },
    ...{ resolvedAt: null, resolvedBy: "", acknowledgedBy: "", summary: "before", replacedBy: null, version: 1 },
    ...{ owner: "", snooze: null, snoozedUntil: null, override: null, overrideUntil: null },
    ...{ acceptedUntil: null, duplicateOf: null, scoreChangeParts: null },
    ...over,
  };
}
