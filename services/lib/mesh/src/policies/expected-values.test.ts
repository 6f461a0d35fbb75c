import { readdir } from "node:fs/promises";
import path from "node:path";
import {
  AlertActionSchema,
  AlertService,
  ListAlertsRequestSchema,
  ResolveAlertRequestSchema,
} from "@bellwether/gen/bellwether/ops/v1/alert_service_pb";
import { FindCounterfactualsRequestSchema } from "@bellwether/gen/bellwether/ops/v1/score_explanation_pb";
import { create, type DescFile, type DescMessage } from "@bufbuild/protobuf";
import { createValidator } from "@bufbuild/protovalidate";
import { expect, test } from "vitest";
import { violationsOf } from "./validation.ts";

const validator = createValidator();
/** @param values as a client sends them, also numbers that the enums do not have */
const descriptionOf = (schema: DescMessage, values: object, field: string) =>
  violationsOf(validator, schema, Object.assign(create(schema), values)).find((violation) => violation.field === field)
    ?.description;

const GIVEN = "expected one of MITIGATED, ACCEPTED, FALSE_DATA, FALSE_MODEL, DUPLICATE";

test.each([0, 3, 10, 99])("the disposition %i is an error that lists the possible ones as words", (disposition) => {
  expect(descriptionOf(ResolveAlertRequestSchema, { disposition }, "disposition")).toBe(GIVEN);
});

test("the values of a list, of an optional field and of a nested message are words too", () => {
  expect(descriptionOf(ListAlertsRequestSchema, { states: [1, 0] }, "states[1]")).toBe(
    "expected one of OPEN, ACKNOWLEDGED, RESOLVED, IN_MITIGATION",
  );
  expect(descriptionOf(ListAlertsRequestSchema, { severity: 9 }, "severity")).toBe(
    "expected one of WARNING, CRITICAL, or nothing",
  );
  expect(descriptionOf(FindCounterfactualsRequestSchema, { targetBand: 4 }, "target_band")).toBe(
    "expected one of LOW, MEDIUM, or nothing",
  );
  const { input } = AlertService.method.decideAlerts;
  const action = { case: "resolve", value: create(ResolveAlertRequestSchema, { disposition: 10 }) } as const;
  const actions = [create(AlertActionSchema, { action })];
  expect(descriptionOf(input, { actions }, "actions[0].resolve.disposition")).toBe(GIVEN);
});

/** Returns a message in which each enum has a number that it does not know. */
function wrongEnums(schema: DescMessage) {
  const message = create(schema);
  for (const field of schema.fields) {
    if (field.fieldKind === "enum" && field.oneof === undefined) Reflect.set(message, field.localName, 99);
    if (field.fieldKind === "list" && field.listKind === "enum") Reflect.set(message, field.localName, [99]);
  }
  return message;
}

test("no error about an enum of a contract has a number of a value or a pattern", async () => {
  const root = path.resolve(import.meta.dirname, "../../../../../gen/bellwether");
  const names = (await readdir(root, { recursive: true })).filter((name) => name.endsWith("_pb.ts"));
  const modules = await Promise.all(names.map((name) => import(path.join(root, name))));
  const files = modules.flatMap((module) =>
    Object.values<DescFile | { kind?: string }>(module).filter((one): one is DescFile => one?.kind === "file"),
  );
  const descriptions = files
    .flatMap(({ messages }) => messages)
    .flatMap((schema) => violationsOf(validator, schema, wrongEnums(schema)).map(({ description }) => description));
  const about = descriptions.filter((text) => /\b99\b|\[|enum|regex|\bin list\b/.test(text));
  expect(descriptions.filter((text) => text.startsWith("expected one of ")).length).toBeGreaterThan(20);
  expect(about).toEqual([]);
});
