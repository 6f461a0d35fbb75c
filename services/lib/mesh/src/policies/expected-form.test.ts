import { readdir, readFile } from "node:fs/promises";
import path from "node:path";
import { BatchService } from "@bellwether/gen/bellwether/ops/v1/batch_service_pb";
import { create } from "@bufbuild/protobuf";
import { createValidator } from "@bufbuild/protovalidate";
import { expect, test } from "vitest";
import { expectedForm } from "./expected-form.ts";
import { violationsOf } from "./validation.ts";

const CONTRACTS = path.resolve(import.meta.dirname, "../../../../../proto/bellwether");

test("every pattern of the contracts has an expected form in words", async () => {
  const names = (await readdir(CONTRACTS, { recursive: true })).filter((name) => name.endsWith(".proto"));
  const texts = await Promise.all(names.map((name) => readFile(path.join(CONTRACTS, name), "utf8")));
  const found = texts.flatMap((text) => [...text.matchAll(/pattern(?::| =) ("\^.*?\$")/g)]);
  const patterns = new Set(found.map(([, literal = ""]) => String(JSON.parse(literal))));
  expect(patterns.size).toBeGreaterThan(5);
  for (const pattern of patterns) {
    const text = expectedForm(pattern, "x");
    expect(text).toMatch(/^(expected|must not) /);
    expect(text).not.toContain("^");
  }
  expect(expectedForm("^other$", "x")).toBe("does not have the form that the contract describes");
});

test.each([
  ["2026-W99", "2026 has the weeks W01 to W53"],
  ["2025-W60", "2025 has the weeks W01 to W52"],
  ["last week", "expected an ISO week such as 2026-W05"],
])("the error for the week %j names the expected form", (isoWeek, description) => {
  const { input } = BatchService.method.getRun;
  const violations = violationsOf(createValidator(), input, create(input, { isoWeek }));
  expect(violations).toEqual([{ field: "iso_week", description }]);
});
