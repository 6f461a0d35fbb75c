import { ReplayFindingCode, ReplayOutcome } from "@bellwether/gen/bellwether/ops/v1/replay_pb";
import { Code, ConnectError } from "@connectrpc/connect";
import type { Page } from "playwright-core";
import { describe, expect, test } from "vitest";
import { type AuditData, demoAudit } from "./audit-in-memory.ts";
import { hasChromium } from "./browser.ts";
import { demoData } from "./demo-data.ts";
import { opsInMemory } from "./ops-in-memory.ts";
import { usePages } from "./page-harness.ts";

type Role = "viewer" | "analyst" | "admin";
const events = (page: Page) => page.getByRole("region", { name: "Events", exact: true }).last();
const rowsOf = (page: Page) => events(page).locator("tbody tr");

describe.skipIf(!hasChromium)("Audit (apt-get install chromium)", () => {
  const { openPage } = usePages();

  function open(audit: AuditData, hash = "#/audit", role: Role = "admin") {
    const session = {
      authentication: "on",
      subject: "0f3c",
      name: "Ada",
      actor: "Ada (0f3c)",
      role,
      method: "session",
    };
    return openPage(opsInMemory({ ...demoData(), audit }).routes, hash, session);
  }

  test("events are listed newest first and page by page, and texts from outside are texts", async () => {
    const { page, complaints } = await open(demoAudit(), "#/alerts");
    await page.getByRole("link", { name: "Audit" }).click();
    await page.getByRole("heading", { name: "Audit", level: 1 }).waitFor();
    await rowsOf(page).nth(49).waitFor();
    await rowsOf(page).first().getByText("prediction.served").waitFor();
    await page.getByText("Ada <b>Lovelace</b> (ada)").first().waitFor();
    await page.getByRole("button", { name: "Show more" }).click();
    await rowsOf(page).nth(99).waitFor();
    await page.getByRole("button", { name: "Show more" }).click();
    await rowsOf(page).nth(119).waitFor();
    expect(await page.getByRole("button", { name: "Show more" }).count()).toBe(0);
    expect(complaints).toEqual([]);
  });

  test("the filter is in the address, applies by the Enter key, and can be left", async () => {
    const { page } = await open(demoAudit());
    await page.getByRole("textbox", { name: "Who" }).fill("Grace (grace)");
    await page.getByLabel("From").fill("2026-11-18");
    await page.getByLabel("To", { exact: true }).fill("2026-11-18");
    await page.getByRole("textbox", { name: "Who" }).press("Enter");
    await expect.poll(() => page.url()).toContain("actor=Grace%20(grace)&from=2026-11-18&to=2026-11-18");
    await expect.poll(() => rowsOf(page).count()).toBe(6);
    expect(await rowsOf(page).allTextContents()).toEqual(
      expect.arrayContaining([expect.stringContaining("model.alias_set")]),
    );
    await page.getByRole("textbox", { name: "About" }).fill("nothing like this");
    await page.getByRole("button", { name: "Show", exact: true }).click();
    await page.getByText("No event matches").waitFor();
    await page.getByRole("link", { name: "Show all events." }).click();
    await rowsOf(page).nth(49).waitFor();
    expect(await page.getByRole("textbox", { name: "Who" }).inputValue()).toBe("");
  });

  test("one event has its details as text, its exact times and its hashes; erased details say so", async () => {
    const { page, complaints } = await open(demoAudit(6));
    await rowsOf(page).first().getByRole("button", { name: "Details of record 6" }).press("Enter");
    const record = page.getByRole("region", { name: "Record 6", exact: true });
    await record.getByText('"reason": "<img src=x> late⟨U+202E⟩gnp"').waitFor();
    await record.getByText("2026-11-20T09:30:00.000Z").first().waitFor();
    await record.getByText("ml-service").waitFor();
    await record.getByText("c".repeat(64)).waitFor();
    await page.getByRole("button", { name: "Details of record 1" }).click();
    await page.getByText("The details were erased. The hashes of the record stay valid.").waitFor();
    await record.waitFor({ state: "detached" });
    expect(complaints).toEqual([]);
  });

  test("a score is replayed bit for bit, and a replay says what differs or is missing; other events have no button", async () => {
    const audit = demoAudit(6);
    const { page } = await open(audit);
    await page.getByRole("button", { name: "Details of record 6" }).click();
    await page.getByRole("button", { name: "Replay" }).press("Enter");
    await page.getByText("1 score, 18 numbers compared, 0 with other bits.").waitFor();
    await page.getByText("Equal", { exact: true }).waitFor();
    await page.getByText("Recorded score 0.82, computed now 0.82.").waitFor();
    audit.replay = () => ({
      comparison: {
        ...{ outcome: ReplayOutcome.DIFFERENT, decisions: 1n, numbers: 18n, numbersDifferent: 1n },
        differences: [{ supplierId: "S-1000", field: "risk_score", recorded: "3fea3d70", replayed: "3fea3d71" }],
        findings: [{ code: ReplayFindingCode.RUNTIME_DIFFERS, message: "another <b>runtime</b>" }],
      },
    });
    await page.getByRole("button", { name: "Replay" }).click();
    await page.getByText("Different", { exact: true }).waitFor();
    await page.getByText("another <b>runtime</b>").waitFor();
    await page.getByRole("row", { name: /^risk_score.*3fea3d70 3fea3d71$/ }).waitFor();
    audit.replay = () => {
      throw new ConnectError("the audit log has no event with this id", Code.NotFound);
    };
    await page.getByRole("button", { name: "Replay" }).click();
    await page.getByText("the audit log has no event with this id").waitFor();
    await page.getByRole("button", { name: "Details of record 5" }).click();
    await page.getByRole("region", { name: "Record 5", exact: true }).waitFor();
    expect(await page.getByRole("button", { name: "Replay" }).count()).toBe(0);
  });

  test("a link on a kind, a person and a subject lists the events that have it", async () => {
    const { page } = await open(demoAudit());
    await page.getByRole("link", { name: "run/42" }).first().click();
    await expect.poll(() => rowsOf(page).count()).toBe(30);
    expect(page.url()).toContain("#/audit?subject=run%2F42");
  });

  test("the chain is verified when the reader asks for it, and the result has the figures", async () => {
    const { page } = await open(demoAudit());
    const chain = page.getByRole("region", { name: "Chain" });
    await chain.getByRole("button", { name: "Verify the log" }).press("Enter");
    await chain.getByText("Holds").waitFor();
    await chain.getByText("Records 1 to 120 are as they were recorded.").waitFor();
    await chain.getByText("3 checkpoints compared, 1 record with erased details.").waitFor();
    await chain
      .getByText("The newest checkpoint is of record 100, 2026-11-20T09:00:00Z, key 0123456789abcdef.")
      .waitFor();
    await chain.getByText("c".repeat(64)).waitFor();
    await chain.getByRole("button", { name: "Verify what is new" }).press("Enter");
    await chain.getByText("Records 101 to 120 are as they were recorded.").waitFor();
  });

  test("a log without checkpoints, or whose records can be changed, says so", async () => {
    const audit = demoAudit();
    const rewritableReason = "the role <b>owns</b> the table";
    audit.verify = () => ({ holds: true, records: 5n, verifiedAfter: 5n, rewritableReason });
    const { page } = await open(audit);
    await page.getByRole("button", { name: "Verify what is new" }).click();
    await page.getByText("No further record was verified.").waitFor();
    await page.getByText("No checkpoint was signed yet").waitFor();
    await page.getByRole("note").getByText(rewritableReason).waitFor();
  });

  test("in the order of recording, each page continues after the last record", async () => {
    const { page } = await open(demoAudit());
    await page.getByRole("link", { name: "Show in the order of recording" }).click();
    await rowsOf(page)
      .first()
      .getByRole("button", { name: /of record 1$/ })
      .waitFor();
    for (const at of [99, 119]) {
      await page.getByRole("button", { name: "Show more" }).click();
      await rowsOf(page).nth(at).waitFor();
    }
    expect(await page.getByRole("button", { name: "Show more" }).count()).toBe(0);
    expect(page.url()).toContain("#/audit?after=0");
    await page.getByRole("textbox", { name: "About" }).fill("run/42");
    await page.getByRole("textbox", { name: "About" }).press("Enter");
    await expect.poll(() => rowsOf(page).count()).toBe(30);
    expect(page.url()).toContain("#/audit?subject=run%2F42&after=0");
  });

  test("a broken chain names the first record that differs; an error can be tried again", async () => {
    const audit = demoAudit();
    audit.verify = () => {
      throw new ConnectError("the database is away", Code.Unavailable);
    };
    const { page } = await open(audit);
    const chain = page.getByRole("region", { name: "Chain" });
    await chain.getByRole("button", { name: "Verify the log" }).click();
    await chain.getByText("The server cannot be reached").waitFor();
    audit.verify = () => ({
      ...{ records: 41n, headHash: "d".repeat(64), firstBrokenSequence: 42n, firstBrokenEventId: "0199c0de" },
      firstBrokenReason: "its hash is that of <i>other</i> content",
    });
    await chain.getByRole("button", { name: "Try again" }).click();
    await chain.getByText("Broken").waitFor();
    await chain.getByText("Record 42 (event 0199c0de): its hash is that of <i>other</i> content.").waitFor();
  });

  test("an empty log says what will be recorded, and only an administrator reads the log", async () => {
    const empty = await open({ ...demoAudit(0) });
    await empty.page.getByText("The audit log is empty").waitFor();
    const analyst = await open(demoAudit(), "#/audit", "analyst");
    await analyst.page.getByText("Only administrators may read the audit log").waitFor();
    expect(await analyst.page.getByRole("link", { name: "Audit" }).count()).toBe(0);
    expect(await analyst.page.getByRole("table").count()).toBe(0);
  });
});
