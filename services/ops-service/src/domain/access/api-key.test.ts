import { createHash } from "node:crypto";
import { expect, it } from "vitest";
import { newApiKey } from "./api-key.ts";
import { ApiKeyEndError, ApiKeyScopeError } from "./api-key-error.ts";

const NOW = new Date("2026-11-02T08:00:00Z");
const DAY_MS = 86_400_000;
const inDays = (days: number): Date => new Date(NOW.getTime() + days * DAY_MS);
const request = { name: "loader", role: "service", createdBy: "ada", expiresAt: undefined } as const;

it("a key has 256 random bits and a mark; only its hash is kept", () => {
  const { key, secret } = newApiKey(request, NOW);
  expect(secret).toMatch(/^bw_[A-Za-z0-9]{8}_[\w-]{43}$/);
  expect(key.prefix).toBe(secret.slice(0, 11));
  expect(key.hash).toBe(createHash("sha256").update(secret).digest("hex"));
  expect(JSON.stringify(key)).not.toContain(secret.slice(11));
  expect(newApiKey(request, NOW).secret).not.toBe(secret);
});

it("a key has the suppliers that it was given, and a key of a service none", () => {
  const scope = { regions: ["Europe"], categories: [] };
  expect(newApiKey({ ...request, role: "viewer", scope }, NOW).key.scope).toEqual(scope);
  expect(newApiKey(request, NOW).key.scope).toBeNull();
  expect(() => newApiKey({ ...request, scope }, NOW)).toThrow(ApiKeyScopeError);
});

it("a key ends after 90 days, or at a date up to two years ahead", () => {
  expect(newApiKey(request, NOW).key.expiresAt).toEqual(inDays(90));
  expect(newApiKey({ ...request, expiresAt: inDays(731) }, NOW).key.expiresAt).toEqual(inDays(731));
  for (const expiresAt of [NOW, inDays(-1), inDays(732), new Date(Number.NaN)])
    expect(() => newApiKey({ ...request, expiresAt }, NOW)).toThrow(ApiKeyEndError);
});
