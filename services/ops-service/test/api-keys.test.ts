import { randomUUID } from "node:crypto";
import { AlertService } from "@bellwether/gen/bellwether/ops/v1/alert_service_pb";
import { ApiKeyService } from "@bellwether/gen/bellwether/ops/v1/api_key_service_pb";
import { Role } from "@bellwether/gen/bellwether/policy/v1/role_pb";
import { ErrorInfoSchema } from "@bellwether/gen/google/rpc/error_details_pb";
import type { ApiKeyList } from "@bellwether/mesh/auth/api-key-list";
import { createApiKeyList } from "@bellwether/mesh/auth/api-key-list";
import { watchApiKeys } from "@bellwether/mesh/auth/watch-api-keys";
import { createMeshTransport } from "@bellwether/mesh/client/mesh-transport";
import { type PostgresServer, usePostgres } from "@bellwether/testing/postgres-cluster";
import { type Timestamp, timestampFromDate, timestampFromMs, timestampMs } from "@bufbuild/protobuf/wkt";
import { type Client, ConnectError, createClient } from "@connectrpc/connect";
import { createConnectTransport, createGrpcTransport } from "@connectrpc/connect-node";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { removeLocalKeys, type SignInHarness, startSignIn } from "./sign-in-harness.ts";

vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

let cluster: PostgresServer;
let databaseUrl: string;
let harness: SignInHarness;
let admin: { readonly headers: HeadersInit };
let keys: Client<typeof ApiKeyService>;
beforeAll(async () => {
  cluster = await usePostgres();
  databaseUrl = await cluster.createDatabase();
  harness = await startSignIn(databaseUrl);
  admin = { headers: { authorization: `Bearer ${await harness.token("root", ["admin"])}` } };
  keys = createClient(ApiKeyService, createGrpcTransport({ baseUrl: harness.ops.grpcUrl }));
});
afterAll(async () => {
  await harness?.[Symbol.asyncDispose]();
  await cluster?.[Symbol.asyncDispose]();
  await removeLocalKeys();
});

const reasonOf = (error: unknown): string => ConnectError.from(error).findDetails(ErrorInfoSchema)[0]?.reason ?? "none";
const outcome = (call: Promise<unknown>): Promise<string> => call.then(() => "OK", reasonOf);
const withKey = (secret: string) => ({ headers: { authorization: `Bearer ${secret}` } });
const newKey = (over: { name?: string; role?: Role; expiresAt?: Timestamp } = {}) =>
  keys.createApiKey({ name: `key ${randomUUID().slice(0, 8)}`, role: Role.VIEWER, ...over }, admin);
/** Lists alerts with a key. */
const useKey = (secret: string, at = harness): Promise<string> =>
  outcome(createClient(AlertService, createGrpcTransport({ baseUrl: at.ops.grpcUrl })).listAlerts({}, withKey(secret)));

describe("a new key", () => {
  test("is shown once, is accepted at once, and is recorded with its creator", async () => {
    const { apiKey, secret } = await newKey({ name: "erp-export" });
    expect(secret).toMatch(/^bw_[A-Za-z0-9]{8}_[\w-]{43}$/);
    expect(apiKey).toMatchObject({
      name: "erp-export",
      prefix: secret.slice(0, 11),
      role: Role.VIEWER,
      createdBy: "root",
    });
    expect(apiKey?.expiresAt && timestampMs(apiKey.expiresAt) - Date.now()).toBeCloseTo(90 * 86_400_000, -5);
    expect(await useKey(secret)).toBe("OK");
    const listed = await keys.listApiKeys({}, admin);
    expect(JSON.stringify(listed.apiKeys.map(({ prefix, name }) => [prefix, name]))).not.toContain(secret);
    expect((await harness.audit("key.created")).at(-1)).toMatchObject({
      ...{ actor: "root", subject: "erp-export", payload: { name: "erp-export", role: "viewer" } },
    });
    expect(JSON.stringify(await harness.audit("key.created"))).not.toContain(secret);
  });

  test("has the permissions of its role, and callers are named after it", async () => {
    const { secret } = await newKey({ name: "boss", role: Role.ADMIN });
    const { apiKey } = await keys.createApiKey({ name: "child", role: Role.VIEWER }, withKey(secret));
    expect(apiKey?.createdBy).toBe("key:boss");
    const viewer = await newKey();
    expect(await outcome(keys.listApiKeys({}, withKey(viewer.secret)))).toBe("ROLE_MISSING");
    const service = await newKey({ role: Role.SERVICE });
    expect(await outcome(keys.listApiKeys({}, withKey(service.secret)))).toBe("ROLE_MISSING");
  });

  test("has the suppliers that it was given, in lists and for other services", async () => {
    const scope = { regions: ["Europe", "Asia", "Europe"], categories: [] };
    expect(await outcome(keys.createApiKey({ name: "twice", role: Role.VIEWER, scope }, admin))).toBe(
      "INVALID_REQUEST",
    );
    const given = { regions: ["Europe", "Asia"], categories: ["Steel"] };
    const { apiKey, secret } = await keys.createApiKey({ name: "buyers", role: Role.ADMIN, scope: given }, admin);
    expect(apiKey?.scope).toMatchObject({ regions: ["Asia", "Europe"], categories: ["Steel"] });
    const listed = (await keys.listApiKeys({}, admin)).apiKeys.find(({ name }) => name === "buyers");
    expect(listed?.scope).toEqual(apiKey?.scope);
    expect((await harness.audit("key.created")).at(-1)?.payload).toMatchObject({ scope: { categories: ["Steel"] } });
    expect(await useKey(secret)).toBe("OK");
    // With a wider key, the caller would see all suppliers.
    expect(await outcome(keys.createApiKey({ name: "wider", role: Role.VIEWER }, withKey(secret)))).toBe(
      "SUPPLIER_SCOPE",
    );
    const none = await newKey({ name: "empty scope" });
    expect(none.apiKey?.scope).toBeUndefined();
  });

  test.each([
    ["a scope for a service", { role: Role.SERVICE, scope: { regions: ["Europe"] } }, "API_KEY_SCOPE"],
    ["a scope with an empty region", { scope: { regions: [""] } }, "INVALID_REQUEST"],
    ["a name that exists", { name: "erp-export" }, "API_KEY_NAME_TAKEN"],
    ["no name", { name: "" }, "INVALID_REQUEST"],
    ["a name of 65 characters", { name: "x".repeat(65) }, "INVALID_REQUEST"],
    ["a name with a line break", { name: "a\nb" }, "INVALID_REQUEST"],
    ["no role", { role: Role.UNSPECIFIED }, "INVALID_REQUEST"],
    ["a role that no caller has", { role: Role.RUNNER }, "INVALID_REQUEST"],
    ["an end in the past", { expiresAt: timestampFromMs(Date.now() - 1_000) }, "API_KEY_END"],
    ["an end in three years", { expiresAt: timestampFromMs(Date.now() + 3 * 365 * 86_400_000) }, "API_KEY_END"],
    ["an end beyond all calendars", { expiresAt: { seconds: 10n ** 15n, nanos: 0 } }, "API_KEY_END"],
  ])("with %s is rejected", async (_, over, reason) => {
    expect(await outcome(keys.createApiKey({ name: "fresh", role: Role.VIEWER, ...over }, admin))).toBe(reason);
  });

  test("one of many with the same name is created", async () => {
    const all = await Promise.all(Array.from({ length: 10 }, () => outcome(newKey({ name: "race" }))));
    expect(all.filter((one) => one === "OK")).toHaveLength(1);
    expect(new Set(all)).toEqual(new Set(["OK", "API_KEY_NAME_TAKEN"]));
  });
});

describe("a key that is not accepted", () => {
  test("a wrong, a cut and an unknown key are rejected", async () => {
    const { secret } = await newKey();
    const end = secret.endsWith("A") ? "B" : "A";
    for (const wrong of [
      `${secret.slice(0, -1)}${end}`,
      secret.slice(0, -1),
      `${secret}x`,
      "bw_",
      "bw_AAAAAAAA_",
      `bw_AAAAAAAA_${"A".repeat(43)}`,
    ])
      expect([wrong, await useKey(wrong)]).toEqual([wrong, "KEY_INVALID"]);
  });

  test("a key is rejected from its end date on", async () => {
    await using other = await startSignIn(await cluster.createDatabase());
    const root = { headers: { authorization: `Bearer ${await other.token("root", ["admin"])}` } };
    const client = createClient(ApiKeyService, createGrpcTransport({ baseUrl: other.ops.grpcUrl }));
    const expiresAt = timestampFromDate(new Date(other.clock.now().getTime() + 3_600_000));
    const { secret } = await client.createApiKey({ name: "short", role: Role.VIEWER, expiresAt }, root);
    expect(await useKey(secret, other)).toBe("OK");
    other.clock.move(3_600_000);
    expect(["KEY_EXPIRED", "KEY_INVALID"]).toContain(await useKey(secret, other));
  });

  test("a revoked key is rejected at once here, within a second at another replica, and the revocation is recorded once", async () => {
    await using other = await startSignIn(databaseUrl);
    const { apiKey, secret } = await newKey({ name: "leaked" });
    await expect.poll(() => useKey(secret, other), { timeout: 5_000, interval: 20 }).toBe("OK");
    await keys.revokeApiKey({ keyId: apiKey?.keyId ?? "" }, admin);
    const revokedAt = performance.now();
    expect(await useKey(secret)).toBe("KEY_INVALID");
    await expect.poll(() => useKey(secret, other), { timeout: 5_000, interval: 10 }).toBe("KEY_INVALID");
    const tookMs = performance.now() - revokedAt;
    console.log(`revoked at another replica of ops-service after ${tookMs.toFixed(0)} ms`);
    expect(tookMs).toBeLessThan(1_000);
    const again = await keys.revokeApiKey({ keyId: apiKey?.keyId ?? "" }, admin);
    expect(again.apiKey?.revokedBy).toBe("root");
    expect((await harness.audit("key.revoked")).filter(({ subject }) => subject === "leaked")).toHaveLength(1);
    expect(await outcome(keys.revokeApiKey({ keyId: randomUUID() }, admin))).toBe("API_KEY_NOT_FOUND");
    // Its name is free again.
    expect((await newKey({ name: "leaked" })).apiKey?.name).toBe("leaked");
  });
});

describe("an open watch of alerts", () => {
  const watchWith = async (secret: string, over: "gRPC" | "Connect" = "gRPC") => {
    const transport =
      over === "gRPC"
        ? createGrpcTransport({ baseUrl: harness.ops.grpcUrl })
        : createConnectTransport({ baseUrl: harness.ops.webUrl, httpVersion: "1.1" });
    const closing = new AbortController();
    const options = { ...withKey(secret), signal: closing.signal };
    const watch = createClient(AlertService, transport).watchAlerts({}, options)[Symbol.asyncIterator]();
    await watch.next();
    const ended = (async () => {
      for (;;) if ((await watch.next()).done) return;
    })();
    return { ended: outcome(ended), close: () => closing.abort() };
  };

  test.each(["gRPC", "Connect"] as const)(
    "over %s ends when its key is revoked; that of another key goes on",
    async (over) => {
      const [revoked, kept] = [await newKey(), await newKey()];
      const watch = await watchWith(revoked.secret, over);
      const other = await watchWith(kept.secret, over);
      await keys.revokeApiKey({ keyId: revoked.apiKey?.keyId ?? "" }, admin);
      expect(await watch.ended).toBe("KEY_INVALID");
      expect(await useKey(kept.secret)).toBe("OK");
      expect(await Promise.race([other.ended, Promise.resolve("open")])).toBe("open");
      other.close();
      await other.ended;
    },
  );

  test("ends at the end date of its key; that of another key goes on", async () => {
    const kept = await newKey();
    const other = await watchWith(kept.secret);
    const { secret } = await newKey({ expiresAt: timestampFromMs(harness.clock.now().getTime() + 4_000) });
    const watch = await watchWith(secret);
    expect(await watch.ended).toBe("KEY_EXPIRED");
    expect(await Promise.race([other.ended, Promise.resolve("open")])).toBe("open");
    other.close();
    await other.ended;
  });
});

test("keys are listed in pages, newest first, revoked ones only on request", async () => {
  const created = [];
  for (let i = 0; i < 5; i++) created.push((await newKey()).apiKey?.keyId);
  const first = await keys.listApiKeys({ pageSize: 3 }, admin);
  const second = await keys.listApiKeys({ pageSize: 3, pageToken: first.nextPageToken }, admin);
  const ids = [...first.apiKeys, ...second.apiKeys].map(({ keyId }) => keyId);
  expect(ids.slice(0, 5)).toEqual(created.toReversed());
  await keys.revokeApiKey({ keyId: created[4] ?? "" }, admin);
  const now = await keys.listApiKeys({ pageSize: 1 }, admin);
  expect(now.apiKeys[0]?.keyId).toBe(created[3]);
  const all = await keys.listApiKeys({ pageSize: 1, includeEnded: true }, admin);
  expect(all.apiKeys[0]?.keyId).toBe(created[4]);
  expect(await outcome(keys.listApiKeys({ pageToken: first.nextPageToken, includeEnded: true }, admin))).toBe(
    "PAGE_TOKEN",
  );
});

test("the latest use of a key is recorded", async () => {
  const { apiKey } = await newKey();
  const keyId = apiKey?.keyId ?? "";
  const service = { headers: { authorization: `Bearer ${await harness.token("ml", ["service"])}` } };
  const used = async () => {
    const { apiKeys } = await keys.listApiKeys({ pageSize: 200 }, admin);
    const at = apiKeys.find((key) => key.keyId === keyId)?.lastUsedAt;
    return at && timestampMs(at);
  };
  expect(await used()).toBeUndefined();
  const at = Date.now() - 10_000;
  const uses = [
    { keyId, usedAt: timestampFromMs(at) },
    { keyId: randomUUID(), usedAt: timestampFromMs(at) },
  ];
  await keys.recordApiKeyUse({ uses }, service);
  expect(await used()).toBe(at);
  await keys.recordApiKeyUse({ uses: [{ keyId, usedAt: timestampFromMs(at - 5_000) }] }, service);
  expect(await used()).toBe(at);
  await keys.recordApiKeyUse({ uses: [{ keyId, usedAt: timestampFromMs(Date.now() + 10 * 86_400_000) }] }, service);
  expect(await used()).toBeLessThanOrEqual(Date.now());
  expect(await outcome(keys.recordApiKeyUse({ uses }, admin))).toBe("ROLE_MISSING");
});

test("a list of keys has a use from just before, and so has the answer that revokes the key", async () => {
  const { apiKey, secret } = await newKey({ name: "used" });
  const keyId = apiKey?.keyId ?? "";
  const before = Date.now();
  await useKey(secret);
  const listed = (await keys.listApiKeys({ pageSize: 200 }, admin)).apiKeys.find((key) => key.keyId === keyId);
  expect(listed?.lastUsedAt && timestampMs(listed.lastUsedAt)).toBeGreaterThanOrEqual(before);
  const again = Date.now();
  await useKey(secret);
  const revoked = (await keys.revokeApiKey({ keyId }, admin)).apiKey;
  expect(revoked?.lastUsedAt && timestampMs(revoked.lastUsedAt)).toBeGreaterThanOrEqual(again);
});

describe("the list that other services watch", () => {
  const listAt = async (grpcUrl: string, holdMs = 60_000, monotonicMs = () => performance.now()) => {
    const token = await harness.token("ml", ["service"]);
    const opened = new AsyncDisposableStack();
    const transport = opened.use(createMeshTransport({ url: grpcUrl, token: () => token }));
    const list = createApiKeyList({ holdMs, monotonicMs });
    const log = { info: vi.fn(), warn: vi.fn() };
    opened.use(watchApiKeys({ transport, list, log, reportMs: 50 }));
    return { list, log, [Symbol.asyncDispose]: () => opened.disposeAsync() };
  };
  const verified = (list: ApiKeyList, secret: string): string => {
    try {
      return list.verify(secret)?.subject ?? "none";
    } catch (error) {
      return reasonOf(error);
    }
  };

  test("has a new key and loses a revoked one within 5 s, and reports uses", async () => {
    await using watched = await listAt(harness.ops.grpcUrl);
    const { apiKey, secret } = await newKey({ name: "watched" });
    await expect.poll(() => verified(watched.list, secret), { timeout: 10_000, interval: 5 }).toBe("key:watched");
    await expect
      .poll(
        async () =>
          (await keys.listApiKeys({ pageSize: 200 }, admin)).apiKeys.find(({ name }) => name === "watched")?.lastUsedAt,
      )
      .toBeDefined();
    const revokedAt = performance.now();
    await keys.revokeApiKey({ keyId: apiKey?.keyId ?? "" }, admin);
    await expect.poll(() => verified(watched.list, secret), { timeout: 10_000, interval: 5 }).toBe("KEY_INVALID");
    const tookMs = performance.now() - revokedAt;
    console.log(`revoked at a service that watches the list after ${tookMs.toFixed(0)} ms`);
    expect(tookMs).toBeLessThan(5_000);
  });

  test("is used for the hold time while ops-service does not answer, then keys are unavailable, then it is back", async () => {
    const url = await cluster.createDatabase();
    const first = await startSignIn(url);
    const port = Number(new URL(first.ops.grpcUrl).port);
    let offsetMs = 0;
    await using watched = await listAt(first.ops.grpcUrl, 60_000, () => performance.now() + offsetMs);
    const root = { headers: { authorization: `Bearer ${await first.token("root", ["admin"])}` } };
    const client = createClient(ApiKeyService, createGrpcTransport({ baseUrl: first.ops.grpcUrl }));
    const { secret } = await client.createApiKey({ name: "held", role: Role.VIEWER }, root);
    await expect.poll(() => verified(watched.list, secret), { timeout: 10_000 }).toBe("key:held");
    await first[Symbol.asyncDispose]();
    // In the first minute of this process, the outage is a line at level info.
    const said = () =>
      new Set([...watched.log.info.mock.calls, ...watched.log.warn.mock.calls].map(([, text]) => text));
    await expect.poll(said, { timeout: 10_000 }).toEqual(new Set(["the list of API keys cannot be watched"]));
    offsetMs = 30_000;
    expect(verified(watched.list, secret)).toBe("key:held");
    offsetMs = 61_000;
    expect(verified(watched.list, secret)).toBe("KEYS_UNAVAILABLE");
    await using _again = await startSignIn(url, { ports: { grpc: port, web: 0, admin: 0 } });
    await expect.poll(() => verified(watched.list, secret), { timeout: 20_000 }).toBe("key:held");
    expect(said()).toContain("the list of API keys is watched again");
  });

  test("a caller that is not a service does not get the list", async () => {
    const stream = keys.watchApiKeys({}, admin)[Symbol.asyncIterator]();
    expect(await outcome(stream.next())).toBe("ROLE_MISSING");
  });
});
