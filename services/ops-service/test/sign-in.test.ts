import { BatchService } from "@bellwether/gen/bellwether/ops/v1/batch_service_pb";
import { SessionService } from "@bellwether/gen/bellwether/ops/v1/session_service_pb";
import { type PostgresServer, usePostgres } from "@bellwether/testing/postgres-cluster";
import { createClient } from "@connectrpc/connect";
import { createGrpcTransport } from "@connectrpc/connect-node";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { SIGN_IN_PATHS } from "../src/rpc/access/sign-in-handler.ts";
import { testChunk } from "./ops-harness.ts";
import { type OidcHarness, removeLocalKeys, SIGN_IN, startOidc } from "./sign-in-harness.ts";
import { createBrowser, type TestBrowser } from "./test-browser.ts";

vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

let cluster: PostgresServer;
let oidc: OidcHarness;
beforeAll(async () => {
  cluster = await usePostgres();
  oidc = await startOidc(await cluster.createDatabase());
});
afterAll(async () => {
  await oidc?.[Symbol.asyncDispose]();
  await cluster?.[Symbol.asyncDispose]();
  await removeLocalKeys();
});

const web = (): string => oidc.ops.webUrl;
async function sessionOf(browser: TestBrowser, at = web()): Promise<{ status: number; body: Record<string, unknown> }> {
  const response = await browser.fetch(`${at}/auth/session`);
  return { status: response.status, body: (await response.json()) as Record<string, unknown> };
}
/** Begins a sign-in and returns the URL with which the provider sends the browser back. */
async function untilCallback(browser: TestBrowser): Promise<URL> {
  const { url } = await browser.open(`${web()}/auth/login`, { until: ({ pathname }) => pathname === "/auth/callback" });
  return url;
}
const failure = async (response: Response | undefined) => ({
  status: response?.status,
  ...((await response?.json()) as { reason?: string; message?: string }),
});
const asJson = { headers: { accept: "application/json" } };

describe("a page of another site", () => {
  const foreign = [
    { origin: "https://evil.example", "sec-fetch-site": "cross-site" },
    { origin: "null", "sec-fetch-site": "cross-site" },
    { origin: "http://127.0.0.1:1", "sec-fetch-site": "same-site" },
  ];
  const bodyOf = async (path: string): Promise<string> =>
    JSON.stringify(path === "/auth/token" ? { token: await oidc.token("eve", ["analyst"]) } : { code: "x" });

  test.each(
    Object.entries(SIGN_IN_PATHS).flatMap(([path, method]) => foreign.map((headers) => ({ path, method, headers }))),
  )(
    "$method $path from $headers.origin neither signs in, nor ends a session, nor lets the page read the answer",
    async ({ path, method, headers }) => {
      const { browser } = await oidc.signIn();
      const before = browser.cookieHeader(web());
      const init = { method, headers: { ...headers, accept: "application/json", "content-type": "application/json" } };
      const answer = await browser.fetch(`${web()}${path}`, {
        ...init,
        ...(method === "POST" && { body: await bodyOf(path) }),
      });
      if (method === "POST")
        expect(await failure(answer)).toMatchObject({
          status: 403,
          reason: expect.stringMatching(/^(ORIGIN_NOT_ALLOWED|CROSS_SITE_REQUEST)$/),
        });
      const isAllowed = [...answer.headers.keys()].some((name) => name.startsWith("access-control-allow-"));
      expect([isAllowed, answer.headers.getSetCookie().join().includes("bellwether-session=")]).toEqual([false, false]);
      // Only the cookie of a begun sign-in may differ, which is of no use without the answer of the provider.
      const session = /bellwether-session=[^;]+/.exec(before)?.[0] ?? "none";
      expect(browser.cookieHeader(web())).toContain(session);
      expect((await sessionOf(browser)).status).toBe(200);
    },
  );

  test.each(Object.keys(SIGN_IN_PATHS))("a preflight request for %s allows nothing", async (path) => {
    const answer = await fetch(`${web()}${path}`, {
      method: "OPTIONS",
      headers: {
        ...foreign[0],
        "access-control-request-method": "POST",
        "access-control-request-headers": "content-type",
      },
    });
    expect([...answer.headers.keys()].filter((name) => name.startsWith("access-control-allow-"))).toEqual([]);
  });
});

describe("a sign-in at the identity provider", () => {
  test("returns to the page it came from, with the person's name and role", async () => {
    const { browser, url } = await oidc.signIn(undefined, "/#/suppliers/S%2F1?model=x");
    expect(url.pathname + url.hash).toBe("/#/suppliers/S%2F1?model=x");
    expect(await sessionOf(browser)).toEqual({
      status: 200,
      body: expect.objectContaining({
        ...{ authentication: "on", subject: "0f3c", name: "Ada Lovelace", role: "analyst", method: "oidc" },
        actor: "Ada Lovelace (0f3c)",
        expires_at: expect.stringMatching(/^\d{4}-.*Z$/),
        sign_in: { provider: "127.0.0.1", token: true, link: true },
      }),
    });
    const alerts = await browser.fetch(`${web()}/alerts`);
    expect([alerts.status, await alerts.json()]).toEqual([200, { alerts: [], next_page_token: "" }]);
    expect((await oidc.audit("sign_in.succeeded")).at(-1)).toMatchObject({
      ...{ actor: "Ada Lovelace (0f3c)", subject: "0f3c", payload: { method: "oidc", role: "analyst" } },
    });
  });

  test("reads groups from the ID token where the provider sends them there", async () => {
    await using other = await startOidc(await cluster.createDatabase(), { inIdToken: true });
    const { browser } = await other.signIn();
    expect((await sessionOf(browser, other.ops.webUrl)).body.role).toBe("analyst");
    expect(other.provider.requests.get("/me")).toBeUndefined();
  });

  test("asks the provider with PKCE, state and nonce, and the provider requires PKCE", async () => {
    const login = await fetch(`${web()}/auth/login`, { redirect: "manual" });
    const { searchParams } = new URL(login.headers.get("location") ?? "");
    expect(Object.fromEntries(searchParams)).toMatchObject({
      ...{ response_type: "code", client_id: "bellwether", code_challenge_method: "S256" },
      code_challenge: expect.stringMatching(/^[\w-]{43}$/),
      state: expect.stringMatching(/^[\w-]{43}$/),
      nonce: expect.stringMatching(/^[\w-]{43}$/),
    });
    oidc.provider.tamper = (query) => query.delete("code_challenge");
    const { response } = await oidc.signIn();
    oidc.provider.tamper = undefined;
    expect(response?.status).toBe(401);
    expect(await response?.text()).toContain("the identity provider did not sign you in (invalid_request)");
  });

  test("a person whose group is removed loses the role at the next sign-in, and keeps it in the session until then", async () => {
    const person = oidc.provider.people.get("0f3c");
    const first = await oidc.signIn();
    if (person) person.groups = ["Risk Viewers"];
    expect((await sessionOf(first.browser)).body.role).toBe("analyst");
    const second = await oidc.signIn();
    expect((await sessionOf(second.browser)).body.role).toBe("viewer");
    if (person) person.groups = ["Secret Project X"];
    const third = await oidc.signIn();
    if (person) person.groups = ["Risk Analysts"];
    expect(third.response?.status).toBe(403);
    const page = (await third.response?.text()) ?? "";
    expect(page).toContain("Groups with a role: Risk Viewers, Risk Analysts, Risk Admins.");
    expect(page).not.toContain("Secret");
    expect((await sessionOf(third.browser)).status).toBe(401);
  });

  test("a person sees the suppliers of its groups at the sign-in, and is rejected without such a group", async () => {
    const scope = { regions: ["Europe"], categories: [] };
    const scopes = new Map([["Buyers Europe", scope]]);
    const rules = { ...SIGN_IN.rules, scopes };
    await using other = await startOidc(await cluster.createDatabase(), { signIn: { rules } });
    const person = other.provider.people.get("0f3c");
    const rejected = await other.signIn();
    expect(rejected.response?.status).toBe(403);
    expect(await rejected.response?.text()).toContain("Groups with suppliers: Buyers Europe.");
    if (person) person.groups = ["Risk Analysts", "Buyers Europe"];
    const { browser } = await other.signIn();
    expect((await sessionOf(browser, other.ops.webUrl)).body.scope).toEqual(scope);
    expect((await other.audit("sign_in.succeeded")).at(-1)?.payload).toMatchObject({ role: "analyst", scope });
    const denied = await browser.fetch(`${other.ops.webUrl}/bellwether.ops.v1.AlertService/BacktestRules`, {
      method: "POST",
      body: "{}",
      headers: { "content-type": "application/json", origin: other.ops.webUrl },
    });
    expect([denied.status, JSON.stringify(await denied.json())]).toEqual([
      403,
      expect.stringContaining("SUPPLIER_SCOPE"),
    ]);
    const admin = { authorization: `Bearer ${await other.token("root", ["admin"])}` };
    const sessions = createClient(SessionService, createGrpcTransport({ baseUrl: other.ops.grpcUrl }));
    const listed = await sessions.listSessions({}, { headers: admin });
    expect(listed.sessions.map((one) => one.scope?.regions)).toEqual([["Europe"]]);
  });

  test("decisions carry the person's name and subject, and an alert with this owner is the person's", async () => {
    const authorization = `Bearer ${await oidc.token("loader", ["service"])}`;
    const batch = createClient(BatchService, createGrpcTransport({ baseUrl: oidc.ops.grpcUrl }));
    const service = { headers: { authorization } };
    const { lease } = await batch.startRun({ isoWeek: "2026-W40", modelName: "supplier-risk", holder: "x" }, service);
    await batch.submitChunk(testChunk(lease, 0, [{ id: "S-1", score: 0.95 }]), service);
    const counts = { rowsRead: 1n, rowsRejected: 0n, chunksTotal: 1 };
    await batch.completeRun({ ...(lease && { lease }), ...counts }, service);

    const { browser } = await oidc.signIn();
    const call = async (method: string, body: object) => {
      const answer = await browser.fetch(`${web()}/bellwether.ops.v1.AlertService/${method}`, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify(body),
      });
      expect([method, answer.status]).toEqual([method, 200]);
      return (await answer.json()) as { alerts?: { alertId: string; version: string }[]; alert?: { version: string } };
    };
    const [alert] = (await call("ListAlerts", {})).alerts ?? [];
    const alertId = alert?.alertId ?? "";
    const acknowledged = await call("AcknowledgeAlert", { alertId, version: alert?.version });
    const owner = "Ada Lovelace (0f3c)";
    await call("AssignAlert", { alertId, version: acknowledged.alert?.version, owner });
    expect((await oidc.audit("alert.acknowledged")).at(-1)).toMatchObject({ actor: owner, subject: alertId });
    expect((await call("ListAlerts", { ownership: "ALERT_OWNERSHIP_MINE" })).alerts).toMatchObject([{ alertId }]);
  });

  test("names from the provider are text, not markup or headers", async () => {
    oidc.provider.people.set("evil", {
      name: '<script>alert(1)</script>\r\nset-cookie: a=b\u202e"',
      groups: ["Risk Admins"],
    });
    oidc.provider.signedIn = "evil";
    const { browser, response } = await oidc.signIn();
    oidc.provider.signedIn = "0f3c";
    expect(response).toBeUndefined();
    const answer = await browser.fetch(`${web()}/auth/session`);
    expect(answer.headers.get("content-type")).toBe("application/json");
    expect(await answer.json()).toMatchObject({ name: '<script>alert(1)</script> set-cookie: a=b "' });
  });
});

describe("an answer that does not belong to the sign-in", () => {
  test.each([
    ["a wrong state", (url: URL) => url.searchParams.set("state", "x".repeat(43))],
    ["no state", (url: URL) => url.searchParams.delete("state")],
    ["two states", (url: URL) => url.searchParams.append("state", "x")],
    ["no code", (url: URL) => url.searchParams.delete("code")],
    ["an invented code", (url: URL) => url.searchParams.set("code", "x".repeat(43))],
    ["another issuer", (url: URL) => url.searchParams.set("iss", "https://evil.example")],
  ])("%s is rejected, and makes no session", async (_, change) => {
    const browser = createBrowser();
    const url = await untilCallback(browser);
    change(url);
    const answer = await browser.fetch(url.href, asJson);
    expect(await failure(answer)).toMatchObject({ status: 400, reason: "SIGN_IN_STATE" });
    expect((await sessionOf(browser)).status).toBe(401);
  });

  test("a wrong nonce is rejected", async () => {
    const browser = createBrowser();
    oidc.provider.tamper = (query) => query.set("nonce", "another");
    const url = await untilCallback(browser);
    oidc.provider.tamper = undefined;
    expect(await failure(await browser.fetch(url.href, asJson))).toMatchObject({
      status: 400,
      reason: "SIGN_IN_STATE",
    });
    expect((await sessionOf(browser)).status).toBe(401);
  });

  test("a code that was used before is rejected, also with the cookie of its sign-in", async () => {
    const browser = createBrowser();
    const url = await untilCallback(browser);
    const thief = browser.copy();
    expect((await browser.fetch(url.href)).status).toBe(303);
    expect(await failure(await browser.fetch(url.href, asJson))).toMatchObject({
      status: 400,
      reason: "SIGN_IN_STATE",
    });
    expect(await failure(await thief.fetch(url.href, asJson))).toMatchObject({
      ...{ status: 400, reason: "SIGN_IN_STATE" },
      message: expect.stringContaining("used before"),
    });
    expect((await sessionOf(thief)).status).toBe(401);
  });

  test("the answer for another browser is rejected", async () => {
    const url = await untilCallback(createBrowser());
    expect(await failure(await createBrowser().fetch(url.href, asJson))).toMatchObject({
      status: 400,
      reason: "SIGN_IN_STATE",
    });
    const other = createBrowser();
    await untilCallback(other);
    expect(await failure(await other.fetch(url.href, asJson))).toMatchObject({ status: 400, reason: "SIGN_IN_STATE" });
  });

  test("a sign-in that takes longer than 10 minutes is rejected", async () => {
    await using slow = await startOidc(await cluster.createDatabase());
    const browser = createBrowser();
    const { url } = await browser.open(`${slow.ops.webUrl}/auth/login`, {
      until: ({ pathname }) => pathname === "/auth/callback",
    });
    slow.clock.move(10 * 60_000 + 1_000);
    expect(await failure(await browser.fetch(url.href, asJson))).toMatchObject({
      ...{ status: 400, reason: "SIGN_IN_STATE" },
      message: expect.stringContaining("longer than 10 minutes"),
    });
  });

  test("a rejection by the provider is reported without its text", async () => {
    const browser = createBrowser();
    const url = await untilCallback(browser);
    const state = url.searchParams.get("state") ?? "";
    const iss = url.searchParams.get("iss") ?? "";
    url.search = new URLSearchParams({
      state,
      iss,
      error: "access_denied",
      error_description: "<b>internal</b>",
    }).toString();
    const answer = await failure(await browser.fetch(url.href, asJson));
    expect(answer).toMatchObject({
      status: 401,
      reason: "SIGN_IN_REJECTED",
      message: expect.stringContaining("(access_denied)"),
    });
    expect(answer.message).not.toContain("internal");
  });
});

describe("hostile requests", () => {
  test.each([
    "https://evil.example",
    "//evil.example",
    "/\\evil.example",
    "/%09/evil.example\t",
    "javascript:alert(1)",
    "/\r\nset-cookie: a=b",
  ])("the return path %j is rejected", async (path) => {
    const answer = await fetch(`${web()}/auth/login?return=${encodeURIComponent(path)}`, { redirect: "manual" });
    expect(await failure(answer)).toMatchObject({ status: 400, reason: "RETURN_PATH" });
    expect(answer.headers.get("location")).toBeNull();
  });

  test("a Host header changes neither the redirect URI nor the answer's target", async () => {
    const http = await import("node:http");
    const { port } = new URL(web());
    const location = await new Promise<string>((resolve, reject) => {
      http
        .get({ host: "127.0.0.1", port, path: "/auth/login", headers: { host: "evil.example" } }, (answer) => {
          answer.resume();
          resolve(answer.headers.location ?? "");
        })
        .on("error", reject);
    });
    expect(new URL(location).searchParams.get("redirect_uri")).toBe(`${web()}/auth/callback`);
  });

  test("cookies of a mebibyte and garbage cookies are rejected, and others sign in meanwhile", async () => {
    const big = await fetch(`${web()}/auth/session`, {
      headers: { cookie: `bellwether-session=${"x".repeat(1_048_576)}` },
    }).then(
      ({ status }) => status,
      () => "closed",
    );
    expect([431, "closed"]).toContain(big);
    const garbage = await fetch(`${web()}/auth/session`, { headers: { cookie: "bellwether-session=a.b.c.d.e" } });
    expect(await failure(garbage)).toMatchObject({ status: 401, reason: "SESSION_INVALID" });
    expect(garbage.headers.get("set-cookie")).toContain("bellwether-session=; Max-Age=0");
    expect((await sessionOf((await oidc.signIn()).browser)).status).toBe(200);
  });

  test("a thousand sign-ins at the same time are begun, keep nothing in the service, and one of them ends", async () => {
    const begun = await Promise.all(
      Array.from({ length: 1_000 }, async () => {
        const answer = await fetch(`${web()}/auth/login`, { redirect: "manual" });
        return [answer.status, answer.headers.getSetCookie().length];
      }),
    );
    expect(new Set(begun.map(String))).toEqual(new Set(["303,1"]));
    expect((await sessionOf((await oidc.signIn()).browser)).status).toBe(200);
  });

  test.each([
    ["/auth/login", "POST", "GET, HEAD"],
    ["/auth/session", "POST", "GET, HEAD"],
    ["/auth/logout", "GET", "POST"],
    ["/auth/token", "GET", "POST"],
  ])("%s rejects %s", async (path, method, allowed) => {
    const answer = await fetch(`${web()}${path}`, { method });
    expect([answer.status, answer.headers.get("allow")]).toEqual([405, allowed]);
  });
});

describe("a provider that is down", () => {
  test("does not prevent a start; a sign-in is answered with the reason, and succeeds when the provider is back", async () => {
    const { provider, signIn, ...rest } = await startOidc(await cluster.createDatabase());
    await using _ = { [Symbol.asyncDispose]: rest[Symbol.asyncDispose] };
    await provider.stop();
    const answer = await fetch(`${rest.ops.webUrl}/auth/login`, { redirect: "manual" });
    expect(await failure(answer)).toMatchObject({ status: 503, reason: "IDENTITY_PROVIDER_UNAVAILABLE" });
    expect(answer.headers.get("retry-after")).toBe("5");
    const token = await rest.token("ada", ["viewer"]);
    expect((await fetch(`${rest.ops.webUrl}/alerts`, { headers: { authorization: `Bearer ${token}` } })).status).toBe(
      200,
    );
    expect((await fetch(`${rest.ops.adminUrl}/readyz`)).status).toBe(200);
    await provider.start();
    await expect.poll(async () => (await signIn()).url.pathname, { timeout: 20_000, interval: 200 }).toBe("/");
    // Down again between login and callback: the session that exists is served.
    const { browser } = await signIn();
    const begun = createBrowser();
    const { url } = await begun.open(`${rest.ops.webUrl}/auth/login`, {
      until: ({ pathname }) => pathname === "/auth/callback",
    });
    await provider.stop();
    expect(await failure(await begun.fetch(url.href, asJson))).toMatchObject({ status: 503 });
    expect((await sessionOf(browser, rest.ops.webUrl)).status).toBe(200);
  });

  test("failed sign-ins are one audit event per reason", async () => {
    const databaseUrl = await cluster.createDatabase();
    {
      await using failing = await startOidc(databaseUrl);
      for (let i = 0; i < 20; i++) await fetch(`${failing.ops.webUrl}/auth/callback?code=x&state=y`);
      await fetch(`${failing.ops.webUrl}/auth/login?return=//evil`);
    }
    await using again = await startOidc(databaseUrl);
    const events = await again.audit("sign_in.failed");
    expect(events.map(({ payload }) => [payload.reason, payload.failures]).sort()).toEqual([
      ["RETURN_PATH", 1],
      ["SIGN_IN_STATE", 20],
    ]);
  });
});
