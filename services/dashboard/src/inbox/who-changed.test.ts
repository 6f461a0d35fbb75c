import { AlertSchema, AlertSeverity, AlertState, Disposition } from "@bellwether/gen/bellwether/ops/v1/alert_pb";
import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { expect, test } from "vitest";
import { whoChanged } from "./who-changed.ts";

const NOW_MS = 600_000;
type AlertInit = MessageInitShape<typeof AlertSchema>;
const seen = create(AlertSchema, { state: AlertState.OPEN, severity: AlertSeverity.WARNING });
const after = (init: AlertInit) =>
  whoChanged(
    seen,
    create(AlertSchema, {
      ...{ state: AlertState.OPEN, severity: AlertSeverity.WARNING, changedBy: "jo" },
      ...init,
      changedAt: timestampFromMs(NOW_MS - 120_000),
    }),
    NOW_MS,
  );

test("a stale reader learns who did what, and when", () => {
  expect(after({ state: AlertState.RESOLVED, disposition: Disposition.MITIGATED })).toBe(
    "jo resolved it (mitigated), 2 minutes ago",
  );
  expect(after({ state: AlertState.ACKNOWLEDGED })).toBe("jo acknowledged it, 2 minutes ago");
  expect(after({ state: AlertState.IN_MITIGATION })).toBe("jo began to reduce the risk, 2 minutes ago");
  expect(after({ owner: "kim" })).toBe("jo gave it to kim, 2 minutes ago");
  expect(after({ snooze: { untilWorse: true } })).toBe("jo snoozed it, 2 minutes ago");
  expect(after({ severity: AlertSeverity.CRITICAL })).toBe("jo changed its severity, 2 minutes ago");
  expect(after({})).toBe("jo changed it, 2 minutes ago");
});

test("a change by the rules, and one by somebody who is not known, are named so", () => {
  expect(after({ changedBy: "rules", severity: AlertSeverity.CRITICAL })).toMatch(/^The alert rules changed its sev/);
  expect(after({ changedBy: "", owner: "kim" })).toMatch(/^Somebody gave it to kim/);
});
