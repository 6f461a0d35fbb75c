import http2 from "node:http2";
import https from "node:https";
import { AlertService } from "@bellwether/gen/bellwether/ops/v1/alert_service_pb";
import { createSeal } from "@bellwether/mesh/auth/seal";
import { sealLink } from "@bellwether/mesh/auth/sign-in-link";
import { hasOpenssl, makeCertificates } from "@bellwether/testing/echo/test-certificates";
import { type PostgresServer, usePostgres } from "@bellwether/testing/postgres-cluster";
import { Code, createClient } from "@connectrpc/connect";
import { createConnectTransport } from "@connectrpc/connect-node";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { failureOf, startOps } from "./ops-harness.ts";
import { KEY, removeLocalKeys, SIGN_IN, type SignInHarness, startSignIn } from "./sign-in-harness.ts";
import { createBrowser, type TestBrowser } from "./test-browser.ts";

vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

let cluster: PostgresServer;
let databaseUrl: string;
let people: SignInHarness;
beforeAll(async () => {
  cluster = await usePostgres();
  databaseUrl = await cluster.createDatabase();
  people = await startSignIn(databaseUrl);
});
afterAll(async () => {
  await people?.[Symbol.asyncDispose]();
  await cluster?.[Symbol.asyncDispose]();
  await removeLocalKeys();
});

const web = (): string => people.ops.webUrl;
const reasonOf = async (response: Response): Promise<string> => {
  const body = (await response.json()) as {
    reason?: string;
    code?: string;
    details?: { debug?: { reason?: string } }[];
  };
  return body.reason ?? body.details?.find(({ debug }) => debug?.reason)?.debug?.reason ?? body.code ?? "";
};
const session = (browser: TestBrowser, at = web()): Promise<Response> => browser.fetch(`${at}/auth/session`);
const post = (browser: TestBrowser, path: string, body: unknown, headers: HeadersInit = {}): Promise<Response> =>
  browser.fetch(`${web()}${path}`, {
    method: "POST",
    body: JSON.stringify(body),
    headers: { "content-type": "application/json", ...headers },
  });
const ACKNOWLEDGE = "/bellwether.ops.v1.AlertService/AcknowledgeAlert";
const alertId = "00000000-0000-4000-8000-000000000000";

describe("a session made with a token", () => {
  test("identifies its person, and ends with the token", async () => {
    const browser = createBrowser();
    const token = await people.token("ada", ["viewer", "analyst"], 600);
    const signedIn = await post(browser, "/auth/token", { token: ` ${token}\n` });
    const body = (await signedIn.json()) as { expires_at: string; role: string; subject: string };
    expect(body).toMatchObject({ subject: "ada", role: "analyst", method: "token" });
    expect(Date.parse(body.expires_at) - Date.now()).toBeLessThanOrEqual(600_000);
    expect((await session(browser)).status).toBe(200);
    expect((await browser.fetch(`${web()}/alerts`)).status).toBe(200);
  });

  test.each([
    ["an expired token", async () => ({ token: await people.token("ada", ["viewer"], -60) }), 401, "SIGN_IN_REJECTED"],
    [
      "a token without a role for people",
      async () => ({ token: await people.token("mesh", ["service"]) }),
      401,
      "SIGN_IN_REJECTED",
    ],
    ["garbage", async () => ({ token: "x" }), 401, "SIGN_IN_REJECTED"],
    ["no token", async () => ({}), 400, "SIGN_IN_BODY"],
    ["a list", async () => [], 400, "SIGN_IN_BODY"],
  ] as const)("%s is rejected", async (_, body, status, reason) => {
    const answer = await post(createBrowser(), "/auth/token", await body());
    expect([answer.status, await reasonOf(answer)]).toEqual([status, reason]);
  });

  test("a form post is rejected, whatever it contains, and so is a body of more than 32 KiB", async () => {
    const token = await people.token("ada", ["viewer"]);
    const form = await createBrowser().fetch(`${web()}/auth/token`, {
      method: "POST",
      body: new URLSearchParams({ token }),
    });
    expect([form.status, await reasonOf(form)]).toEqual([400, "SIGN_IN_BODY"]);
    const text = await post(createBrowser(), "/auth/token", { token }, { "content-type": "text/plain" });
    expect([text.status, await reasonOf(text)]).toEqual([400, "SIGN_IN_BODY"]);
    const large = await post(createBrowser(), "/auth/token", { token: "x".repeat(40_000) });
    expect([large.status, await reasonOf(large)]).toEqual([429, "MESSAGE_TOO_LARGE"]);
  });
});

describe("a one-time link", () => {
  const code = (ms = people.clock.now().getTime(), keys = [KEY]) =>
    sealLink(
      createSeal(keys, () => ms),
      "jane",
      ms,
    );

  test("signs in once, as an administrator", async () => {
    const browser = createBrowser();
    const once = await code();
    const first = await post(browser, "/auth/link", { code: once });
    expect(await first.json()).toMatchObject({ subject: "jane", role: "admin", method: "link" });
    const second = await post(createBrowser(), "/auth/link", { code: once });
    expect([second.status, await reasonOf(second)]).toEqual([401, "SIGN_IN_REJECTED"]);
  });

  test("is used by one of many that try at the same time", async () => {
    const once = await code();
    const statuses = await Promise.all(
      Array.from({ length: 20 }, async () => (await post(createBrowser(), "/auth/link", { code: once })).status),
    );
    expect(statuses.filter((status) => status === 200)).toHaveLength(1);
  });

  test("is rejected after 10 minutes, with another key, through a proxy, and under another host name", async () => {
    const old = await post(createBrowser(), "/auth/link", { code: await code(people.clock.now().getTime() - 601_000) });
    expect(old.status).toBe(401);
    const foreign = await post(createBrowser(), "/auth/link", { code: await code(undefined, [new Uint8Array(32)]) });
    expect(foreign.status).toBe(401);
    for (const headers of [{ "x-forwarded-for": "203.0.113.7" }, { forwarded: "for=203.0.113.7" }]) {
      const proxied = await post(createBrowser(), "/auth/link", { code: await code() }, headers);
      expect([proxied.status, await reasonOf(proxied)]).toEqual([400, "SIGN_IN_OFF"]);
    }
  });
});

describe("signing out", () => {
  test("ends the session at once at every replica: a stolen cookie is rejected with the reason", async () => {
    await using other = await startSignIn(databaseUrl);
    const browser = await people.browserWithToken("ada", ["analyst"]);
    const thief = browser.copy();
    const { cookies } = thief;
    cookies.set(other.ops.webUrl, new Map(cookies.get(web())));
    expect((await thief.fetch(`${other.ops.webUrl}/alerts`)).status).toBe(200);
    const out = await post(browser, "/auth/logout", {});
    expect(await out.json()).toEqual({ signed_out: true });
    expect(browser.cookieHeader(web())).toBe("");
    for (const at of [web(), other.ops.webUrl]) {
      const answer = await thief.fetch(`${at}/alerts`);
      expect([answer.status, await reasonOf(answer)]).toEqual([401, "SESSION_ENDED"]);
      expect(await reasonOf(await session(thief, at))).toBe("SESSION_ENDED");
    }
    expect((await people.audit("sign_in.ended")).at(-1)).toMatchObject({ actor: "ada", subject: "ada" });
  });

  test("ends the session's open watches, also at another replica", async () => {
    await using other = await startSignIn(databaseUrl);
    const browser = await people.browserWithToken("ada", ["analyst"]);
    const headers = { cookie: browser.cookieHeader(web()), origin: other.ops.webUrl };
    const transport = createConnectTransport({ baseUrl: other.ops.webUrl, httpVersion: "1.1" });
    const watch = createClient(AlertService, transport).watchAlerts({}, { headers })[Symbol.asyncIterator]();
    expect((await watch.next()).done).toBe(false);
    await post(browser, "/auth/logout", {});
    await expect(watch.next()).rejects.toMatchObject({ code: Code.Unauthenticated });
  });

  test("twice, or without a session, is answered alike", async () => {
    const browser = await people.browserWithToken("ada", ["viewer"]);
    const copy = browser.copy();
    await post(browser, "/auth/logout", {});
    for (const again of [browser, copy, createBrowser()])
      expect(await (await post(again, "/auth/logout", {})).json()).toEqual({ signed_out: true });
  });
});

describe("the lifetime of a session", () => {
  test("ends when it is not used, and never later than its longest lifetime", async () => {
    await using harness = await startSignIn(await cluster.createDatabase());
    const at = harness.ops.webUrl;
    const idle = await harness.browserWithToken("idle", ["viewer"]);
    harness.clock.move(3_600_000 - 1_000);
    expect((await idle.fetch(`${at}/alerts`)).status).toBe(200);
    const reason = async () => reasonOf(await idle.fetch(`${at}/alerts`));
    harness.clock.move(3_600_000 - 1_000);
    expect((await idle.fetch(`${at}/alerts`)).status).toBe(200);
    harness.clock.move(3_600_000 + 60_000);
    expect(await reason()).toBe("SESSION_IDLE");

    const busy = createBrowser();
    const token = await harness.token("busy", ["viewer"], 40 * 3_600);
    const signIn = { method: "POST", body: JSON.stringify({ token }), headers: { "content-type": "application/json" } };
    expect((await busy.fetch(`${at}/auth/token`, signIn)).status).toBe(200);
    for (let i = 0; i < 15; i++) {
      harness.clock.move(30 * 60_000);
      expect((await busy.fetch(`${at}/alerts`)).status).toBe(200);
    }
    harness.clock.move(31 * 60_000);
    expect(await reasonOf(await busy.fetch(`${at}/alerts`))).toBe("SESSION_EXPIRED");
  });

  test("a watch is not a use, and neither is reading the session", async () => {
    await using harness = await startSignIn(await cluster.createDatabase());
    const browser = await harness.browserWithToken("ada", ["viewer"]);
    const headers = { cookie: browser.cookieHeader(harness.ops.webUrl), origin: harness.ops.webUrl };
    const transport = createConnectTransport({ baseUrl: harness.ops.webUrl, httpVersion: "1.1" });
    const client = createClient(AlertService, transport);
    harness.clock.move(3_500_000);
    const ended = new AbortController();
    for await (const _ of client.watchAlerts({}, { headers, signal: ended.signal })) break;
    ended.abort();
    expect((await session(browser, harness.ops.webUrl)).status).toBe(200);
    harness.clock.move(200_000);
    expect(await reasonOf(await browser.fetch(`${harness.ops.webUrl}/alerts`))).toBe("SESSION_IDLE");
  });

  test("of a person with more than 50 sessions the oldest ends", async () => {
    await using harness = await startSignIn(await cluster.createDatabase());
    const first = await harness.browserWithToken("ada", ["viewer"]);
    harness.clock.move(1_000);
    const second = await harness.browserWithToken("ada", ["viewer"]);
    harness.clock.move(1_000);
    for (let i = 0; i < 49; i++) await harness.browserWithToken("ada", ["viewer"]);
    expect(await reasonOf(await session(first, harness.ops.webUrl))).toBe("SESSION_ENDED");
    expect((await session(second, harness.ops.webUrl)).status).toBe(200);
  });
});

describe("the secret of a session", () => {
  test("is replaced when it is old; the previous one is accepted for a minute after the first use of the new one", async () => {
    await using harness = await startSignIn(await cluster.createDatabase());
    const at = harness.ops.webUrl;
    const browser = await harness.browserWithToken("ada", ["viewer"]);
    const before = browser.copy();
    expect((await session(browser, at)).headers.get("set-cookie")).toBeNull();
    harness.clock.move(900_000);
    expect((await session(browser, at)).headers.get("set-cookie")).toContain("bellwether-session=");
    expect(browser.cookieHeader(at)).not.toBe(before.cookieHeader(at));
    // The browser may never have received the new cookie, so the former one is accepted until the new one is used.
    harness.clock.move(120_000);
    expect((await before.fetch(`${at}/alerts`)).status).toBe(200);
    expect((await browser.fetch(`${at}/alerts`)).status).toBe(200);
    await expect
      .poll(async () => {
        harness.clock.move(61_000);
        return (await before.fetch(`${at}/alerts`)).status;
      })
      .toBe(401);
    expect((await browser.fetch(`${at}/alerts`)).status).toBe(200);
    // A former secret cannot end the session either.
    await before.fetch(`${at}/auth/logout`, { method: "POST" });
    expect((await browser.fetch(`${at}/alerts`)).status).toBe(200);
  });

  test("survives a change of the encryption key in two steps", async () => {
    const url = await cluster.createDatabase();
    const next = new Uint8Array(32).fill(9);
    const cookies = new Map<string, string>();
    const started = async (keys: readonly Uint8Array[], work: (browser: TestBrowser, at: string) => Promise<void>) => {
      await using harness = await startSignIn(url, { signIn: { ...SIGN_IN, keys } });
      if (cookies.size === 0)
        for (const [name, value] of (await harness.browserWithToken("ada", ["viewer"])).cookies.get(
          harness.ops.webUrl,
        ) ?? [])
          cookies.set(name, value);
      const browser = createBrowser(new Map([[harness.ops.webUrl, cookies]]));
      await work(browser, harness.ops.webUrl);
      for (const [name, value] of browser.cookies.get(harness.ops.webUrl) ?? []) cookies.set(name, value);
    };
    await started([KEY], async (browser, at) => expect((await session(browser, at)).status).toBe(200));
    await started([KEY, next], async (browser, at) => expect((await session(browser, at)).status).toBe(200));
    await started([next, KEY], async (browser, at) =>
      expect((await session(browser, at)).headers.get("set-cookie")).not.toBeNull(),
    );
    await started([next], async (browser, at) => expect((await session(browser, at)).status).toBe(200));
    await started([KEY], async (browser, at) =>
      expect(await reasonOf(await session(browser, at))).toBe("SESSION_INVALID"),
    );
  });
});

describe("requests of other sites with a session", () => {
  let browser: TestBrowser;
  beforeAll(async () => {
    browser = await people.browserWithToken("ada", ["analyst"]);
  });
  const send = (headers: Record<string, string>, path = ACKNOWLEDGE) =>
    fetch(`${web()}${path}`, {
      method: "POST",
      body: JSON.stringify({ alertId, version: "1" }),
      headers: { "content-type": "application/json", cookie: browser.cookieHeader(web()), ...headers },
    });

  test("the service's own page may call: the RPC answers", async () => {
    for (const headers of [{ origin: web() }, { "sec-fetch-site": "same-origin" }])
      expect([(await send(headers as Record<string, string>)).status]).toEqual([404]);
  });

  test.each([
    ["another origin", { origin: "https://evil.example" }],
    ["the origin null", { origin: "null" }],
    ["no origin", {}],
    ["another site without an origin", { "sec-fetch-site": "cross-site" }],
    ["a sibling site without an origin", { "sec-fetch-site": "same-site" }],
    ["no initiator", { "sec-fetch-site": "none" }],
  ])("%s is rejected", async (_, headers) => {
    expect((await send(headers)).status).toBe(403);
  });

  test.each(["application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "text/plain"])(
    "a form post of type %s reaches no RPC, even of the own origin",
    async (type) => {
      const answer = await send({ origin: web(), "content-type": type });
      expect([415, 400]).toContain(answer.status);
    },
  );

  test("signing out and signing in cannot be caused by another site", async () => {
    for (const path of ["/auth/logout", "/auth/token", "/auth/link"])
      for (const headers of [{ origin: "https://evil.example" }, { origin: "null" }, {}])
        expect([path, (await send(headers as Record<string, string>, path)).status]).toEqual([path, 403]);
    expect((await session(browser)).status).toBe(200);
  });

  test("a GET has no effect, so it needs no origin; a GET of an RPC that changes something is rejected", async () => {
    const query = `encoding=json&message=${encodeURIComponent("{}")}`;
    const cookie = browser.cookieHeader(web());
    const list = await fetch(`${web()}/bellwether.ops.v1.AlertService/ListAlerts?connect=v1&${query}`, {
      headers: { cookie },
    });
    expect(list.status).toBe(200);
    const change = await fetch(`${web()}${ACKNOWLEDGE}?connect=v1&${query}`, { headers: { cookie } });
    expect(change.status).toBe(405);
  });

  test("a token in the request is used instead of the session, without an origin", async () => {
    const authorization = `Bearer ${await people.token("loader", ["viewer"])}`;
    const answer = await send({ authorization });
    expect([answer.status, await reasonOf(answer)]).toEqual([403, "ROLE_MISSING"]);
  });

  test("over gRPC a session needs an origin too", async () => {
    const { alerts } = people.ops;
    const cookie = browser.cookieHeader(web());
    const failure = await failureOf(alerts.acknowledgeAlert({ alertId }, { headers: { cookie } }));
    expect([failure.code, failure.rawMessage]).toEqual([
      Code.PermissionDenied,
      expect.stringContaining("needs the header Origin"),
    ]);
  });
});

interface TlsAnswer {
  readonly status: number;
  readonly cookies: readonly string[];
}

type TlsRequest = (method: string, path: string, headers: Record<string, string>, body?: string) => Promise<TlsAnswer>;

/** Requests over HTTP/1.1 and HTTP/2 under TLS. */
const VERSIONS: Readonly<Record<string, (url: string, ca: string) => TlsRequest>> = {
  "HTTP/1.1": (url, ca) => (method, path, headers, body) =>
    new Promise((resolve, reject) => {
      const request = https.request(new URL(path, url), { method, headers, ca, agent: false }, (answer) => {
        answer
          .resume()
          .once("end", () => resolve({ status: answer.statusCode ?? 0, cookies: answer.headers["set-cookie"] ?? [] }));
      });
      request.once("error", reject).end(body);
    }),
  "HTTP/2": (url, ca) => async (method, path, headers, body) => {
    const connection = http2.connect(url, { ca });
    try {
      return await new Promise<TlsAnswer>((resolve, reject) => {
        const request = connection.request({ ":method": method, ":path": path, ...headers }).once("error", reject);
        connection.once("error", reject);
        request.once("response", (answer) => {
          const status = Number(answer[":status"]);
          request.resume().once("end", () => resolve({ status, cookies: answer["set-cookie"] ?? [] }));
        });
        request.end(body);
      });
    } finally {
      connection.close();
    }
  },
};

describe.skipIf(!hasOpenssl())("under TLS (skipped without openssl)", () => {
  let certificates: ReturnType<typeof makeCertificates>;
  let harness: SignInHarness;
  let url: string;
  beforeAll(async () => {
    certificates = makeCertificates();
    harness = await startSignIn(await cluster.createDatabase(), { tls: certificates.server });
    url = harness.ops.webUrl.replace("http://127.0.0.1", "https://localhost");
  });
  afterAll(() => harness?.[Symbol.asyncDispose]());

  test.each(Object.entries(VERSIONS))(
    "over %s, cookies are bound to the host, and the same rules hold",
    async (_, open) => {
      const send = open(url, certificates.ca);
      const json = { "content-type": "application/json" };
      const token = JSON.stringify({ token: await harness.token("ada", ["analyst"]) });
      expect((await send("POST", "/auth/token", { ...json, origin: "https://evil.example" }, token)).status).toBe(403);
      expect((await send("POST", "/auth/token", json, token)).status).toBe(403);
      const signedIn = await send("POST", "/auth/token", { ...json, origin: url }, token);
      expect([signedIn.status, signedIn.cookies[0]]).toEqual([
        200,
        expect.stringMatching(/^__Host-bellwether-session=.*; Path=\/; HttpOnly; SameSite=Strict; Secure$/),
      ]);
      const cookie = signedIn.cookies[0]?.split(";")[0] ?? "";
      const acknowledge = (headers: Record<string, string>) =>
        send("POST", ACKNOWLEDGE, { ...json, cookie, ...headers }, JSON.stringify({ alertId, version: "1" }));
      expect((await acknowledge({ origin: url })).status).toBe(404);
      for (const headers of [{ origin: "https://evil.example" }, { origin: "null" }, {}])
        expect((await acknowledge(headers as Record<string, string>)).status).toBe(403);
      expect((await send("GET", "/alerts", { cookie })).status).toBe(200);
      expect((await send("POST", "/auth/logout", { cookie, origin: url })).status).toBe(200);
      expect((await send("GET", "/alerts", { cookie })).status).toBe(401);
    },
  );
});

describe("authentication that is off", () => {
  test("nobody needs to sign in, and the page is informed", async () => {
    await using off = await startOps(await cluster.createDatabase());
    const answer = await fetch(`${off.webUrl}/auth/session`);
    expect([answer.status, await answer.json()]).toEqual([
      200,
      expect.objectContaining({
        authentication: "off",
        role: "admin",
        message: "authentication is off on this machine",
      }),
    ]);
    const login = await fetch(`${off.webUrl}/auth/login`, { redirect: "manual" });
    expect([login.status, await reasonOf(login)]).toEqual([400, "SIGN_IN_OFF"]);
  });
});
