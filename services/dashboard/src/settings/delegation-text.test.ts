import { DelegationSchema, SetDelegationResponseSchema } from "@bellwether/gen/bellwether/ops/v1/delegation_service_pb";
import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { expect, test } from "vitest";
import { resultText } from "./delegation-text.ts";

const delegation = create(DelegationSchema, { deputy: "bo" });
const said = (init: MessageInitShape<typeof SetDelegationResponseSchema>): string =>
  resultText(create(SetDelegationResponseSchema, { deputyScopeKnown: true, ...init, delegation }));

test("the page says what a deputy has, and what the deputy does not see", () => {
  expect(said({})).toMatch(/^bo has your alerts until .*\.$/);
  expect(said({ hiddenAlerts: 2, hiddenSupplierIds: ["s-1", "s-3"] })).toContain(
    "bo does not see 2 alerts, of the suppliers s-1, s-3.",
  );
  expect(said({ deputyScopeKnown: false })).toContain("bo is not signed in");
  expect(said({ notHandedOn: ["eve"] })).toContain("Not handed on: the alerts of eve.");
});
