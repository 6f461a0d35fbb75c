import { mkdtemp, rm } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { createLocalKeys } from "@bellwether/mesh/auth/local-keys";
import { usePostgres } from "@bellwether/testing/postgres-cluster";
import { startService } from "@bellwether/testing/service-process";
import { expect, onTestFinished, test, vi } from "vitest";
import { CLIENT_ID, CLIENT_SECRET, startProvider } from "./identity-provider.ts";
import { freePort } from "./sign-in-harness.ts";
import { createBrowser } from "./test-browser.ts";

vi.setConfig({ testTimeout: 120_000 });

test("a sign-in that was begun before the service was killed ends after its restart, and the session survives another kill", async () => {
  const folder = await mkdtemp(path.join(os.tmpdir(), "bellwether-sign-in-process-"));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  await using cluster = await usePostgres();
  const { publicKeysFile } = await createLocalKeys(path.join(folder, "tokens"));
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  await using provider = await startProvider(`${url}/auth/callback`);
  const env = {
    DATABASE_URL: await cluster.createDatabase(),
    BELLWETHER_DATA_DIR: folder,
    OPS_SERVICE_WEB_PORT: String(port),
    BELLWETHER_AUTH_JWKS_FILE: publicKeysFile,
    BELLWETHER_PUBLIC_URL: url,
    BELLWETHER_OIDC_ISSUER: provider.issuer.origin,
    BELLWETHER_OIDC_CLIENT_ID: CLIENT_ID,
    BELLWETHER_OIDC_CLIENT_SECRET: CLIENT_SECRET,
    BELLWETHER_OIDC_SCOPE: "openid profile groups",
    BELLWETHER_OIDC_ROLES: "Risk Analysts=analyst",
  };
  const browser = createBrowser();
  const first = await startService("ops-service", env);
  const begun = await browser.open(`${url}/auth/login?return=/%23/run`, {
    until: ({ pathname }) => pathname === "/auth/callback",
  });
  await first.kill();
  const second = await startService("ops-service", env);
  const ended = await browser.open(begun.url.href, { until: ({ pathname }) => pathname === "/" });
  expect(ended.url.href).toBe(`${url}/#/run`);
  await second.kill();
  await using _third = await startService("ops-service", env);
  const session = await browser.fetch(`${url}/auth/session`);
  expect([session.status, await session.json()]).toEqual([200, expect.objectContaining({ name: "Ada Lovelace" })]);
});

test("behind a proxy that sends another Host, the origin of the public URL is the page's own", async () => {
  const folder = await mkdtemp(path.join(os.tmpdir(), "bellwether-public-url-"));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  await using cluster = await usePostgres();
  const port = await freePort();
  await using _ops = await startService("ops-service", {
    DATABASE_URL: await cluster.createDatabase(),
    BELLWETHER_DATA_DIR: folder,
    OPS_SERVICE_WEB_PORT: String(port),
    BELLWETHER_PUBLIC_URL: "https://risk.example.org/bellwether",
  });
  const statusFor = async (origin: string) => {
    const response = await fetch(`http://127.0.0.1:${port}/alerts`, { headers: { origin } });
    await response.body?.cancel();
    return response.status;
  };
  expect(await statusFor("https://risk.example.org")).toBe(200);
  expect(await statusFor("http://risk.example.org")).toBe(403);
  expect(await statusFor("https://other.example.org")).toBe(403);
});
