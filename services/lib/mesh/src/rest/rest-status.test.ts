import { Code, ConnectError } from "@connectrpc/connect";
import { expect, test } from "vitest";
import { rpcError } from "../errors/rpc-error.ts";
import { restStatus } from "./rest-status.ts";

test.each<[Code, string, number]>([
  [Code.ResourceExhausted, "MESSAGE_TOO_LARGE", 413],
  [Code.ResourceExhausted, "OVERLOADED", 429],
  [Code.ResourceExhausted, "REQUEST_MEMORY", 429],
  [Code.Unimplemented, "UNKNOWN_ENCODING", 415],
  [Code.DeadlineExceeded, "BODY_TIMEOUT", 408],
  [Code.DeadlineExceeded, "DATABASE_TIMEOUT", 504],
  [Code.InvalidArgument, "INVALID_REQUEST", 400],
])("code %i with the reason %s has the status %i", (code, reason, status) => {
  expect(restStatus(rpcError(code, reason, "text"))).toBe(status);
});

test("an error without a reason has the status of its code", () => {
  expect(restStatus(new ConnectError("text", Code.NotFound))).toBe(404);
});
