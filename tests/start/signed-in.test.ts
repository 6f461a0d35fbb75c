import { writeFile } from "node:fs/promises";
import path from "node:path";
import { createLocalKeys, issueToken } from "@bellwether/mesh/auth/local-keys";
import type { RoleName } from "@bellwether/mesh/call/caller";
import type { Browser, BrowserContext, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, onTestFinished, test, vi } from "vitest";
import {
  CLIENT_ID,
  CLIENT_SECRET,
  startProvider,
  type TestProvider,
} from "../../services/ops-service/test/identity-provider.ts";
import { freePort } from "../../services/ops-service/test/sign-in-harness.ts";
import { hasChromium, startBrowser } from "../dashboard/browser.ts";
import { type StartedMesh, startFolder } from "./started-mesh.ts";

// Each test follows people through a browser, while other tests run.
vi.setConfig({ testTimeout: 180_000, hookTimeout: 240_000 });

/** Names that a page, a query or a terminal could take for something else than text. */
const NAMES = [
  "'; drop table bellwether.alert; --",
  "<img src=x onerror=document.title='broken'> & Co",
  "שלום בע״מ (reversed)",
  "👩🏽‍🔧 Works",
  `${"Long ".repeat(39)}Name!`,
];

describe.skipIf(!hasChromium)("people who sign in after npm start (apt-get install chromium)", () => {
  let folder: Awaited<ReturnType<typeof startFolder>>;
  let mesh: StartedMesh;
  let provider: TestProvider;
  let browser: Browser;
  let url = "";
  let privateKeyFile = "";

  beforeAll(async () => {
    folder = await startFolder();
    const keys = await createLocalKeys(path.join(folder.path, "keys"));
    privateKeyFile = keys.privateKeyFile;
    const roles: readonly RoleName[] = ["service", "admin"];
    const tokenFile = path.join(folder.path, "mesh.token");
    await writeFile(tokenFile, await issueToken(privateKeyFile, { subject: "mesh", roles, lifetimeS: 86_400 }));
    const port = await freePort();
    url = `http://localhost:${port}`;
    provider = await startProvider(`${url}/auth/callback`);
    mesh = await folder.start({
      OPS_SERVICE_WEB_PORT: String(port),
      BELLWETHER_AUTH_JWKS_FILE: keys.publicKeysFile,
      BELLWETHER_TOKEN_FILE: tokenFile,
      BELLWETHER_PUBLIC_URL: url,
      BELLWETHER_OIDC_ISSUER: provider.issuer.origin,
      BELLWETHER_OIDC_CLIENT_ID: CLIENT_ID,
      BELLWETHER_OIDC_CLIENT_SECRET: CLIENT_SECRET,
      BELLWETHER_OIDC_SCOPE: "openid profile groups",
      BELLWETHER_OIDC_ROLES: "Risk Analysts=analyst",
    });
    browser = await startBrowser();
  });
  afterAll(async () => {
    await browser?.close();
    await mesh?.end("SIGTERM");
    await provider?.[Symbol.asyncDispose]();
    await folder?.[Symbol.asyncDispose]();
  });

  const tokenOf = (subject: string, role: RoleName) =>
    issueToken(privateKeyFile, { subject, roles: [role], lifetimeS: 3_600 });
  const authorized = async (subject: string, role: RoleName) => ({
    headers: { authorization: `Bearer ${await tokenOf(subject, role)}` },
  });
  /** Runs a command as an administrator. */
  const run = async (...args: string[]) => {
    const file = path.join(folder.path, "root.token");
    await writeFile(file, await tokenOf("root", "admin"));
    const OPS_SERVICE_URL = `http://${mesh.started.ops_service.grpc}`;
    return folder.run(args, { BELLWETHER_TOKEN_FILE: file, OPS_SERVICE_URL });
  };
  /** Opens the page in a browser of its own, with the cookies that it already has. */
  const open = async (hash: string, cookies: Awaited<ReturnType<BrowserContext["cookies"]>> = []): Promise<Page> => {
    const context = await browser.newContext({ locale: "en", timezoneId: "UTC" });
    onTestFinished(() => context.close());
    await context.addCookies(cookies);
    const page = await context.newPage();
    page.setDefaultTimeout(45_000);
    await page.goto(`${url}/${hash}`);
    return page;
  };
  const signInAtProvider = (page: Page) => page.getByRole("link", { name: "Sign in at 127.0.0.1" }).click();
  const signInWithToken = async (page: Page, subject: string, role: RoleName) => {
    const scope = page.getByRole("region", { name: "Sign in" }).or(page.getByRole("dialog", { name: "Sign in" }));
    await scope.getByLabel("Token").fill(await tokenOf(subject, role));
    await scope.getByRole("button", { name: "Sign in" }).click();
  };
  const rows = (page: Page) => page.locator(".inbox-rows .inbox-row");
  const nameOf = async (page: Page, i: number) => (await rows(page).nth(i).locator(".cell-name").textContent()) ?? "";
  /** Lists the alerts as a copy of the cookies would, and returns the status and the reason of the answer. */
  const useCookies = async (cookies: readonly { readonly name: string; readonly value: string }[]) => {
    const cookie = cookies.map(({ name, value }) => `${name}=${value}`).join("; ");
    const answer = await fetch(`${url}/alerts`, { headers: { cookie } });
    return [answer.status, answer.status === 200 ? "" : JSON.stringify(await answer.json())] as const;
  };

  test("a person signs in, triages to a disposition, finds a supplier and reads why, hands over, signs out and is rejected, and so is a stolen session", async () => {
    const page = await open("#/alerts");
    await page.getByText("You are not signed in").first().waitFor();
    expect(await rows(page).count()).toBe(0);
    await signInAtProvider(page);
    await page.getByText("Ada Lovelace").waitFor();
    await rows(page).nth(8).waitFor();
    const [first, second] = [await nameOf(page, 0), await nameOf(page, 1)];

    for (const key of ["r", "1", "Enter"]) await page.keyboard.press(key);
    await page
      .getByRole("status")
      .filter({ hasText: `Resolved: ${first}.` })
      .waitFor();
    for (const key of ["h", "j", "o", "Enter"]) await page.keyboard.press(key);
    await page
      .getByRole("status")
      .filter({ hasText: `Handed over to jo: ${second}.` })
      .waitFor();
    await page.keyboard.press("Control+k");
    const find = page.getByRole("dialog", { name: "Find" });
    await find.getByRole("combobox").fill(first);
    await find.getByRole("option", { name: first }).first().waitFor();
    await page.keyboard.press("Enter");
    await page.getByRole("heading", { name: first }).waitFor();
    await page.getByText(/^High because of /).waitFor();
    await page.getByText("Resolved by Ada Lovelace").waitFor();

    const stolen = await page.context().cookies();
    expect((await useCookies(stolen))[0]).toBe(200);
    await page.getByRole("button", { name: "Sign out" }).click();
    await page.getByRole("heading", { name: "Sign in" }).waitFor();
    const rejected = [401, expect.stringContaining("SESSION_ENDED")];
    expect(await useCookies(stolen)).toEqual(rejected);
    await page.goto(`${url}/#/alerts`);
    await page.getByText("You are not signed in").first().waitFor();
    const thief = await open("#/alerts", stolen);
    await thief.getByText("Your session has ended.").waitFor();
    expect([await rows(page).count(), await rows(thief).count()]).toEqual([0, 0]);

    await signInAtProvider(page);
    await rows(page).first().waitFor();
    expect(await useCookies(stolen)).toEqual(rejected);
  });

  test("a session that an administrator ends in mid-triage loses nothing that was typed, and its copy is refused", async () => {
    const page = await open("#/alerts");
    await signInWithToken(page, "bo", "analyst");
    await rows(page).first().click();
    const name = await nameOf(page, 0);
    await page.getByRole("button", { name: "Resolve…" }).click();
    await page.getByRole("radio", { name: /Mitigated/ }).check();
    await page.getByLabel("Note for the history").fill("They have a new plant.");
    const stolen = await page.context().cookies();

    const listed = await run("sessions", "list", "--subject", "bo");
    expect([listed.code, listed.stdout]).toEqual([0, expect.stringMatching(/^[0-9a-f-]{36} {2}analyst {2}bo .*\n$/)]);
    const ended = await run("sessions", "end", "bo", "--reason", "laptop stolen");
    expect([ended.code, ended.stdout]).toEqual([0, expect.stringMatching(/^ended: [0-9a-f-]{36} {2}analyst {2}bo /)]);
    const prompt = page.getByRole("dialog", { name: "Sign in" });
    await prompt.getByText("Your session has ended.").waitFor();
    expect(await useCookies(stolen)).toEqual([401, expect.stringContaining("SESSION_ENDED")]);

    await signInWithToken(page, "bo", "analyst");
    await prompt.waitFor({ state: "detached" });
    expect(await page.getByLabel("Note for the history").inputValue()).toBe("They have a new plant.");
    await page.getByRole("button", { name: "Resolve", exact: true }).click();
    await page
      .getByRole("status")
      .filter({ hasText: `Resolved: ${name}.` })
      .waitFor();
    expect(await useCookies(stolen)).toEqual([401, expect.stringContaining("SESSION_ENDED")]);
    const audit = await fetch(`${url}/bellwether.ops.v1.AuditService/QueryEvents`, {
      method: "POST",
      body: JSON.stringify({ kind: "sign_in.ended", subject: "bo" }),
      headers: { "content-type": "application/json", ...(await authorized("root", "admin")).headers },
    });
    expect(JSON.stringify(await audit.json())).toMatch(/laptop stolen/);
  });

  test("two people on one alert: the second is told who decided, keeps what was typed, and can send it again", async () => {
    const ada = await open("#/alerts");
    await signInAtProvider(ada);
    const bo = await open("#/alerts");
    await signInWithToken(bo, "bo", "analyst");
    for (const page of [ada, bo]) await rows(page).first().click();
    const name = await nameOf(ada, 0);
    expect(await nameOf(bo, 0)).toBe(name);
    await bo.getByRole("button", { name: "Resolve…" }).click();
    await bo.getByRole("radio", { name: /Mitigated/ }).check();
    await bo.getByLabel("Note for the history").fill("I called them.");
    await ada.getByRole("button", { name: "Acknowledge" }).click();
    await ada
      .getByRole("status")
      .filter({ hasText: `Acknowledged: ${name}.` })
      .waitFor();
    await bo.getByRole("button", { name: "Resolve", exact: true }).click();
    await bo
      .getByText(/Ada Lovelace .*acknowledged it/)
      .first()
      .waitFor();
    expect(await bo.getByLabel("Note for the history").inputValue()).toBe("I called them.");
    await bo
      .getByRole("button", { name: /^Resolve/ })
      .last()
      .click();
    await bo
      .getByRole("status")
      .filter({ hasText: `Resolved: ${name}.` })
      .waitFor();
  });

  test("names with SQL, HTML, reversed text, emoji and 200 characters are shown as text in all lists and on their pages", async () => {
    const answer = await fetch(`${url}/alerts?page_size=20`, await authorized("vic", "viewer"));
    const { alerts } = (await answer.json()) as { alerts: { supplier_id: string; severity: string }[] };
    const ids = [...new Set(alerts.map((alert) => alert.supplier_id))].slice(0, NAMES.length);
    const quoted = (text: string) => `"${text.replaceAll('"', '""')}"`;
    const file = path.join(folder.path, "names.csv");
    await writeFile(file, ["supplier_id,name", ...NAMES.map((name, i) => `${ids[i]},${quoted(name)}`)].join("\n"));
    const imported = await run("suppliers", "import", file, "--on-conflict", "update");
    expect([imported.code, imported.stderr]).toEqual([0, ""]);

    const page = await open("#/alerts");
    let dialogs = 0;
    page.on("dialog", () => dialogs++);
    await signInWithToken(page, "vic", "viewer");
    for (const name of NAMES) await rows(page).filter({ hasText: name }).first().waitFor();
    for (const [i, name] of NAMES.entries()) {
      await page.goto(`${url}/#/suppliers/${ids[i]}`);
      await page.getByRole("heading", { name }).waitFor();
      expect(await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth)).toBeLessThanOrEqual(
        0,
      );
    }
    await page.keyboard.press("Control+k");
    const find = page.getByRole("dialog", { name: "Find" });
    await find.getByRole("combobox").fill("drop table");
    await find.getByRole("option", { name: NAMES[0] ?? "" }).waitFor();
    expect([dialogs, await page.title()]).toEqual([0, expect.stringMatching(/Bellwether/)]);
    expect(await page.locator("img[src='x']").count()).toBe(0);
  });
});
