import { EchoResponseSchema, EchoService } from "@bellwether/gen/bellwether/echo/v1/echo_service_pb";
import { isMessage } from "@bufbuild/protobuf";
import { Code, ConnectError } from "@connectrpc/connect";
import { describe, expect, it } from "vitest";
import { bindMethod } from "./bound-method.ts";
import { Call } from "./call.ts";
import { callerKey } from "./caller.ts";

class BareCall extends Call {
  readonly protocolName = "test";
  readonly peer = { address: "", certificateNames: [] };
  readonly connection = this;
  readonly requestHeader = new Headers();
  readonly header = () => undefined;
  readonly fail = () => {};
}

const newCall = () => new BareCall(bindMethod(EchoService.method.echo, () => ({})));
const WAITS = { admit: () => true };
const RUNS = { admit: () => false };
const REJECTS = {
  admit: () => {
    throw new ConnectError("full", Code.ResourceExhausted);
  },
};

describe("a call at the admission policies", () => {
  it("runs at once when no policy makes it wait", async () => {
    const ran: string[] = [];
    newCall().whenAdmitted(RUNS, () => ran.push("now"));
    expect(ran).toEqual(["now"]);
    await newCall().admitted(RUNS);
  });

  it("that waits runs on enter(), and only once", async () => {
    const call = newCall();
    const ran: string[] = [];
    call.whenAdmitted(WAITS, () => ran.push("entered"));
    expect(ran).toEqual([]);
    call.enter();
    call.enter();
    expect(ran).toEqual(["entered"]);

    const promised = call.admitted(WAITS);
    call.enter();
    await promised;
  });

  it("that does not wait ignores enter()", () => {
    expect(() => newCall().enter()).not.toThrow();
  });

  it("receives the error that a policy throws", async () => {
    expect(() => newCall().whenAdmitted(REJECTS, () => expect.fail("ran"))).toThrow("full");
    await expect(newCall().admitted(REJECTS)).rejects.toMatchObject({ code: Code.ResourceExhausted });
  });
});

describe("the signal of a call", () => {
  it("has the reason of the first abort, whether it is read before or after the abort", () => {
    const reason = new ConnectError("late", Code.DeadlineExceeded);
    const [before, after] = [newCall(), newCall()];
    const { signal } = before;
    for (const call of [before, after]) {
      call.abort(reason);
      call.abort(new ConnectError("later", Code.Canceled));
    }
    expect([signal.reason, after.signal.reason]).toEqual([reason, reason]);
    expect(before.aborted).toBe(reason);
  });

  it("fires when the call ends successfully, so that its listeners can be collected", () => {
    const call = newCall();
    const { signal } = call;
    call.release();
    expect(signal.aborted).toBe(true);
    expect(call.aborted).toBeUndefined();
  });
});

it("the time left is undefined without a deadline and negative after it", () => {
  const call = newCall();
  expect(call.timeoutMs()).toBeUndefined();
  call.deadline = Date.now() - 10;
  expect(call.timeoutMs()).toBeLessThan(0);
});

it("handlers can read the caller, and response metadata is created when a handler first reads it", () => {
  const call = newCall();
  call.caller = { subject: "ann", roles: new Set(["viewer"]), via: "token" };
  expect(call.values.get(callerKey).subject).toBe("ann");
  expect([call.setHeader, call.setTrailer]).toEqual([undefined, undefined]);
  call.responseHeader.set("x-a", "1");
  expect(call.setHeader?.get("x-a")).toBe("1");
});

it("an answer becomes a message of the RPC's output type, and policies can read the first one", () => {
  const call = newCall();
  const first = call.toResponse({ request: { id: "a" } });
  expect(isMessage(first, EchoResponseSchema)).toBe(true);
  const second = call.toResponse(first);
  expect(second).toBe(first);
  call.toResponse({});
  expect(call.firstResponse).toBe(first);
});
