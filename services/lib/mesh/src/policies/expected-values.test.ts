import { readdir } from "node:fs/promises";
import path from "node:path";
import {
  AlertActionSchema,
  AlertService,
  ListAlertsRequestSchema,
  OverrideAlertRequestSchema,
  ResolveAlertRequestSchema,
} from "@bellwether/gen/bellwether/ops/v1/alert_service_pb";
import { FindCounterfactualsRequestSchema } from "@bellwether/gen/bellwether/ops/v1/score_explanation_pb";
import { create, type DescFile, type DescMessage, type Message } from "@bufbuild/protobuf";
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

/** Levels of nested messages that are filled: an action in a list of actions, and what is in it. */
const DEPTH = 4;

/**
 * Returns messages in which each enum has a number that it does not know, also in nested messages: one message, and one
 * more for each further member of a oneof.
 */
function wrongEnums(schema: DescMessage, depth = DEPTH): Message[] {
  const message = create(schema);
  const members: Message[] = [];
  for (const field of schema.fields) {
    const [nested] = field.message && depth > 0 ? wrongEnums(field.message, depth - 1) : [];
    const value = field.enum ? 99 : nested;
    if (value === undefined || field.fieldKind === "map") continue;
    if (field.oneof) members.push(create(schema, { [field.oneof.localName]: { case: field.localName, value } }));
    else Reflect.set(message, field.localName, field.fieldKind === "list" ? [value] : value);
  }
  return [message, ...members];
}

test("the walk finds the enums of actions in a list", () => {
  const fields = new Set(
    wrongEnums(AlertActionSchema).flatMap((action) =>
      violationsOf(validator, AlertActionSchema, action).map(({ field }) => field),
    ),
  );
  expect([...fields]).toEqual(expect.arrayContaining(["resolve.disposition", "override_alert.severity"]));
});

test("an empty text that a field must have is one violation, in words", () => {
  const { input } = AlertService.method.decideAlerts;
  const value = create(OverrideAlertRequestSchema, { reason: "" });
  const actions = [create(AlertActionSchema, { action: { case: "overrideAlert", value } })];
  const about = violationsOf(validator, input, create(input, { actions })).filter(({ field }) =>
    field.endsWith(".reason"),
  );
  expect(about).toEqual([{ field: "actions[0].override_alert.reason", description: "must not be empty" }]);
  expect(descriptionOf(input, { actions: [] }, "actions")).toBe("must not be empty");
});

test("no error about an enum of a contract has a number of a value or a pattern", async () => {
  const root = path.resolve(import.meta.dirname, "../../../../../gen/bellwether");
  const names = (await readdir(root, { recursive: true })).filter((name) => name.endsWith("_pb.ts"));
  const modules = await Promise.all(names.map((name) => import(path.join(root, name))));
  const files = modules.flatMap((module) =>
    Object.values<DescFile | { kind?: string }>(module).filter((one): one is DescFile => one?.kind === "file"),
  );
  const descriptions = files
    .flatMap(({ messages }) => messages)
    .flatMap((schema) => wrongEnums(schema).flatMap((message) => violationsOf(validator, schema, message)))
    .map(({ description }) => description);
  const about = descriptions.filter((text) => /\b99\b|\[|enum|regex|\bin list\b/.test(text));
  expect(descriptions.filter((text) => text.startsWith("expected one of ")).length).toBeGreaterThan(20);
  expect(about).toEqual([]);
});
