import { MethodOptions_IdempotencyLevel } from "@bufbuild/protobuf/wkt";
import { expect, test } from "vitest";
import { REST_ROUTES } from "./rest.ts";

test("a GET has no side effects: browsers send cookies with a GET of another site", () => {
  const gets = REST_ROUTES.filter(({ verb }) => verb === "GET");
  expect(gets.length).toBeGreaterThan(0);
  for (const { path, rpc } of gets)
    expect([path, rpc.idempotency]).toEqual([path, MethodOptions_IdempotencyLevel.NO_SIDE_EFFECTS]);
});
