import { Code, ConnectError } from "@connectrpc/connect";
import { expect, test } from "vitest";
import { isMissing, isOutcomeUnknown, isPassing, problemOf } from "./problem.ts";

test("every failure has a title and a way out", () => {
  const codes = Object.values(Code).filter((code): code is Code => typeof code === "number");
  for (const code of codes) {
    const { title, wayOut } = problemOf(new ConnectError("the server's own words", code));
    expect(title, Code[code]).not.toBe("");
    expect(wayOut, Code[code]).not.toBe("");
  }
});

test("a browser without a connection is reported as such, and a retry is possible", () => {
  const offline = new TypeError("Failed to fetch");
  for (const error of [offline, ConnectError.from(offline)]) {
    expect(problemOf(error).title).toBe("The server cannot be reached");
    expect(isPassing(error)).toBe(true);
  }
});

test("a rejected input shows the server's message; other messages of the server are not shown", () => {
  expect(problemOf(new ConnectError("page_token: of another list", Code.InvalidArgument)).wayOut).toBe(
    "page_token: of another list",
  );
  expect(problemOf(new ConnectError("secret", Code.Internal)).wayOut).not.toContain("secret");
});

test("a denial because of the suppliers that a person sees is not one because of the role", () => {
  const denied = new ConnectError(
    "x/Y is about all suppliers together, and you see only those of your regions and categories: ask somebody without this limit",
    Code.PermissionDenied,
  );
  expect(problemOf(denied).title).toBe("This is about all suppliers together");
  expect(problemOf(new ConnectError("x/Y asks for the role", Code.PermissionDenied)).title).toMatch(/role/);
});

test("an explanation that does not exist shows the server's message, and an action never does", () => {
  const gone = new ConnectError("v1 is not in the registry", Code.FailedPrecondition);
  expect(problemOf(gone, true)).toEqual({ title: "This cannot be explained", wayOut: "v1 is not in the registry" });
  expect(problemOf(gone).wayOut).not.toContain("registry");
  expect(problemOf(new ConnectError("secret", Code.Internal), true).wayOut).not.toContain("secret");
});

test("a permanent failure is not retried", () => {
  const missing = new ConnectError("", Code.NotFound);
  expect([isPassing(missing), isMissing(missing)]).toEqual([false, true]);
  expect(isPassing(new ConnectError("", Code.Unavailable))).toBe(true);
});

test("the outcome of a change is unknown without an answer, and known when the server rejected the call", () => {
  const lost = ConnectError.from(new TypeError("Failed to fetch"));
  const unknown = [lost, ...[Code.Unavailable, Code.DeadlineExceeded, Code.Internal].map(errorOf)];
  expect(unknown.filter((error) => !isOutcomeUnknown(error))).toEqual([]);
  const rejected = [Code.InvalidArgument, Code.Unauthenticated, Code.PermissionDenied, Code.ResourceExhausted];
  expect([undefined, ...rejected.map(errorOf)].filter(isOutcomeUnknown)).toEqual([]);
});

const errorOf = (code: Code): ConnectError => new ConnectError("the server's own words", code);
