import { Writable } from "node:stream";
import { AlertSchema } from "@bellwether/gen/bellwether/ops/v1/alert_pb";
import { create } from "@bufbuild/protobuf";
import { expect, test } from "vitest";
import type { AlertPage } from "./alert-pages.ts";
import { writeAlerts } from "./export-alerts.ts";

async function* pagesOf(...pages: readonly (readonly string[])[]): AsyncGenerator<AlertPage> {
  for (const [i, ids] of pages.entries())
    yield {
      alerts: ids.map((alertId) =>
        create(AlertSchema, { alertId, supplierName: "-1+1", scoreChange: -0.25, summary: "a\nb" }),
      ),
      total: 3,
      isLast: i === pages.length - 1,
    };
}

async function exported(format: "csv" | "json", pages: AsyncIterable<AlertPage>) {
  const chunks: string[] = [];
  const progress: string[] = [];
  const out = new Writable({
    write(chunk, _encoding, done) {
      chunks.push(String(chunk));
      done();
    },
  });
  const result = await writeAlerts(out, pages, format, (done, total) => progress.push(`${done}/${total}`));
  return { ...result, text: chunks.join(""), progress };
}

test("an alert on two pages is written once, and the result says how many the list had", async () => {
  const result = await exported("json", pagesOf(["a", "b"], ["b"]));
  expect(result).toMatchObject({ alerts: 2, expected: 3, progress: ["2/3", "2/2"] });
  const { alerts, count } = JSON.parse(result.text);
  expect([alerts.map(({ alert_id }: { alert_id: string }) => alert_id), count]).toEqual([["a", "b"], 2]);
});

test("a negative number is a number, a text that looks like a formula is a text", async () => {
  const { text } = await exported("csv", pagesOf(["a"]));
  const [header, ...rows] = text.split("\r\n");
  expect(header?.replace("\uFEFF", "").split(",").slice(0, 3)).toEqual(["alert_id", "supplier_id", "supplier_name"]);
  expect(rows).toEqual([expect.stringMatching(/^a,,'-1\+1,.*,-0\.25,.*,"a\nb",$/s), ""]);
});

test("an empty list is a header, or an empty list in JSON", async () => {
  expect((await exported("csv", pagesOf([]))).text.split("\r\n")).toHaveLength(2);
  expect(JSON.parse((await exported("json", pagesOf([]))).text)).toEqual({ alerts: [], count: 0 });
});
