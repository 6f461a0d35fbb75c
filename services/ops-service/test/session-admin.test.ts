import { AlertService } from "@bellwether/gen/bellwether/ops/v1/alert_service_pb";
import { SignInMethod } from "@bellwether/gen/bellwether/ops/v1/session_pb";
import { SessionService } from "@bellwether/gen/bellwether/ops/v1/session_service_pb";
import { Role } from "@bellwether/gen/bellwether/policy/v1/role_pb";
import { ErrorInfoSchema } from "@bellwether/gen/google/rpc/error_details_pb";
import { type PostgresServer, usePostgres } from "@bellwether/testing/postgres-cluster";
import { type Client, Code, createClient } from "@connectrpc/connect";
import { createConnectTransport, createGrpcTransport } from "@connectrpc/connect-node";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { failureOf, startOps } from "./ops-harness.ts";
import { removeLocalKeys, SIGN_IN, type SignInHarness, startSignIn } from "./sign-in-harness.ts";
import type { TestBrowser } from "./test-browser.ts";

vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

let cluster: PostgresServer;
let databaseUrl: string;
let people: SignInHarness;
let admin: { readonly headers: HeadersInit };
let sessions: Client<typeof SessionService>;
beforeAll(async () => {
  cluster = await usePostgres();
  databaseUrl = await cluster.createDatabase();
  people = await startSignIn(databaseUrl);
  admin = { headers: { authorization: `Bearer ${await people.token("root", ["admin"])}` } };
  sessions = createClient(SessionService, createGrpcTransport({ baseUrl: people.ops.grpcUrl }));
});
afterAll(async () => {
  await people?.[Symbol.asyncDispose]();
  await cluster?.[Symbol.asyncDispose]();
  await removeLocalKeys();
});

/** Lists alerts with the cookies of a browser, and returns the status. */
const use = async (browser: TestBrowser, at = people): Promise<number> =>
  (await browser.fetch(`${at.ops.webUrl}/alerts`, { headers: { cookie: browser.cookieHeader(people.ops.webUrl) } }))
    .status;
const reasonOf = (error: Awaited<ReturnType<typeof failureOf>>) => error.findDetails(ErrorInfoSchema)[0]?.reason;

describe("an administrator", () => {
  test("lists the sessions of a person, without a secret", async () => {
    const browser = await people.browserWithToken("list-ada", ["analyst"]);
    await people.browserWithToken("list-bo", ["viewer"]);
    const { sessions: listed } = await sessions.listSessions({ subject: "list-ada" }, admin);
    expect(listed).toMatchObject([{ subject: "list-ada", role: Role.ANALYST, method: SignInMethod.TOKEN }]);
    const fields = Object.keys(listed[0] ?? {}).filter((name) => !name.startsWith("$"));
    expect(fields.sort()).toEqual(
      ["sessionId", "subject", "name", "role", "method", "createdAt", "lastUsedAt", "expiresAt"].sort(),
    );
    const json = JSON.stringify(await sessions.listSessions({}, admin), (_, value) =>
      typeof value === "bigint" ? String(value) : value,
    );
    for (const cookie of browser.cookieHeader(people.ops.webUrl).split("=")) expect(json).not.toContain(cookie);
  });

  test("ends all sessions of a person at every replica, with their watches and copies, and it is audited", async () => {
    await using other = await startSignIn(databaseUrl);
    const laptop = await people.browserWithToken("ada", ["analyst"]);
    const phone = await people.browserWithToken("ada", ["analyst"]);
    const bo = await people.browserWithToken("bo", ["analyst"]);
    const stolen = laptop.copy();
    const watch = createClient(AlertService, createConnectTransport({ baseUrl: other.ops.webUrl, httpVersion: "1.1" }))
      .watchAlerts(
        {},
        { headers: { cookie: laptop.cookieHeader(people.ops.webUrl), origin: new URL(other.ops.webUrl).origin } },
      )
      [Symbol.asyncIterator]();
    await watch.next();
    expect([await use(laptop), await use(stolen, other), await use(phone)]).toEqual([200, 200, 200]);

    const { sessions: ended } = await sessions.endSessions({ subject: "ada", reason: "laptop stolen" }, admin);
    expect(ended).toHaveLength(2);
    expect(ended.every(({ endedAt }) => endedAt !== undefined)).toBe(true);
    expect([await use(laptop), await use(stolen), await use(stolen, other), await use(phone)]).toEqual([
      ...[401, 401, 401, 401],
    ]);
    expect(await use(bo)).toBe(200);
    expect(reasonOf(await failureOf(Promise.resolve(watch.next())))).toBe("SESSION_ENDED");
    expect((await people.audit("sign_in.ended")).slice(-2)).toEqual(
      ended.map(({ sessionId }) => ({
        ...{ actor: "root", subject: "ada" },
        payload: { session_id: sessionId, method: "token", by: "admin", reason: "laptop stolen" },
      })),
    );

    const again = await people.browserWithToken("ada", ["analyst"]);
    expect([await use(again), await use(stolen)]).toEqual([200, 401]);
  });

  test("ends one session by its id, and the others stay", async () => {
    const [first, second] = [
      await people.browserWithToken("eve", ["viewer"]),
      await people.browserWithToken("eve", ["viewer"]),
    ];
    const { sessions: listed } = await sessions.listSessions({ subject: "eve" }, admin);
    const oldest = listed.at(-1)?.sessionId ?? "";
    await sessions.endSessions({ subject: "eve", sessionIds: [oldest] }, admin);
    expect([await use(first), await use(second)]).toEqual([401, 200]);
    expect((await sessions.listSessions({ subject: "eve" }, admin)).sessions).toHaveLength(1);
    expect((await sessions.listSessions({ subject: "eve", includeEnded: true }, admin)).sessions).toHaveLength(2);
  });

  test("a repetition ends nothing and records nothing", async () => {
    await people.browserWithToken("repeat", ["viewer"]);
    expect((await sessions.endSessions({ subject: "repeat" }, admin)).sessions).toHaveLength(1);
    const before = (await people.audit("sign_in.ended")).length;
    expect((await sessions.endSessions({ subject: "repeat" }, admin)).sessions).toEqual([]);
    expect((await people.audit("sign_in.ended")).length).toBe(before);
  });

  test("an unknown person, and an id of another person, end nothing", async () => {
    const browser = await people.browserWithToken("kim", ["viewer"]);
    await people.browserWithToken("lee", ["viewer"]);
    const [own] = (await sessions.listSessions({ subject: "kim" }, admin)).sessions;
    const [foreign] = (await sessions.listSessions({ subject: "lee" }, admin)).sessions;
    const unknown = await failureOf(sessions.endSessions({ subject: "Kim" }, admin));
    expect([unknown.code, reasonOf(unknown)]).toEqual([Code.NotFound, "SESSION_NOT_FOUND"]);
    const sessionIds = [own?.sessionId ?? "", foreign?.sessionId ?? ""];
    const mixed = await failureOf(sessions.endSessions({ subject: "kim", sessionIds }, admin));
    expect([mixed.code, mixed.rawMessage]).toEqual([Code.NotFound, expect.stringContaining(foreign?.sessionId ?? "")]);
    expect(await use(browser)).toBe(200);
  });

  test.each([
    ["no subject", { subject: "" }],
    ["a subject of 256 bytes", { subject: "x".repeat(256) }],
    ["an id that is not a UUID", { subject: "kim", sessionIds: ["1"] }],
    ["a reason of 513 bytes", { subject: "kim", reason: "x".repeat(513) }],
  ])("a request with %s is rejected", async (_, request) => {
    expect((await failureOf(sessions.endSessions(request, admin))).code).toBe(Code.InvalidArgument);
  });

  test("a session that was not used for too long is not listed as open", async () => {
    await using moved = await startSignIn(databaseUrl);
    await people.browserWithToken("idle", ["viewer"]);
    const client = createClient(SessionService, createGrpcTransport({ baseUrl: moved.ops.grpcUrl }));
    expect((await client.listSessions({ subject: "idle" }, admin)).sessions).toHaveLength(1);
    moved.clock.move(SIGN_IN.limits.idleMs + 60_000);
    expect((await client.listSessions({ subject: "idle" }, admin)).sessions).toEqual([]);
    expect((await client.listSessions({ subject: "idle", includeEnded: true }, admin)).sessions).toHaveLength(1);
  });

  test("reads a list page by page, and a token of another list is rejected", async () => {
    for (let i = 0; i < 3; i++) await people.browserWithToken("many", ["viewer"]);
    const seen: string[] = [];
    let pageToken = "";
    do {
      const page = await sessions.listSessions({ subject: "many", pageSize: 1, pageToken }, admin);
      seen.push(...page.sessions.map(({ sessionId }) => sessionId));
      pageToken = page.nextPageToken;
    } while (pageToken !== "");
    expect(new Set(seen).size).toBe(3);
    const [first] = [await sessions.listSessions({ subject: "many", pageSize: 1 }, admin)];
    const wrong = sessions.listSessions({ subject: "ada", pageSize: 1, pageToken: first.nextPageToken }, admin);
    expect(reasonOf(await failureOf(wrong))).toBe("PAGE_TOKEN");
  });
});

test("without authentication there are no sessions", async () => {
  await using off = await startOps(await cluster.createDatabase());
  const client = createClient(SessionService, createGrpcTransport({ baseUrl: off.grpcUrl }));
  expect((await client.listSessions({})).sessions).toEqual([]);
  expect((await failureOf(client.endSessions({ subject: "ada" }))).code).toBe(Code.NotFound);
});
