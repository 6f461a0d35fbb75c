import { expect, it } from "vitest";
import { checkSession, type FoundSession, newSession, secretHash } from "./session.ts";

const T0 = new Date("2026-11-02T08:00:00Z");
const after = (ms: number): Date => new Date(T0.getTime() + ms);
const limits = { idleMs: 1_000, lifetimeMs: 5_000, rotateMs: 500 };
const ada = { subject: "ada", name: "Ada", role: "analyst" } as const;
const { session, secret } = newSession(ada, "oidc", limits, T0);
const found = (
  over: Partial<FoundSession["session"]> = {},
  which: FoundSession["secret"] = "current",
): FoundSession => ({
  session: { ...session, ...over },
  secret: which,
});

it("a new session has a secret of 256 bits, of which only the hash is kept", () => {
  expect(Buffer.from(secret, "base64url")).toHaveLength(32);
  expect(JSON.stringify(session)).not.toContain(secret);
  expect(secretHash(secret)).toMatch(/^[\w-]{43}$/);
  expect(newSession(ada, "oidc", limits, T0).secret).not.toBe(secret);
});

it("a session ends with its lifetime, or with an earlier limit", () => {
  expect(session.expiresAt).toEqual(after(5_000));
  expect(newSession(ada, "token", limits, T0, after(2_000).getTime()).session.expiresAt).toEqual(after(2_000));
  expect(newSession(ada, "token", limits, T0, after(9_000).getTime()).session.expiresAt).toEqual(after(5_000));
});

it("is accepted up to both limits", () => {
  expect(checkSession(found(), limits, after(1_000))).toMatchObject(ada);
  expect(() => checkSession(found(), limits, after(1_001))).toThrow(/not used for too long/);
  const used = found({ lastUsedAt: after(4_500) });
  expect(checkSession(used, limits, after(4_999))).toMatchObject(ada);
  expect(() => checkSession(used, limits, after(5_000))).toThrow(/longest lifetime/);
});

it("an ended, an unknown and a replaced session are rejected alike; a fresh and a previous secret are accepted", () => {
  for (const ended of [undefined, found({ endedAt: T0 }), found({}, "replaced")])
    expect(() => checkSession(ended, limits, T0)).toThrow(/has ended/);
  for (const which of ["fresh", "previous"] as const)
    expect(checkSession(found({}, which), limits, T0)).toMatchObject(ada);
});
