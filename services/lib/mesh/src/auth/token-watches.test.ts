import { EchoService } from "@bellwether/gen/bellwether/echo/v1/echo_service_pb";
import { expect, it, vi } from "vitest";
import { bindMethod } from "../call/bound-method.ts";
import { Call } from "../call/call.ts";
import type { Caller } from "../call/caller.ts";
import { TokenError } from "./token-verifier.ts";
import { createTokenWatches } from "./token-watches.ts";

class Watch extends Call {
  readonly protocolName = "test";
  readonly peer = { address: "", certificateNames: [] };
  readonly connection = this;
  readonly requestHeader = new Headers();
  readonly header = () => undefined;
  failed = "";
  readonly fail = (reason: unknown) => {
    this.failed = String(reason);
    this.closed = true;
  };
}

const open = () => new Watch(bindMethod(EchoService.method.count, async function* () {}));
const ADA: Caller = { subject: "ada", roles: new Set(["viewer"]), via: "token" };

/** Watches whose tokens are accepted until `rejected` has them. */
function watchesWith() {
  const rejected = new Map<string, TokenError["reason"]>();
  const watches = createTokenWatches({
    verify(token) {
      const reason = rejected.get(token);
      if (reason) throw new TokenError(reason, reason, undefined);
      return token.startsWith("late") ? Promise.resolve(ADA) : ADA;
    },
    toError: ({ reason }) => reason,
    checkMs: 1,
  });
  return { rejected, watches };
}

it("ends the watches of a token that is not accepted any more, and no other", async () => {
  const { rejected, watches } = watchesWith();
  const [first, second, other] = [open(), open(), open()];
  watches.add(first, "a", {});
  watches.add(second, "a", {});
  watches.add(other, "late b", {});
  rejected.set("a", "TOKEN_INVALID");
  await vi.waitFor(() => expect([first.failed, second.failed]).toEqual(["TOKEN_INVALID", "TOKEN_INVALID"]));
  expect(other.failed).toBe("");
});

it("ends a watch when its token expires, also when its issuer's keys cannot be read", async () => {
  const { rejected, watches } = watchesWith();
  const [expiring, lasting] = [open(), open()];
  rejected.set("a", "KEYS_UNAVAILABLE");
  rejected.set("b", "KEYS_UNAVAILABLE");
  watches.add(expiring, "a", { expiresAtMs: Date.now() + 20 });
  watches.add(lasting, "b", { expiresAtMs: Date.now() + 3_600_000 });
  await vi.waitFor(() => expect(expiring.failed).toBe("TOKEN_EXPIRED"));
  expect(lasting.failed).toBe("");
});

it("forgets a watch that has ended", async () => {
  const { rejected, watches } = watchesWith();
  const [ended, open2] = [open(), open()];
  watches.add(ended, "a", {});
  watches.add(open2, "b", {});
  watches.remove(ended);
  rejected.set("a", "TOKEN_INVALID");
  rejected.set("b", "TOKEN_INVALID");
  await vi.waitFor(() => expect(open2.failed).toBe("TOKEN_INVALID"));
  expect(ended.failed).toBe("");
});
