import { EchoRequestSchema } from "@bellwether/gen/bellwether/echo/v1/echo_service_pb";
import { CategoryColumnSchema, NumberColumnSchema } from "@bellwether/gen/bellwether/inference/v1/inference_service_pb";
import { ListAlertsRequestSchema, SnoozeAlertRequestSchema } from "@bellwether/gen/bellwether/ops/v1/alert_service_pb";
import { QueryEventsRequestSchema } from "@bellwether/gen/bellwether/ops/v1/audit_service_pb";
import { expect, test } from "vitest";
import { expectedNumber } from "./expected-number.ts";

test.each([
  ["a bound of the contract", ListAlertsRequestSchema.field.pageSize, "a whole number from 0 to 200"],
  ["another bound", QueryEventsRequestSchema.field.pageSize, "a whole number from 0 to 500"],
  ["two bounds of 64 bits", SnoozeAlertRequestSchema.field.version, "a whole number from 1 to 9007199254740991"],
  ["two bounds of a fraction", SnoozeAlertRequestSchema.field.minRise, "a number from 0.01 to 1"],
  ["a list without bounds", CategoryColumnSchema.field.codes, "a whole number from 0 to 4294967295"],
  ["a list of float32", NumberColumnSchema.field.values, "a number within float32"],
  ["a map", EchoRequestSchema.field.features, "a number"],
])("names %s", (_, field, expected) => {
  expect(expectedNumber(field)).toBe(expected);
});
