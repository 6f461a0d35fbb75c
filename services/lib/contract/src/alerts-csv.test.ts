import { readFile } from "node:fs/promises";
import path from "node:path";
import { AlertSchema, AlertSeverity, AlertState, Disposition } from "@bellwether/gen/bellwether/ops/v1/alert_pb";
import { create } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { expect, test } from "vitest";
import { ALERT_COLUMNS, alertCsvRow, alertsCsvHeader } from "./alerts-csv.ts";

test("each alert is one row with the words of the contract, and a name cannot run as a formula", () => {
  const alert = create(AlertSchema, {
    ...{ alertId: "a-1", supplierId: "S-1", supplierName: '=HYPERLINK("x")', owner: "jo", currency: "EUR" },
    ...{ severity: AlertSeverity.CRITICAL, state: AlertState.IN_MITIGATION, riskScore: 0.9, expectedImpact: 1_200.5 },
    ...{ scoreChange: -0.25, disposition: Disposition.FALSE_DATA, summary: "@a\nb" },
    ...{ raisedAt: timestampFromMs(0), reasons: [{ text: "disputes 7" }, { text: "delay 3" }] },
  });
  expect(alertCsvRow(alert)).toBe(
    `a-1,S-1,"'=HYPERLINK(""x"")",critical,in_mitigation,false_data,0.9,-0.25,1200.5,EUR,jo,,,,,,,1970-01-01T00:00:00.000Z,,,"'@a\nb",disputes 7; delay 3\r\n`,
  );
  expect(alertCsvRow(create(AlertSchema, {}))).toBe(",,,,,,0,,,,,,,,,,,,,,,\r\n");
});

test("the file begins with a byte order mark and the columns, which the documentation describes in this order", async () => {
  const names = ALERT_COLUMNS.map(([name]) => name);
  expect(alertsCsvHeader()).toBe(`\uFEFF${names.join(",")}\r\n`);
  const page = await readFile(path.resolve(import.meta.dirname, "../../../../docs/alerts-csv.md"), "utf8");
  expect([...page.matchAll(/^\| `([a-z_]+)` \|/gm)].map(([, name]) => name)).toEqual(names);
});
