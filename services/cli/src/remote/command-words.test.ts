import { expect, test } from "vitest";
import { inCommandWords } from "./command-words.ts";

test.each([
  [
    "alert 1 does not exist; ListAlerts lists the alerts",
    "alert 1 does not exist; bellwether alerts list lists the alerts",
  ],
  ["actions[0].snooze.until: is in the past", "--until: is in the past"],
  ["note: is longer than 2000 bytes", "--note: is longer than 2000 bytes"],
  ["model_name: has no complete run", "--model: has no complete run"],
  ["accept the losses with a reason (accept_losses)", "accept the losses with a reason (--accept-losses)"],
  [
    "run 5 is held: jane has approved it; void it (VoidRun), then run this one",
    "run 5 is held: jane has approved it; void it (bellwether weekly void), then run this one",
  ],
  [
    "contradicts the outcome 1, NOT_OCCURRED; to replace it, set on_conflict to CORRECT",
    "contradicts the outcome 1, NOT_OCCURRED; to replace it, use --correct",
  ],
  [
    "bellwether.ops.v1.ExternalScoreService/ImportExternalScores is about all suppliers together",
    "bellwether suppliers import-scores is about all suppliers together",
  ],
  [
    'bellwether.ops.v1.AuditService/ListCheckpoints asks for the role "admin"',
    'this command asks for the role "admin"',
  ],
  ["see AuditService.VerifyChain, ListRuns", "see bellwether audit verify, bellwether weekly list"],
  [
    'the rule set "us" has no draft; ListRuleSets lists the drafts, PutRuleDraft makes one',
    'the rule set "us" has no draft; bellwether rules list lists the drafts, bellwether rules draft makes one',
  ],
  ["QueryEvents lists those that are recorded", "bellwether audit export lists those that are recorded"],
  [
    "bellwether.ops.v1.ReportService/GetWeek has the figures",
    "bellwether.ops.v1.ReportService/GetWeek has the figures",
  ],
  ["MyListRuns and ListRunsOf stay", "MyListRuns and ListRunsOf stay"],
  ["note that the owner is not known", "note that the owner is not known"],
  ["the database does not answer; try again", "the database does not answer; try again"],
])("%j is %j on the command line", (message, expected) => {
  expect(inCommandWords(message)).toBe(expected);
});

test("a name that is a column of a file stays", () => {
  const message = 'source "weekly": line 701, column "supplier_id": a quote that is not closed; see ListRuns';
  expect(inCommandWords(message, ["supplier_id"])).toBe(
    'source "weekly": line 701, column "supplier_id": a quote that is not closed; see bellwether weekly list',
  );
  expect(inCommandWords("supplier_id: empty", ["supplier_id"])).toBe("supplier_id: empty");
  expect(inCommandWords("supplier_id: empty")).toBe("the supplier id: empty");
});
