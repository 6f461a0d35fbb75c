import { AlertSchema, AlertSeverity, AlertState } from "@bellwether/gen/bellwether/ops/v1/alert_pb";
import { create } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { expect, test } from "vitest";
import { alertsCsv } from "./export-alerts.ts";

test("each alert is one row, and a name cannot run as a formula", () => {
  const alert = create(AlertSchema, {
    ...{ alertId: "a-1", supplierId: "S-1", supplierName: '=HYPERLINK("x")', owner: "jo", currency: "EUR" },
    ...{ severity: AlertSeverity.CRITICAL, state: AlertState.OPEN, riskScore: 0.9, expectedImpact: 1_200.5 },
    ...{ raisedAt: timestampFromMs(0), reasons: [{ text: "disputes 7" }, { text: "delay 3" }] },
  });
  const [header = "", row = ""] = alertsCsv([alert]).split("\r\n");
  const cells = row.replace('"\'=HYPERLINK(""x"")"', "NAME").split(",");
  const cellOf = (title: string): string | undefined => cells[header.replace("\uFEFF", "").split(",").indexOf(title)];
  expect(cellOf("supplier_name")).toBe("NAME");
  expect(["severity", "state", "risk_score", "expected_loss", "currency", "raised_at", "reasons"].map(cellOf)).toEqual([
    ...["Critical", "Open", "0.9", "1200.5", "EUR", "1970-01-01T00:00:00.000Z", "disputes 7; delay 3"],
  ]);
  expect(cellOf("score_change")).toBe("");
});
