import { createContextValues, type HandlerContext } from "@connectrpc/connect";
import { expect, test } from "vitest";
import { type Caller, callerKey } from "../call/caller.ts";
import { propagateContext, propagateContextAsCaller } from "./propagate-context.ts";

const { signal } = new AbortController();
const within = (leftMs: number | undefined) => propagateContext({ signal, timeoutMs: () => leftMs });

test("a call with propagateContext ends with the call that makes it, and 50 ms before its deadline", () => {
  expect(within(1_000)).toEqual({ signal, timeoutMs: 950 });
  expect(within(undefined)).toEqual({ signal });
});

test.each([51, 50, 1, 0, -20])("with %s ms left the call has the shortest deadline, never none", (leftMs) => {
  expect(within(leftMs)).toEqual({ signal, timeoutMs: 1 });
});

test.each<[Caller["via"], string | null, object | undefined]>([
  ["token", "Bearer t", { authorization: "Bearer t" }],
  ["token", null, undefined],
  ["key", "Bearer bw_k", { authorization: "Bearer bw_k" }],
  ["session", null, { "bellwether-on-behalf-of": "ada" }],
  ["certificate", "Bearer unverified", undefined],
  ["none", "Bearer unverified", undefined],
])("a caller authenticated by %s with the header %s passes on %o", (via, authorization, headers) => {
  const caller: Caller = { subject: "ada", roles: new Set(["viewer"]), via };
  const context = {
    signal,
    timeoutMs: () => undefined,
    values: createContextValues().set(callerKey, caller),
    requestHeader: new Headers(authorization === null ? {} : { authorization }),
  } as Partial<HandlerContext> as HandlerContext;
  expect(propagateContextAsCaller(context).headers).toEqual(headers);
});
