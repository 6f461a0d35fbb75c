import { randomUUID } from "node:crypto";
import { type PostgresServer, usePostgres } from "@bellwether/testing/postgres-cluster";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { newSession, secretHash } from "../../domain/access/session.ts";
import { type Database, openDatabase } from "../database.ts";
import { session } from "../sign-in-schema.ts";
import { createSessionStore, removeEndedSessions } from "./sessions.ts";

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

const T0 = new Date("2026-11-02T08:00:00Z");
const after = (ms: number): Date => new Date(T0.getTime() + ms);
const limits = { idleMs: 60_000, lifetimeMs: 3_600_000, rotateMs: 1_000 };
const DAY_MS = 24 * 3_600_000;
const store = () => createSessionStore(database, randomUUID);

async function signIn(subject: string): Promise<{ readonly id: string; readonly hash: string }> {
  const { session: created, secret } = newSession({ subject, name: "", role: "viewer" }, "oidc", limits, T0);
  await store().create(created, secretHash(secret));
  return { id: created.id, hash: secretHash(secret) };
}

test("sessions are removed a day after their end, at most 1,000 at a time, and used links too", async () => {
  const { hash } = await signIn("old");
  await store().useLink("link", T0);
  const others = Array.from({ length: 1_050 }, (_, i) => {
    const { session: other, secret } = newSession({ subject: `p${i}`, name: "", role: "viewer" }, "oidc", limits, T0);
    return { ...other, hash: secretHash(secret) };
  });
  await database.db.insert(session).values(others);
  expect(await removeEndedSessions(database.db, after(3_600_000 + DAY_MS))).toBe(1);
  expect(await store().find(hash, after(DAY_MS))).toBeDefined();
  const late = after(3_600_000 + DAY_MS + 1);
  expect(await removeEndedSessions(database.db, late)).toBe(1_000);
  expect(await removeEndedSessions(database.db, late)).toBe(51);
  expect(await store().find(hash, late)).toBeUndefined();
  // The link could be used again, but it is valid for 10 minutes only.
  expect(await store().useLink("link", late)).toBe(true);
});

test("of several sessions, those that are not accepted any more are found", async () => {
  const [open, ended, idle] = await Promise.all([signIn("a"), signIn("b"), signIn("c")]);
  const at = after(60_001);
  await store().recordUse(open.id, at);
  await store().recordUse(ended.id, at);
  await store().end(ended.hash, at);
  const unknown = randomUUID();
  expect(await store().findEnded([open.id, ended.id, idle.id, unknown], limits.idleMs, at)).toEqual([
    ...[ended.id, idle.id, unknown],
  ]);
});

test("a use never moves the time back, and a session ends once", async () => {
  const { id, hash } = await signIn("d");
  await store().recordUse(id, after(5_000));
  await store().recordUse(id, after(1_000));
  expect((await store().find(hash, T0))?.session.lastUsedAt).toEqual(after(5_000));
  const ends = await Promise.all(Array.from({ length: 8 }, () => store().end(hash, after(6_000))));
  expect(ends.filter(Boolean)).toHaveLength(1);
});
