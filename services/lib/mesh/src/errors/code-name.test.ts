import { Code } from "@connectrpc/connect";
import { expect, test } from "vitest";
import { codeName } from "./code-name.ts";

test.each([
  [undefined, "OK"],
  [Code.Canceled, "CANCELLED"],
  [Code.Unknown, "UNKNOWN"],
  [Code.InvalidArgument, "INVALID_ARGUMENT"],
  [Code.ResourceExhausted, "RESOURCE_EXHAUSTED"],
  [Code.DataLoss, "DATA_LOSS"],
  [Code.Unauthenticated, "UNAUTHENTICATED"],
])("%s is called %s", (code, name) => {
  expect(codeName(code === undefined ? undefined : { code })).toBe(name);
});

test("an unknown code is UNKNOWN", () => {
  expect(codeName({ code: 17 as Code })).toBe("UNKNOWN");
});
