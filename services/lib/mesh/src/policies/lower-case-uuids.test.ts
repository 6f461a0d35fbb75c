import {
  AlertActionSchema,
  DecideAlertsRequestSchema,
  ListAlertsRequestSchema,
} from "@bellwether/gen/bellwether/ops/v1/alert_service_pb";
import { EndSessionsRequestSchema } from "@bellwether/gen/bellwether/ops/v1/session_service_pb";
import { ImportSuppliersRequestSchema } from "@bellwether/gen/bellwether/ops/v1/supplier_service_pb";
import { create } from "@bufbuild/protobuf";
import { expect, test } from "vitest";
import { createUuidWriter } from "./lower-case-uuids.ts";

const UPPER = "0190F3C0-0000-7000-8000-00000000000A";
const LOWER = UPPER.toLowerCase();
const writeUuids = createUuidWriter();

test("a UUID of a request is written in lower case, and other texts stay as they are", () => {
  const request = create(ImportSuppliersRequestSchema, {
    requestId: UPPER,
    rows: [{ supplierId: UPPER, name: UPPER }],
  });
  writeUuids(ImportSuppliersRequestSchema, request);
  expect(request).toMatchObject({ requestId: LOWER, rows: [{ supplierId: UPPER, name: UPPER }] });
});

test("so are UUIDs in lists and in the messages of a oneof", () => {
  const sessions = create(EndSessionsRequestSchema, { sessionIds: [UPPER, LOWER] });
  writeUuids(EndSessionsRequestSchema, sessions);
  expect(sessions.sessionIds).toEqual([LOWER, LOWER]);
  const value = { alertId: UPPER, version: 1n, duplicateOfAlertId: UPPER, note: UPPER };
  const request = create(DecideAlertsRequestSchema, {
    actions: [create(AlertActionSchema, { action: { case: "resolve", value } })],
  });
  writeUuids(DecideAlertsRequestSchema, request);
  expect(request.actions[0]?.action.value).toMatchObject({ alertId: LOWER, duplicateOfAlertId: LOWER, note: UPPER });
});

test("an empty id and a text that is not a UUID stay as they are", () => {
  for (const watchlistId of ["", "MINE", `${UPPER}0`]) {
    const request = create(ListAlertsRequestSchema, { watchlistId });
    writeUuids(ListAlertsRequestSchema, request);
    expect(request.watchlistId).toBe(watchlistId);
  }
});
