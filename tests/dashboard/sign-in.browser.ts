import { mkdtemp, rm } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { BatchService } from "@bellwether/gen/bellwether/ops/v1/batch_service_pb";
import { createLocalKeys, issueToken } from "@bellwether/mesh/auth/local-keys";
import { startPostgresCluster } from "@bellwether/testing/postgres-cluster";
import { startService } from "@bellwether/testing/service-process";
import { createClient, type Interceptor } from "@connectrpc/connect";
import { createGrpcTransport } from "@connectrpc/connect-node";
import { afterAll, describe, expect, test } from "vitest";
import { CLIENT_ID, CLIENT_SECRET, startProvider } from "../../services/ops-service/test/identity-provider.ts";
import { testChunk } from "../../services/ops-service/test/ops-harness.ts";
import { freePort, removeLocalKeys, SIGN_IN, startSignIn } from "../../services/ops-service/test/sign-in-harness.ts";
import { hasChromium } from "./browser.ts";
import { row } from "./inbox-page.ts";
import { usePages } from "./page-harness.ts";

/** Publishes a week in which one supplier has a critical alert. */
async function publishWeek(grpcUrl: string, token: string): Promise<void> {
  const withToken: Interceptor = (next) => (request) => {
    request.header.set("authorization", `Bearer ${token}`);
    return next(request);
  };
  const batch = createClient(BatchService, createGrpcTransport({ baseUrl: grpcUrl, interceptors: [withToken] }));
  const { lease } = await batch.startRun({ isoWeek: "2026-W40", modelName: "supplier-risk", holder: "test" });
  await batch.submitChunk(testChunk(lease, 0, [{ id: "S-1", score: 0.95 }]));
  await batch.completeRun({ ...(lease && { lease }), rowsRead: 1n, rowsRejected: 0n, chunksTotal: 1 });
}

describe.skipIf(!hasChromium)("signing in on the page (apt-get install chromium)", () => {
  const pages = usePages();
  afterAll(removeLocalKeys);

  /** Starts ops-service with authentication, the page and an alert. */
  async function start(env: (webUrl: string) => Record<string, string> | Promise<Record<string, string>>) {
    const folder = await mkdtemp(path.join(os.tmpdir(), "bellwether-page-sign-in-"));
    pages.onEnd(() => rm(folder, { recursive: true, force: true }));
    const cluster = await startPostgresCluster();
    pages.onEnd(async () => cluster[Symbol.asyncDispose]());
    const { privateKeyFile, publicKeysFile } = await createLocalKeys(path.join(folder, "tokens"));
    const port = await freePort();
    const url = `http://localhost:${port}`;
    const ops = await startService("ops-service", {
      DATABASE_URL: await cluster.createDatabase(),
      BELLWETHER_DATA_DIR: folder,
      OPS_SERVICE_WEB_PORT: String(port),
      OPS_SERVICE_DASHBOARD: pages.dist(),
      BELLWETHER_AUTH_JWKS_FILE: publicKeysFile,
      ...(await env(url)),
    });
    pages.onEnd(() => ops.stop());
    const token = (subject: string, role: "viewer" | "analyst" | "service") =>
      issueToken(privateKeyFile, { subject, roles: [role], lifetimeS: 3_600 });
    await publishWeek(ops.grpc, await token("loader", "service"));
    return { url, token };
  }

  test("at the identity provider: returns to the place, shows name and role, and signing out ends it", {
    timeout: 120_000,
  }, async () => {
    const { url } = await start(async (webUrl) => {
      const provider = await startProvider(`${webUrl}/auth/callback`);
      pages.onEnd(async () => provider[Symbol.asyncDispose]());
      return {
        BELLWETHER_PUBLIC_URL: webUrl,
        BELLWETHER_OIDC_ISSUER: provider.issuer.origin,
        BELLWETHER_OIDC_CLIENT_ID: CLIENT_ID,
        BELLWETHER_OIDC_CLIENT_SECRET: CLIENT_SECRET,
        BELLWETHER_OIDC_SCOPE: "openid profile groups",
        BELLWETHER_OIDC_ROLES: "Risk Analysts=analyst",
      };
    });
    const { page } = await pages.openUrl(`${url}/#/suppliers`);
    await page.getByRole("link", { name: "Sign in at 127.0.0.1" }).click();
    await page.getByText("Ada Lovelace").waitFor();
    expect(page.url()).toBe(`${url}/#/suppliers`);
    await page.getByRole("link", { name: "Name of S-1" }).waitFor();
    await page.getByRole("button", { name: "Sign out" }).click();
    await page.getByRole("heading", { name: "Sign in" }).waitFor();
    await page.goto(`${url}/#/suppliers`);
    await page.getByText("You are not signed in").first().waitFor();
    expect(await page.getByText("Name of S-1").count()).toBe(0);
    const header = page.getByRole("banner");
    expect(await header.getByText(/Live|live/).count(), "nothing is received, and nothing is broken").toBe(0);
    expect(await header.getByRole("link", { name: "Audit" }).count()).toBe(0);
  });

  test("with a token; when the session ends, what was typed stays, and the decision is made after signing in again", {
    timeout: 120_000,
  }, async () => {
    const { url, token } = await start(() => ({}));
    const { page, context } = await pages.openUrl(`${url}/`);
    const signIn = async (scope = page.getByRole("region", { name: "Sign in" })) => {
      await scope.getByLabel("Token").fill(await token("ada", "analyst"));
      await scope.getByRole("button", { name: "Sign in" }).click();
    };
    await page.getByLabel("Token").fill("wrong");
    await page.getByRole("button", { name: "Sign in" }).click();
    await page.getByText("the token is not valid").waitFor();
    await signIn();
    await row(page, "Name of S-1").click();
    await page.getByRole("button", { name: "Resolve…" }).click();
    await page.getByRole("radio", { name: /Mitigated/ }).check();
    await page.getByLabel("Note for the history").fill("They have a new plant.");
    await context.clearCookies();
    await page.getByRole("button", { name: "Resolve", exact: true }).click();
    const prompt = page.getByRole("dialog", { name: "Sign in" });
    await prompt.waitFor();
    await signIn(prompt);
    await prompt.waitFor({ state: "detached" });
    expect(await page.getByLabel("Note for the history").inputValue()).toBe("They have a new plant.");
    await page.getByRole("button", { name: "Resolve", exact: true }).click();
    await page.getByText("Resolved: Name of S-1").first().waitFor();
  });

  test("another person who signs in on the page gets none of the forms and texts of the person before", {
    timeout: 120_000,
  }, async () => {
    const { url, token } = await start(() => ({}));
    const { page, context } = await pages.openUrl(`${url}/`);
    const signIn = async (subject: string, scope = page.getByRole("region", { name: "Sign in" })) => {
      await scope.getByLabel("Token").fill(await token(subject, "analyst"));
      await scope.getByRole("button", { name: "Sign in" }).click();
    };
    await signIn("ada");
    await row(page, "Name of S-1").click();
    await page.getByRole("button", { name: "Comment…" }).click();
    const comment = page.getByRole("textbox", { name: /^Comment/ });
    await comment.fill("Written by ada.");
    await context.clearCookies();
    await page.getByRole("button", { name: "Comment", exact: true }).click();
    const prompt = page.getByRole("dialog", { name: "Sign in" });
    await prompt.waitFor();
    await signIn("bob", prompt);
    await comment.waitFor({ state: "detached" });
    await page.getByRole("button", { name: "Comment…" }).click();
    expect(await comment.inputValue()).toBe("");
  });

  test.each([
    ["is not used for too long", SIGN_IN.limits.idleMs],
    ["reaches its longest lifetime", SIGN_IN.limits.lifetimeMs],
  ])("a session that %s in mid-triage loses nothing that was typed", { timeout: 120_000 }, async (_, endMs) => {
    const cluster = await startPostgresCluster();
    pages.onEnd(async () => cluster[Symbol.asyncDispose]());
    const people = await startSignIn(await cluster.createDatabase(), { dashboard: pages.dist() });
    pages.onEnd(async () => people[Symbol.asyncDispose]());
    await publishWeek(people.ops.grpcUrl, await people.token("loader", ["service"]));
    const { page } = await pages.openUrl(`${people.ops.webUrl}/`);
    const signIn = async (): Promise<void> => {
      const scope = page.getByRole("region", { name: "Sign in" }).or(page.getByRole("dialog", { name: "Sign in" }));
      await scope.getByLabel("Token").fill(await people.token("ada", ["analyst"], 48 * 3_600));
      await scope.getByRole("button", { name: "Sign in" }).click();
    };
    await signIn();
    await row(page, "Name of S-1").click();
    await page.getByRole("button", { name: "Resolve…" }).click();
    await page.getByRole("radio", { name: /Mitigated/ }).check();
    await page.getByLabel("Note for the history").fill("They have a new plant.");
    people.clock.move(endMs + 60_000);
    await page.getByRole("button", { name: "Resolve", exact: true }).click();
    const prompt = page.getByRole("dialog", { name: "Sign in" });
    await prompt.getByText("Your session has ended.").waitFor();
    await signIn();
    await prompt.waitFor({ state: "detached" });
    expect(await page.getByLabel("Note for the history").inputValue()).toBe("They have a new plant.");
    await page.getByRole("button", { name: "Resolve", exact: true }).click();
    await page.getByText("Resolved: Name of S-1").first().waitFor();
  });
});
