import { BadRequestSchema, ErrorInfoSchema, RetryInfoSchema } from "@bellwether/gen/google/rpc/error_details_pb";
import { Code, ConnectError } from "@connectrpc/connect";
import { describe, expect, it } from "vitest";
import type { Call } from "../call/call.ts";
import { errorsByTable, reasonFromName } from "./error-table.ts";

class ModelNotReadyError extends Error {
  override readonly name = "ModelNotReadyError" as const;
  readonly retryAfterMs = 1_500;
  readonly fieldViolations = [{ field: "model", description: "is loading" }];
  readonly metadata = { model: "supplier-risk" };
}

const logged: unknown[] = [];
const toError = errorsByTable({ ModelNotReadyError: Code.Unavailable }, ({ error }) => logged.push(error));
/** Returns the part of a call that the table reads. */
const call = (aborted?: ConnectError) => ({ aborted, bound: { name: "a.B/C" }, within: (work) => work() }) as Call;

describe("an error", () => {
  it("in the table keeps its code, text and details", () => {
    const error = toError(new ModelNotReadyError("not yet"), call());
    expect([error.code, error.rawMessage]).toEqual([Code.Unavailable, "not yet"]);
    expect(error.findDetails(ErrorInfoSchema)[0]).toMatchObject({
      reason: "MODEL_NOT_READY",
      domain: "bellwether",
      metadata: { model: "supplier-risk" },
    });
    expect(error.findDetails(BadRequestSchema)[0]?.fieldViolations).toMatchObject([{ field: "model" }]);
    expect(error.findDetails(RetryInfoSchema)[0]?.retryDelay).toMatchObject({ seconds: 1n, nanos: 500_000_000 });
  });

  it.each([
    ["that the table does not know", new TypeError("a secret")],
    ["that is not an Error", "a secret"],
    ["of a peer's server", Object.assign(new ConnectError("a secret", Code.NotFound), { isWireError: true })],
  ])("%s is sent as INTERNAL without its text, and is logged", (_, reason) => {
    logged.length = 0;
    const error = toError(reason, call());
    expect([error.code, error.rawMessage]).toEqual([Code.Internal, "internal error"]);
    expect(logged).toEqual([reason]);
  });

  it.each(["constructor", "__proto__", "toString"])("named %s is not in the table", (name) => {
    expect(toError(Object.assign(new Error("a secret"), { name }), call()).code).toBe(Code.Internal);
  });

  it.each([
    ["has no text", Object.assign(new ModelNotReadyError(), { message: undefined })],
    [
      "cannot be read",
      Object.defineProperty(new Error(), "name", {
        get() {
          throw new Error("unreadable");
        },
      }),
    ],
  ])("that %s is sent as INTERNAL", (_, error) => {
    expect(toError(error, call()).code).toBe(Code.Internal);
  });

  it.each([Number.NaN, Number.POSITIVE_INFINITY])(
    "with a retry time of %d ms is sent without RetryInfo",
    (retryAfterMs) => {
      const error = toError(Object.assign(new ModelNotReadyError("x"), { retryAfterMs }), call());
      expect([error.code, error.findDetails(RetryInfoSchema)]).toEqual([Code.Unavailable, []]);
    },
  );

  it("of the mesh is sent unchanged", () => {
    const rejected = new ConnectError("no", Code.ResourceExhausted);
    expect(toError(rejected, call())).toBe(rejected);
  });

  it("with a lone surrogate can be sent", () => {
    expect(toError(new ConnectError("cut \ud83d here", Code.Aborted), call()).rawMessage).toBe("cut \ufffd here");
    expect(toError(new ModelNotReadyError("cut \ud83d"), call()).rawMessage).toBe("cut \ufffd");
  });

  it("that is thrown after the call's end does not change the call's status", () => {
    const late = new ConnectError("deadline exceeded", Code.DeadlineExceeded);
    expect(toError(new DOMException("aborted", "AbortError"), call(late))).toBe(late);
  });
});

it.each([
  ["ModelNotReadyError", "MODEL_NOT_READY"],
  ["NotFound", "NOT_FOUND"],
  ["V2Error", "V2"],
])("the reason of %s is %s", (name, reason) => {
  expect(reasonFromName(name)).toBe(reason);
});
