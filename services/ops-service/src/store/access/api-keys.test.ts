import { randomUUID } from "node:crypto";
import { MAX_API_KEYS } from "@bellwether/mesh/auth/api-key-list";
import { type PostgresServer, usePostgres } from "@bellwether/testing/postgres-cluster";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { newApiKey } from "../../domain/access/api-key.ts";
import { ApiKeyLimitError } from "../../domain/access/api-key-error.ts";
import { type Database, openDatabase } from "../database.ts";
import { apiKey } from "../sign-in-schema.ts";
import { createApiKey, listAcceptedKeys, revokeApiKey } from "./api-keys.ts";

vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

let cluster: PostgresServer;
let database: Database;
beforeAll(async () => {
  cluster = await usePostgres();
  database = await openDatabase(await cluster.createDatabase());
});
afterAll(async () => {
  await database?.close();
  await cluster?.[Symbol.asyncDispose]();
});

test("at most 1,000 keys are accepted; revoked and ended keys do not count", async () => {
  const now = new Date("2026-11-02T08:00:00Z");
  const keyOf = (name: string) => newApiKey({ name, role: "viewer", createdBy: "root", expiresAt: undefined }, now).key;
  const create = (name: string) => createApiKey(database.inTransaction, randomUUID, keyOf(name));
  const keys = Array.from({ length: MAX_API_KEYS - 1 }, (_, i) => keyOf(`key ${i}`));
  await database.db.insert(apiKey).values(keys);
  await database.db.insert(apiKey).values({ ...keyOf("ended"), expiresAt: now });
  await create("last");
  await expect(create("one more")).rejects.toThrow(ApiKeyLimitError);
  await revokeApiKey(database.inTransaction, randomUUID, keys[0]?.id ?? "", "root", now);
  await create("one more");
  const accepted = await listAcceptedKeys(database.db, now);
  expect(accepted).toHaveLength(MAX_API_KEYS);
  expect(accepted.map(({ name }) => name)).not.toContain("ended");
});
