import { globSync, readFileSync } from "node:fs";
import path from "node:path";
import { REASON_PATTERN } from "@bellwether/contract/reason-text";
import { expect, test } from "vitest";

const PROTO = path.resolve(import.meta.dirname, "../proto/bellwether");
const patterns = new Set(
  globSync("**/*.proto", { cwd: PROTO })
    .flatMap((file) => [
      ...readFileSync(path.join(PROTO, file), "utf8").matchAll(/pattern[:=]? ?=? ?("(?:[^"\\]|\\.)*")/g),
    ])
    .map(([, literal]) => String(JSON.parse(literal ?? '""'))),
);
/** The texts from 2026-W00 to 2026-W99. */
const WEEKS = Array.from({ length: 100 }, (_, week) => `2026-W${String(week).padStart(2, "0")}`);
/** Long texts that almost match the patterns of names, weeks, versions and digests. */
const HOSTILE = ["a", "0", "a.", "a_", "-", "a-", "2026-W", "v1.", "/a", " ", "\u200b", "a "].flatMap((part) =>
  ["!", "\n", "\0"].map((end) => `${part.repeat(60_000)}${end}`),
);

test("no pattern of the contracts backtracks with the RegExp of the JavaScript engine", () => {
  expect(patterns.size).toBeGreaterThan(3);
  for (const pattern of patterns) {
    const regExp = new RegExp(pattern, "u");
    // A pattern that backtracks would run into the time limit here.
    for (const text of HOSTILE) expect(regExp.test(text)).toBeTypeOf("boolean");
  }
});

test("every field in which a reason is required has the pattern of reasons", () => {
  const fields = globSync("**/*.proto", { cwd: PROTO }).flatMap((file) => {
    const text = readFileSync(path.join(PROTO, file), "utf8");
    const requests = text.matchAll(/^message (\w+Request|Override) \{$([\s\S]*?)^\}$/gm);
    return [...requests].flatMap(([, message = "", body = ""]) =>
      [...body.matchAll(/string (\w*reason|accept_losses|force_future) = \d+([\s\S]*?);$/gm)].map(
        ([, name, rules = ""]) => ({
          field: `${message}.${name}`,
          pattern: String(JSON.parse(/pattern: ("(?:[^"\\]|\\.)*")/.exec(rules)?.[1] ?? '""')),
        }),
      ),
    );
  });
  // The contract has these characters themselves, the RegExp their escapes.
  const escaped = (pattern: string): string =>
    pattern.replace(/[^ -~]/g, (one) => `\\u${one.charCodeAt(0).toString(16).padStart(4, "0")}`);
  const { source } = REASON_PATTERN;
  const required = fields.filter(({ pattern }) => escaped(pattern) === source);
  const optional = fields.filter(({ pattern }) => escaped(pattern) === `^(${source.slice(1, -1)})?$`);
  expect(required.map(({ field }) => field).sort()).toEqual(
    [
      "ActivateRuleDraftRequest.reason",
      "ApprovePromotionRequest.reason",
      "ApproveRunRequest.reason",
      "CancelRetrainRequest.reason",
      "CorrectOutcomeRequest.reason",
      "DismissDuplicateRequest.reason",
      "EraseSubjectRequest.reason",
      "OverrideAlertRequest.reason",
      "Override.reason",
      "RecordMissedWeekRequest.reason",
      "RejectPromotionRequest.reason",
      "RetireRuleSetRequest.reason",
      "RemoveVersionRequest.reason",
      "SetAliasRequest.reason",
      "SetDelegationRequest.reason",
      "SupersedeRunRequest.reason",
      "TriggerRetrainRequest.reason",
      "UndoMergeRequest.reason",
      "VoidRunRequest.reason",
    ].sort(),
  );
  expect(optional.map(({ field }) => field).sort()).toEqual([
    "EndSessionsRequest.reason",
    "MergeSuppliersRequest.reason",
    "TriggerRunRequest.accept_losses",
    "TriggerRunRequest.force_future",
  ]);
  // The failure of a run is a text of a program, which may have several lines.
  const others = fields.filter((field) => !required.includes(field) && !optional.includes(field));
  expect(others.map(({ field }) => field)).toEqual(["FailRunRequest.reason"]);
});

test("every pattern of an ISO week accepts the weeks W01 to W53 and no other", () => {
  const ofWeeks = [...patterns].filter((pattern) => pattern.includes("-W"));
  expect(ofWeeks.length).toBeGreaterThan(0);
  for (const pattern of ofWeeks) {
    const regExp = new RegExp(pattern, "u");
    expect(WEEKS.filter((week) => regExp.test(week))).toEqual(WEEKS.slice(1, 54));
  }
});
