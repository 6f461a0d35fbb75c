import { createSeal } from "@bellwether/mesh/auth/seal";
import { expect, it } from "vitest";
import { SessionInvalidError, SignInStateError } from "../../domain/access/sign-in-error.ts";
import { createSessionCookies, SIGN_IN_MS } from "./session-cookies.ts";

const clock = { ms: 1_800_000_000_000 };
const keys = [new Uint8Array(32).fill(1)];
const now = () => clock.ms;
const plain = createSessionCookies(createSeal(keys, now), false, now);
const secure = createSessionCookies(createSeal(keys, now), true, now);
const begun = { state: "s", nonce: "n", verifier: "v", returnTo: "/#/alerts" };
const pairOf = (setCookie: string): string => setCookie.split(";")[0] ?? "";

it("a session cookie is sent to this host only, by its own pages only, and no script reads it", async () => {
  const set = await secure.make("secret", new Date(clock.ms + 60_000));
  expect(set).toMatch(/^__Host-bellwether-session=[\w.-]+; Max-Age=60; Path=\/; HttpOnly; SameSite=Strict; Secure$/);
  expect(await plain.make("secret", new Date(clock.ms + 60_000))).toMatch(
    /^bellwether-session=[\w.-]+; Max-Age=60; Path=\/; HttpOnly; SameSite=Strict$/,
  );
  expect(secure.cleared).toBe("__Host-bellwether-session=; Max-Age=0; Path=/; HttpOnly; SameSite=Strict; Secure");
});

it("the cookie of a begun sign-in comes back with the navigation from the provider, for 10 minutes", async () => {
  const set = await secure.makeBegun(begun);
  expect(set).toMatch(/^__Host-bellwether-sign-in=[\w.-]+; Max-Age=600; Path=\/; HttpOnly; SameSite=Lax; Secure$/);
  expect(await secure.readBegun(pairOf(set))).toEqual(begun);
  clock.ms += SIGN_IN_MS + 1_000;
  await expect(secure.readBegun(pairOf(set))).rejects.toThrow(SignInStateError);
  await expect(secure.readBegun(undefined)).rejects.toThrow(/begun no sign-in/);
});

it("reads its own cookie among others, and nothing from a cookie of another kind or name", async () => {
  const pair = pairOf(await plain.make("secret", new Date(clock.ms + 60_000)));
  expect((await plain.read(`a=b; ${pair}; c=d`))?.secret).toBe("secret");
  expect(await plain.read(`x${pair}`)).toBeUndefined();
  expect(await secure.read(pair)).toBeUndefined();
  expect(await plain.read(undefined)).toBeUndefined();
  const other = pairOf(await plain.makeBegun(begun)).replace("sign-in", "session");
  await expect(plain.read(other)).rejects.toThrow(SessionInvalidError);
  for (const wrong of ["bellwether-session=", "bellwether-session=x.y", `bellwether-session=${"x".repeat(9_000)}`])
    await expect(plain.read(wrong)).rejects.toThrow(SessionInvalidError);
});

it("a sign-in cookie with a long return path stays below the 4,096 bytes that browsers keep", async () => {
  const long = {
    state: "x".repeat(43),
    nonce: "x".repeat(43),
    verifier: "x".repeat(43),
    returnTo: `/${"x".repeat(1_023)}`,
  };
  expect((await secure.makeBegun(long)).length).toBeLessThan(4_096);
});
