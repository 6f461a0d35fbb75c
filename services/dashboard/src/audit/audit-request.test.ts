import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { expect, test } from "vitest";
import { ALL_EVENTS } from "../routing/record-views.ts";
import { auditRequest } from "./audit-request.ts";

test("the last day of a view is included as a whole", () => {
  expect(auditRequest({ ...ALL_EVENTS, from: "2026-11-01", to: "2026-11-30" })).toMatchObject({
    occurredFrom: timestampFromMs(Date.UTC(2026, 10, 1)),
    occurredBefore: timestampFromMs(Date.UTC(2026, 11, 1)),
  });
});

test("without conditions the request has none", () => {
  expect(auditRequest(ALL_EVENTS)).toEqual({ pageSize: 50, pageToken: "", actor: "", kind: "", subject: "" });
});
