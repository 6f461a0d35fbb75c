import { GateVerdict } from "@bellwether/gen/bellwether/registry/v1/promotion_gate_pb";
import { Code, ConnectError } from "@connectrpc/connect";
import type { Page } from "playwright-core";
import { describe, expect, test } from "vitest";
import { hasChromium } from "./browser.ts";
import { demoData } from "./demo-data.ts";
import { demoModels, type ModelData } from "./models-in-memory.ts";
import { opsInMemory } from "./ops-in-memory.ts";
import { usePages } from "./page-harness.ts";

type Role = "viewer" | "analyst" | "admin";
const card = (page: Page) => page.getByRole("region", { name: /^Card of/ });
const versions = (page: Page) => page.getByRole("region", { name: "Versions" }).last();
const gate = (page: Page) => page.getByRole("region", { name: /^Promotion gate of/ });
const champion = (page: Page) => page.getByRole("region", { name: "Champion and challenger" });

describe.skipIf(!hasChromium)("Models (apt-get install chromium)", () => {
  const { openPage } = usePages();

  function open(models: ModelData, hash = "#/models", role: Role = "admin") {
    const session = {
      authentication: "on",
      subject: "0f3c",
      name: "Ada",
      actor: "Ada (0f3c)",
      role,
      method: "session",
    };
    return openPage(opsInMemory({ ...demoData(), models }).routes, hash, session);
  }

  test("versions have their state, and a rejected one its reason, as text", async () => {
    const { page, complaints } = await open(demoModels(), "#/alerts");
    await page.getByRole("link", { name: "Models" }).click();
    await page.getByRole("heading", { name: "Models", level: 1 }).waitFor();
    const rowOf = (version: string) => versions(page).getByRole("row", { name: new RegExp(`^${version}`) });
    await rowOf("v2").getByText("Champion").waitFor();
    await rowOf("v3").getByText("Challenger").waitFor();
    await rowOf("v4").getByText("no trusted key has <b>signed</b> it").waitFor();
    await rowOf("v2").getByText("too slow, at ml-b:1").waitFor();
    await rowOf("v1").getByText("Scorecard").waitFor();
    await champion(page).getByText("Grace <i>Hopper</i> (grace)").waitFor();
    await page
      .getByRole("region", { name: "Production history" })
      .last()
      .getByText("better on <u>all</u> weeks")
      .waitFor();
    expect(complaints).toEqual([]);
  });

  test("a card from outside is shown without running, loading or linking anything", async () => {
    const { page, complaints } = await open(demoModels());
    const requests: string[] = [];
    page.on("request", (request) => requests.push(request.url()));
    await card(page).getByRole("heading", { name: "Figures" }).waitFor();
    await card(page).getByText("<script>window.hacked = true</script>").waitFor();
    await card(page).getByText("[picture: a plot]").waitFor();
    await card(page).getByRole("cell", { name: "0.7 (a|b alone)" }).waitFor();
    expect(await card(page).locator("a, img, script").count()).toBe(0);
    expect(await page.evaluate(() => "hacked" in globalThis)).toBe(false);
    expect(requests.filter((url) => url.includes("evil.example"))).toEqual([]);
    expect(complaints).toEqual([]);
  });

  test("another version's card and a comparison have their own addresses", async () => {
    const { page } = await open(demoModels());
    await versions(page)
      .getByRole("link", { name: /^Compare with v2 ?: v1$/ })
      .click();
    const comparison = page.getByRole("region", { name: "v2 and v1" }).first();
    await comparison.getByRole("row", { name: /^AUC on its test rows 0.84 0.7/ }).waitFor();
    await comparison.getByText("With another kind or unit: age.").waitFor();
    expect(await comparison.locator("tr.differs").count()).toBeGreaterThan(2);
    expect(page.url()).toContain("#/models?version=v2&with=v1");
    await comparison.getByRole("link", { name: "Close" }).click();
    await comparison.waitFor({ state: "detached" });
    await versions(page).getByRole("link", { name: "Card of v3" }).click();
    await page.getByRole("heading", { name: "Card of v3" }).waitFor();
  });

  test("the challenger is promoted with a reason, and then rolled back, each with the champion that was seen", async () => {
    const models = demoModels();
    const { page } = await open(models);
    await champion(page).getByRole("button", { name: "Promote v3…" }).press("Enter");
    const form = page.getByRole("form", { name: "Promote v3" });
    await form.getByRole("button", { name: "Promote v3" }).click();
    expect(models.moves).toHaveLength(2);
    await form.getByLabel("Reason").fill("passed\nthe gate");
    await form.getByRole("button", { name: "Promote v3" }).click();
    await champion(page).getByText("v3 is the champion now.").waitFor();
    expect(models.moves.at(-1)).toMatchObject({ version: "v3", reason: "passed the gate" });
    await versions(page).getByRole("row", { name: /^v3/ }).getByText("Champion").waitFor();
    await champion(page).getByRole("button", { name: "Roll back to v2…" }).click();
    await page.getByRole("form", { name: "Roll back to v2" }).getByLabel("Reason").fill("complaints");
    await page.getByRole("button", { name: "Roll back to v2", exact: true }).click();
    await champion(page).getByText("v2 is the champion now.").waitFor();
    expect(models.moves.map(({ version }) => version)).toEqual(["v1", "v2", "v3", "v2"]);
  });

  test("the result of the gate has its claims with figures, verdict and plots, and runs nothing", async () => {
    const { page, complaints } = await open(demoModels());
    await gate(page).getByText("Held: a person decides").waitFor();
    await gate(page)
      .getByText("v3 against v2: 2,644 rows of 2,000 suppliers, 263 with the risk; the newest <b>weeks</b>.")
      .waitFor();
    await gate(page)
      .getByRole("row", {
        name: /^Ranks better: AUC.*held 0\.84 0\.86 \+0\.0200 \(−0\.0010 to \+0\.0410\), bound 0\.0000/,
      })
      .waitFor();
    await gate(page).getByText("<script>window.hacked = true</script>").waitFor();
    await gate(page).getByText("scorecard v1: AUC 0.7, Brier score 0.2").waitFor();
    await gate(page).getByText("Plots").click();
    const plot = gate(page).getByRole("img", { name: "Reliability" });
    await expect.poll(() => plot.evaluate((image) => (image as HTMLImageElement).naturalWidth)).toBeGreaterThan(0);
    expect(await page.evaluate(() => "hacked" in globalThis)).toBe(false);
    expect(complaints).toEqual([]);
  });

  test("a held challenger is approved with a reason, and the decision stays with the result", async () => {
    const models = demoModels();
    const { page } = await open(models);
    await gate(page).getByRole("button", { name: "Approve v3…" }).click();
    const form = page.getByRole("form", { name: "Approve v3" });
    await form.getByRole("button", { name: "Approve v3" }).click();
    expect(models.moves).toHaveLength(2);
    await form.getByLabel("Reason").fill("better on the newest quarter");
    await form.getByRole("button", { name: "Approve v3" }).click();
    await gate(page)
      .getByText(/^Approved .* by Ada \(0f3c\): better on the newest quarter$/)
      .waitFor();
    expect(models.moves.at(-1)).toMatchObject({ version: "v3", reason: "better on the newest quarter" });
    await versions(page).getByRole("row", { name: /^v3/ }).getByText("Champion").waitFor();
    expect(await gate(page).getByRole("button").count()).toBe(0);
  });

  test("a challenger is rejected with a reason, and the champion stays", async () => {
    const models = demoModels();
    const { page } = await open(models);
    await gate(page).getByRole("button", { name: "Reject v3…" }).click();
    const form = page.getByRole("form", { name: "Reject v3" });
    await form.getByLabel("Reason").fill("loses the small suppliers");
    await form.getByRole("button", { name: "Reject v3" }).click();
    await gate(page)
      .getByText(/^Rejected .*: loses the small suppliers$/)
      .waitFor();
    expect(models.moves).toHaveLength(2);
  });

  test("a decision about an old result changes nothing, and the reason is kept", async () => {
    const models = demoModels();
    models.beforeDecision = () => {
      throw new ConnectError("a newer result was made; read it", Code.Aborted);
    };
    const { page } = await open(models);
    await gate(page).getByRole("button", { name: "Approve v3…" }).click();
    const reason = page.getByRole("form", { name: "Approve v3" }).getByLabel("Reason");
    await reason.fill("mine");
    await page.getByRole("button", { name: "Approve v3", exact: true }).click();
    await page.getByText("Nothing was changed: a newer result was made; read it.").waitFor();
    expect(await reason.inputValue()).toBe("mine");
  });

  test("a failed challenger, and a result about another champion, cannot be approved", async () => {
    const models = demoModels();
    models.gate = { ...models.gate, verdict: GateVerdict.FAIL };
    const failed = await open(models);
    const approve = (page: Page) => gate(page).getByRole("button", { name: "Approve v3…" });
    await gate(failed.page).getByText("The challenger has failed the gate.").waitFor();
    expect(await approve(failed.page).getAttribute("aria-disabled")).toBe("true");
    const stale = demoModels();
    stale.gate = { ...stale.gate, champion: "v1" };
    const other = await open(stale);
    await gate(other.page).getByText("The result is about the champion v1, which is now v2").waitFor();
    expect(await approve(other.page).getAttribute("aria-disabled")).toBe("true");
  });

  test("a version without a result says how to get one, and a viewer why the buttons cannot be used", async () => {
    const models = demoModels();
    models.gate = undefined;
    const none = await open(models);
    await gate(none.page).getByText("npx bellwether models gate --model supplier-risk").waitFor();
    const { page } = await open(demoModels(), "#/models", "viewer");
    for (const name of ["Approve v3…", "Reject v3…"])
      expect(await gate(page).getByRole("button", { name }).getAttribute("aria-disabled")).toBe("true");
  });

  test("when somebody else was first nothing moves, the page says who, and the reason is kept", async () => {
    const models = demoModels();
    const { page } = await open(models);
    await champion(page).getByRole("button", { name: "Promote v3…" }).click();
    models.moves.push({ version: "v1", by: "grace", reason: "meanwhile" });
    const reason = page.getByRole("form", { name: "Promote v3" }).getByLabel("Reason");
    await reason.fill("mine");
    await page.getByRole("button", { name: "Promote v3", exact: true }).click();
    await page.getByText("Nothing was changed: champion points at v1: grace moved it.").waitFor();
    expect(await reason.inputValue()).toBe("mine");
    await reason.press("Escape");
    await champion(page).getByRole("button", { name: "Roll back…" }).waitFor();
    expect(models.moves).toHaveLength(3);
  });

  test("a move that is not set up says what to do", async () => {
    const models = demoModels();
    models.beforeMove = () => {
      throw new ConnectError(
        "this ops-service does not know scheduler-service: set SCHEDULER_SERVICE_URL",
        Code.FailedPrecondition,
      );
    };
    const { page } = await open(models);
    await champion(page).getByRole("button", { name: "Promote v3…" }).click();
    await page.getByRole("form", { name: "Promote v3" }).getByLabel("Reason").fill("x");
    await page.getByRole("button", { name: "Promote v3", exact: true }).click();
    await page.getByText("set SCHEDULER_SERVICE_URL").waitFor();
  });

  test.each(["viewer", "analyst"] as const)("the buttons say to a %s why they cannot be used", async (role) => {
    const models = demoModels();
    const { page } = await open(models, "#/models", role);
    for (const name of ["Promote v3…", "Roll back to v1…"]) {
      const button = champion(page).getByRole("button", { name });
      await button.click({ force: true });
      expect(await button.getAttribute("aria-disabled")).toBe("true");
      const id = (await button.getAttribute("aria-describedby")) ?? "";
      expect(await page.locator(`[id="${id}"]`).textContent()).toBe("Only administrators may change the champion.");
    }
    expect(await page.getByRole("form").count()).toBe(0);
  });

  test("buttons without a challenger and without an earlier champion say so", async () => {
    const models = demoModels();
    models.challenger = "";
    models.moves = models.moves.slice(0, 1);
    const { page } = await open(models);
    await champion(page).getByText("No challenger yet.").waitFor();
    await champion(page).getByText("No earlier champion to go back to.").waitFor();
  });

  test("each replica is listed once with what it serves, and what it rejects", async () => {
    const { page } = await open(demoModels());
    const replicas = page.getByRole("region", { name: "Replicas" }).last();
    await replicas
      .getByRole("row", { name: /^ml-a:1 supplier-risk v2/ })
      .getByText("Passed: digest, golden rows")
      .waitFor();
    const other = replicas.getByRole("row", { name: /^ml-b:1/ });
    await other.getByText("Not the champion").waitFor();
    await other.getByText("v2 is rejected: too slow").waitFor();
    expect(await replicas.getByRole("row").count()).toBe(3);
  });

  test("the comparison on live traffic has intervals, segments that differ, and what was not compared", async () => {
    const { page } = await open(demoModels());
    await page.getByText("What a promotion of the challenger would change").press("Enter");
    const shadow = page.getByRole("region", { name: "ml-a:1" });
    await shadow.getByText("v2 and v3: 900 rows of 300 suppliers since").waitFor();
    await shadow
      .getByRole("row", { name: /^Score shift/ })
      .getByText("+0.0120 (+0.0020 to +0.0220)")
      .waitFor();
    await shadow
      .getByRole("row", { name: /^CPU time/ })
      .getByText("too few suppliers for an interval")
      .waitFor();
    await shadow.getByText("Differs in region=EU (100 rows)").waitFor();
    await shadow.getByText("Not compared: 12 rows: the queue was full.").waitFor();
  });

  test("of a model that ml-service is not configured for, it says so in place of an error", async () => {
    const models = demoModels();
    models.replicas = [
      () => {
        throw new ConnectError('this ml-service has no model "late"; it has: supplier-risk', Code.NotFound);
      },
    ];
    const { page } = await open(models);
    const replicas = page.getByRole("region", { name: "Replicas" }).last();
    await replicas.getByText("ml-service has no folder of this model in its configuration").waitFor();
    expect(await replicas.getByRole("alert").count()).toBe(0);
  });

  test("without a model, and without ml-service, the page says what to do", async () => {
    const none = await open({ ...demoModels(), versions: [] });
    await none.page.getByText("No model is published").waitFor();
    const models = demoModels();
    models.replicas = [
      () => {
        throw new ConnectError("ml-service does not answer", Code.PermissionDenied);
      },
    ];
    const away = await open(models);
    const replicas = away.page.getByRole("region", { name: "Replicas" }).last();
    await replicas.getByRole("alert").waitFor();
    models.replicas = demoModels().replicas;
    await replicas.getByRole("button", { name: "Try again" }).click();
    await replicas.getByRole("row", { name: /^ml-a:1/ }).waitFor();
  });
});
