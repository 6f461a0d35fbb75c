import { expect, it } from "vitest";
import { scopeText, serverUrl, sessionFromAnswer, signInUrl } from "./session.ts";

const methods = { provider: "login.example.org", token: true, link: false };

it("a person has a name, or the subject", () => {
  const body = { authentication: "on", subject: "0f3c", name: "Ada", role: "analyst", method: "oidc" };
  expect(sessionFromAnswer(200, body)).toEqual({
    ...{ state: "signed-in", subject: "0f3c", name: "Ada", role: "analyst", actor: "0f3c", scope: null },
    canSignOut: true,
  });
  expect(sessionFromAnswer(200, { ...body, name: "" })).toMatchObject({ name: "0f3c" });
  expect(sessionFromAnswer(200, { ...body, actor: "Ada (0f3c)" })).toMatchObject({ actor: "Ada (0f3c)" });
  expect(sessionFromAnswer(200, { ...body, method: "header" })).toMatchObject({ canSignOut: false });
});

it("a person who sees only some suppliers has their regions and categories", () => {
  const body = { authentication: "on", subject: "0f3c", role: "analyst", method: "oidc" };
  const scope = { regions: ["Europe", 7], categories: ["Steel"] };
  expect(sessionFromAnswer(200, { ...body, scope })).toMatchObject({
    scope: { regions: ["Europe"], categories: ["Steel"] },
  });
  expect(scopeText({ regions: ["Europe", "Asia"], categories: ["Steel"] })).toBe("only Europe, Asia; only Steel");
  expect([scopeText(null), scopeText(undefined)]).toEqual(["", ""]);
});

it("somebody who is not signed in learns the reason and the ways to sign in", () => {
  const body = { code: "unauthenticated", reason: "SESSION_IDLE", message: "not used", sign_in: methods };
  expect(sessionFromAnswer(401, body)).toEqual({
    state: "signed-out",
    reason: "SESSION_IDLE",
    message: "not used",
    methods,
  });
  expect(sessionFromAnswer(401, undefined)).toMatchObject({ methods: { provider: null, token: false, link: false } });
});

it("authentication that is off needs no person, and an answer of another form is unknown", () => {
  expect(sessionFromAnswer(200, { authentication: "off", message: "off here" })).toEqual({
    state: "off",
    message: "off here",
  });
  for (const [status, body] of [
    [404, {}],
    [200, undefined],
    [200, {}],
    [503, { authentication: "on" }],
  ] as const)
    expect(sessionFromAnswer(status, body)).toEqual({ state: "unknown" });
});

it("paths are below the page's own path, and a sign-in returns to the place", () => {
  expect(serverUrl("auth/session", "https://x.example/risk/#/alerts")).toBe("https://x.example/risk/auth/session");
  expect(signInUrl("https://x.example/", "#/alerts?state=open")).toBe(
    "https://x.example/auth/login?return=%2F%23%2Falerts%3Fstate%3Dopen",
  );
});
