import type { Page } from "playwright-core";
import { describe, expect, test } from "vitest";
import { hasChromium } from "./browser.ts";
import { demoData } from "./demo-data.ts";
import { opsInMemory } from "./ops-in-memory.ts";
import { usePages } from "./page-harness.ts";
import { demoRules, type RuleData } from "./rules-in-memory.ts";

type Role = "viewer" | "analyst" | "admin";
const card = (page: Page, name: string | RegExp) => page.getByRole("region", { name, exact: true });

describe.skipIf(!hasChromium)("Rules and Settings (apt-get install chromium)", () => {
  const { openPage } = usePages();

  function open(rules: RuleData, hash = "#/rules", role: Role = "admin") {
    const session = {
      ...{ authentication: "on", subject: "0f3c", name: "Ada", actor: "Ada (0f3c)", role, method: "session" },
    };
    return openPage(opsInMemory({ ...demoData(), rules }).routes, hash, session);
  }

  test("the rules in use have their sentences, who activated them and why, as text", async () => {
    const { page, complaints } = await open(demoRules(), "#/alerts");
    await page.getByRole("link", { name: "Rules", exact: true }).click();
    await page.getByRole("heading", { name: "Rules", level: 1 }).waitFor();
    const active = card(page, "Rule set default, in use");
    await active.getByText("high-score: Raises an alert with a score of at least 0.7").waitFor();
    await active.getByText("Activated by Grace <b>Hopper</b> (grace)", { exact: false }).waitFor();
    await active.getByText("Budget: 10 new alerts a week.", { exact: false }).waitFor();
    const history = card(page, "History");
    await history.getByText("fewer alerts <i>late</i>").waitFor();
    await history.getByText("over the budget of 10, forced").waitFor();
    await page.getByRole("navigation", { name: "Rule sets" }).getByRole("link", { name: "emea" }).click();
    await page.getByText("Only a draft: no alert is created by it").waitFor();
    await page.goto(`${page.url().split("#")[0]}#/rules?set=none`);
    await page.getByText("There is no rule set none.", { exact: false }).waitFor();
    expect(complaints).toEqual([]);
  });

  test("a test of the draft is shown week by week, in words and as a table", async () => {
    const { page } = await open(demoRules(), "#/rules", "analyst");
    await page.getByRole("button", { name: "Test the draft" }).click();
    const tested = card(page, "Test of the draft on past weeks");
    await tested
      .getByRole("img", { name: /^New alerts by week: \d+ by the draft and \d+ at the time in 26 weeks/ })
      .waitFor();
    expect(await tested.locator("svg .recorded").count()).toBe(26);
    await tested.getByText("21 alerts in the next run if the scores stay as they are", { exact: false }).waitFor();
    await tested
      .getByText("precision 0.43 (0.33 to 0.54) of 88 alerts with a known outcome", { exact: false })
      .waitFor();
    await tested.getByText("All weeks of the test as a table").click();
    await expect.poll(() => tested.getByRole("row").count()).toBe(27);
    // Only an administrator may activate it.
    expect(await page.getByRole("button", { name: "Activate" }).count()).toBe(0);
  });

  test("a draft is saved with the version that was seen; what is wrong is said, and what was typed stays", async () => {
    const data = demoRules();
    const { page } = await open(data);
    await page.getByRole("button", { name: "Change the draft" }).click();
    const field = page.getByRole("textbox", { name: "Rules, in the form of alert_rules.yaml" });
    expect(await field.inputValue()).toContain("# draft");
    await field.fill("version: 1\nraise: high");
    data.rejection = "rules_yaml.raise: line 2, column 8: found high";
    await page.getByRole("button", { name: "Save the draft" }).click();
    await page.getByRole("alert").getByText("Nothing was changed: rules_yaml.raise: line 2").waitFor();
    await page.reload();
    await page.getByRole("button", { name: "Change the draft" }).click();
    expect(await field.inputValue()).toBe("version: 1\nraise: high");
    delete data.rejection;
    await page.getByRole("button", { name: "Save the draft" }).click();
    await page.getByText("The draft of default is stored as version 4.").waitFor();
    expect(data.drafted.map(({ version, rulesYaml }) => [version, rulesYaml])).toEqual([
      [3n, "version: 1\nraise: high"],
    ]);
  });

  test("each of two models has its own rules: a draft of one is stored and activated for this model", async () => {
    const data = demoRules();
    const ofModel = (modelName: string) => data.sets.map((set) => ({ ...set, modelName }));
    data.sets = [...ofModel("supplier-risk"), ...ofModel("delivery")];
    const { page, complaints } = await open(data);
    const models = page.getByRole("navigation", { name: "Models" });
    expect(await models.getByRole("link", { name: "supplier-risk" }).getAttribute("aria-current")).toBe("true");
    await models.getByRole("link", { name: "delivery" }).click();
    await expect.poll(() => page.url()).toContain("#/rules?model=delivery");
    await page.getByRole("button", { name: "Change the draft" }).click();
    await page.getByRole("button", { name: "Save the draft" }).click();
    await page.getByText("The draft of default is stored", { exact: false }).waitFor();
    await page.getByLabel("Reason").fill("agreed");
    await page.getByRole("button", { name: "Activate" }).click();
    await page.getByRole("checkbox").waitFor();
    expect([data.drafted, data.activated].map(([first]) => first?.modelName)).toEqual(["delivery", "delivery"]);
    await models.getByRole("link", { name: "supplier-risk" }).click();
    await page.getByRole("button", { name: "Change the draft" }).click();
    await page.getByRole("button", { name: "Save the draft" }).click();
    await expect.poll(() => data.drafted.map(({ modelName }) => modelName)).toEqual(["delivery", ""]);
    expect(complaints.filter((text) => !text.includes("400"))).toEqual([]);
  });

  test("an activation needs a reason, and one over the budget a second confirmation", async () => {
    const data = demoRules();
    const { page } = await open(data);
    const form = card(page, "Activate the draft");
    await form.getByRole("button", { name: "Activate" }).click();
    expect(data.activated).toEqual([]);
    await form.getByRole("textbox", { name: "Reason" }).fill("agreed\nwith the team");
    await form.getByRole("button", { name: "Activate" }).click();
    await form.getByText("the draft would raise 5000 alerts in the next run", { exact: false }).waitFor();
    await form.getByRole("checkbox", { name: "Activate it although it is over the budget" }).check();
    await form.getByRole("button", { name: "Activate" }).click();
    await page.getByText("The draft of default is in use from the next run on.").waitFor();
    expect(data.activated.map(({ version, reason, force }) => [version, reason, force])).toEqual([
      [3n, "agreed with the team", false],
      [3n, "agreed with the team", true],
    ]);
    await page.getByText("There is no draft.", { exact: false }).waitFor();
  });

  test("an added rule set is retired with a reason, and the page says what follows; a set of the file has no button", async () => {
    const data = demoRules();
    const { page } = await open(data);
    await card(page, "Rule set default, in use").waitFor();
    expect(await page.getByRole("button", { name: /^Retire/ }).count()).toBe(0);
    await page.getByRole("navigation", { name: "Rule sets" }).getByRole("link", { name: "apac" }).click();
    await page.getByRole("button", { name: "Retire apac…" }).click();
    const form = page.getByRole("form", { name: "Retire apac" });
    const reason = form.getByRole("textbox", { name: "Reason" });
    await expect.poll(() => reason.evaluate((field) => field === document.activeElement)).toBe(true);
    await page.keyboard.press("Escape");
    const button = page.getByRole("button", { name: "Retire apac…" });
    await expect.poll(() => button.evaluate((one) => one === document.activeElement)).toBe(true);
    await button.click();
    await form.getByRole("button", { name: "Retire apac" }).click();
    expect(data.retired).toEqual([]);
    await reason.fill("the region has\nthe common rules again");
    data.rejection = 'the rule set "apac" was activated by another activation';
    await form.getByRole("button", { name: "Retire apac" }).click();
    await page.getByRole("alert").getByText("Nothing was changed: the rule set", { exact: false }).waitFor();
    delete data.rejection;
    await form.getByRole("button", { name: "Retire apac" }).click();
    await page.getByText("apac is retired. The next run resolves 3 open alerts. 1 alert in work will stay.").waitFor();
    await card(page, "Rule set apac, retired").getByText("Retired by Ada (0f3c)", { exact: false }).waitFor();
    await card(page, "History").getByText("retired", { exact: true }).waitFor();
    expect(data.retired.map(({ setId, activationNumber, reason: why }) => [setId, activationNumber, why])).toEqual(
      Array(2).fill(["apac", 2n, "the region has the common rules again"]),
    );
  });

  test("a viewer reads the rules and has no button", async () => {
    const { page } = await open(demoRules(), "#/rules", "viewer");
    await page.getByText("Analysts may change it, and administrators activate it.").waitFor();
    expect(await page.locator("main button").count()).toBe(0);
  });

  test("settings have who the reader is, keys, retention and the way to the notices", async () => {
    const data = demoRules();
    const { page, complaints } = await open(data, "#/settings");
    await card(page, "Who I am").getByText("Ada (0f3c)").waitFor();
    await card(page, "Retention").getByText("104 weeks", { exact: false }).waitFor();
    await card(page, "Retention").getByText("2024-W48").waitFor();
    await card(page, "Retention").getByText("90 days after the resolution of the alert").waitFor();
    const forever = card(page, "Retention").getByRole("row", { name: /^alerts and their history forever/ });
    expect(await forever.count()).toBe(1);
    const keys = card(page, "API keys");
    await keys.getByText("erp-export").first().waitFor();
    await keys.getByText("Grace <b>Hopper</b> (grace)").waitFor();
    await keys.getByRole("button", { name: "Revoke erp-export…" }).click();
    await keys.getByRole("button", { name: "Keep it" }).click();
    expect(data.keys).toHaveLength(1);
    await keys.getByRole("button", { name: "Revoke erp-export…" }).click();
    await keys.getByRole("button", { name: "Revoke erp-export for good" }).click();
    await keys.getByText("No key is accepted.").waitFor();
    const away = card(page, "While I am away");
    await away.getByLabel("Deputy").fill("Bo <b>Berg</b> (bo)");
    await away.getByLabel("Last day").fill("2030-12-31");
    await away.getByLabel("Reason").fill("on leave");
    await away.getByRole("button", { name: "Hand over my alerts" }).click();
    await away.getByText("does not see 2 alerts, of the suppliers S-1.").waitFor();
    await away.getByText("Bo <b>Berg</b> (bo) is the deputy of Ada (0f3c)").waitFor();
    await away.getByRole("button", { name: "End it now" }).click();
    await away.getByText("The delegation has ended.").waitFor();
    await page.getByRole("link", { name: "Destinations and notices" }).click();
    await page.getByRole("heading", { name: "Notices", level: 1 }).waitFor();
    expect(complaints).toEqual([]);
  });

  test("a viewer's settings have neither keys nor notices", async () => {
    const { page } = await open(demoRules(), "#/settings", "viewer");
    await card(page, "Retention").getByText("104 weeks", { exact: false }).waitFor();
    await card(page, "Who I am").getByText("viewer", { exact: true }).waitFor();
    expect(await page.getByRole("region", { name: "API keys" }).count()).toBe(0);
    expect(await page.getByRole("region", { name: "Notices" }).count()).toBe(0);
  });
});
