import { expect, test } from "vitest";
import { testAlert } from "../../../test/test-alert.ts";
import { AlertChangedError } from "../ops-error.ts";
import type { Alert, AlertEvent } from "./alert.ts";
import type { AlertAction } from "./alert-action.ts";
import { type AlertRequest, type AlertTransaction, decideOnAlert } from "./triage-alert.ts";

const NOW = new Date("2026-03-16T06:00:00Z");
const LATER = new Date("2026-04-01T00:00:00Z");
/** Returns the time a number of days after now. */
const inDays = (days: number, ms = 0): Date => new Date(NOW.getTime() + days * 86_400_000 + ms);
const OTHER = "0190f3c0-0000-7000-8000-000000000002";

/** One alert with its history, as a transaction sees it. */
function oneAlert(over: Partial<Alert> = {}) {
  let alert = testAlert(over);
  const events: AlertEvent[] = [];
  const audited: { kind: string; payload: unknown }[] = [];
  const transaction: AlertTransaction = {
    claim: () => Promise.resolve(),
    lock: async (id) => (id === alert.id ? alert : undefined),
    find: async (id) => {
      if (id === "merged" || id === "foreign") return { id, duplicateOf: null, supplierId: id === "merged" ? 8 : 9 };
      const { supplierId } = alert;
      if (id === OTHER) return { id, duplicateOf: null, supplierId };
      return id === "chained" ? { id, duplicateOf: OTHER, supplierId } : undefined;
    },
    suppliers: async (numbers) =>
      numbers.map((number) => ({
        ...{ number, externalId: `s-${number}`, survivor: number === 8 ? alert.supplierId : number },
      })),
    actionAt: async (_id, version) => events.find(({ seenVersion }) => seenVersion === version),
    async write(change, { kind, payload }) {
      alert = change.alert;
      events.push(...change.events);
      audited.push({ kind, payload: JSON.parse(payload) });
    },
  };
  const act = (action: AlertRequest["action"], who: Partial<AlertRequest> = {}) =>
    decideOnAlert(transaction, {
      ...{ alertId: alert.id, version: alert.version, actor: "ana", now: NOW, coolDownWeeks: 2, action },
      ...{ longestDays: { snooze: 30, override: 40, accepted: 50 }, ...who },
    });
  return { act, audited, events, alert: () => alert };
}

const failureOf = (work: Promise<unknown>): Promise<unknown> =>
  work.then(
    () => "done",
    (error: Error) => `${error.name}: ${error.message}`,
  );

const note = "";
const ACKNOWLEDGE = { kind: "acknowledge", note } as const;
const MITIGATE = { kind: "start_mitigation", note } as const;
const COMMENT = { kind: "comment", note: "Called them." } as const;
const REOPEN = { kind: "reopen", note } as const;
const ASSIGN = { kind: "assign", owner: "bo", note } as const;
const SNOOZE = { kind: "snooze", until: LATER, untilWorse: false, minRise: 0, note } as const;
const OVERRIDE = { kind: "override", severity: "critical", band: "low", until: LATER, note: "paid" } as const;
const resolve = (over: Partial<Extract<AlertAction, { kind: "resolve" }>> = {}) =>
  ({ kind: "resolve", disposition: "mitigated", acceptedUntil: null, duplicateOf: "", note, ...over }) as const;

test.each<[Alert["state"], AlertAction, string]>([
  ["open", ACKNOWLEDGE, "acknowledged"],
  ["acknowledged", ACKNOWLEDGE, "unchanged"],
  ["in_mitigation", ACKNOWLEDGE, "AlertStateError"],
  ["resolved", ACKNOWLEDGE, "AlertResolvedError"],
  ["open", MITIGATE, "mitigation_started"],
  ["acknowledged", MITIGATE, "mitigation_started"],
  ["in_mitigation", MITIGATE, "unchanged"],
  ["resolved", MITIGATE, "AlertResolvedError"],
  ["open", resolve(), "resolved"],
  ["acknowledged", resolve(), "resolved"],
  ["in_mitigation", resolve(), "resolved"],
  ["resolved", resolve(), "unchanged"],
  ["resolved", resolve({ disposition: "false_data" }), "AlertResolvedError"],
  ["open", REOPEN, "AlertStateError"],
  ["acknowledged", REOPEN, "AlertStateError"],
  ["in_mitigation", REOPEN, "AlertStateError"],
  ["resolved", REOPEN, "reopened"],
  ["open", ASSIGN, "assigned"],
  ["resolved", ASSIGN, "AlertResolvedError"],
  ["in_mitigation", SNOOZE, "snoozed"],
  ["resolved", SNOOZE, "AlertResolvedError"],
  ["acknowledged", OVERRIDE, "overridden"],
  ["resolved", OVERRIDE, "AlertResolvedError"],
  ["open", COMMENT, "commented"],
  ["resolved", COMMENT, "commented"],
])("in the state %s, %o: %s", async (state, action, expected) => {
  const { act, events, audited, alert } = oneAlert({ state, disposition: state === "resolved" ? "mitigated" : null });
  const failure = await failureOf(act(action));
  if (expected.endsWith("Error")) {
    expect(failure).toMatch(`${expected}: `);
    expect(failure).toContain(state);
  } else expect(failure).toBe("done");
  const isChanged = !expected.endsWith("Error") && expected !== "unchanged";
  expect(events.map(({ kind }) => kind)).toEqual(isChanged ? [expected] : []);
  expect(audited.map(({ kind }) => kind)).toEqual(isChanged ? [`alert.${expected}`] : []);
  expect(alert().version).toBe(isChanged ? 2 : 1);
});

test.each<[AlertAction, string]>([
  [resolve({ acceptedUntil: LATER }), "accepted_until: is only for the disposition ACCEPTED; leave it out"],
  [resolve({ disposition: "accepted", acceptedUntil: NOW }), "accepted_until: is not in the future; "],
  [resolve({ duplicateOf: OTHER }), "duplicate_of_alert_id: is only for the disposition DUPLICATE; leave it out"],
  [resolve({ disposition: "duplicate" }), "duplicate_of_alert_id: is required for the disposition DUPLICATE"],
  [resolve({ disposition: "duplicate", duplicateOf: testAlert().id }), "duplicate_of_alert_id: is the alert itself; "],
  [resolve({ disposition: "duplicate", duplicateOf: "nobody" }), "duplicate_of_alert_id: no alert has this id"],
  [resolve({ disposition: "duplicate", duplicateOf: "chained" }), "duplicate_of_alert_id: is itself a duplicate; "],
  [
    resolve({ disposition: "duplicate", duplicateOf: "foreign" }),
    "duplicate_of_alert_id: is about the supplier s-9, and this alert about s-1; name an alert about s-1, or merge the two suppliers first if they are one",
  ],
  [{ ...SNOOZE, until: NOW }, "until: is not in the future; "],
  [
    { ...SNOOZE, until: inDays(31) },
    "until: is more than 30 days ahead (longest_days.snooze of the alert rules); it can be 2026-04-15 23:59 UTC at the latest",
  ],
  [
    { ...OVERRIDE, until: inDays(41) },
    "until: is more than 40 days ahead (longest_days.override of the alert rules); ",
  ],
  [
    resolve({ disposition: "accepted", acceptedUntil: inDays(51) }),
    "accepted_until: is more than 50 days ahead (longest_days.accepted of the alert rules); ",
  ],
  [{ ...SNOOZE, until: new Date("9999-12-31T23:59:59.999Z") }, "until: is more than 30 days ahead "],
  [
    { kind: "assign", owner: "Ada \u202eecila", note: "" },
    "owner: has characters that change the text direction (U+202A to U+202E, U+2066 to U+2069); remove them",
  ],
  [{ kind: "assign", owner: "a\u200bda", note: "" }, "owner: has an invisible character (U+200B), "],
  [{ ...SNOOZE, minRise: 0.1 }, "min_rise: is only for until_worse; leave it out"],
  [{ ...OVERRIDE, until: null }, "until: is required with a severity or a band"],
  [{ ...OVERRIDE, until: NOW }, "until: is not in the future; "],
  [{ ...OVERRIDE, severity: null, band: null }, "until: is only for a severity or a band; leave it out"],
])("%o is rejected: %s", async (action, message) => {
  const { act, events } = oneAlert();
  expect(await failureOf(act(action))).toContain(`AlertActionError: ${message}`);
  expect(events).toEqual([]);
});

test.each([
  { ...SNOOZE, until: inDays(30) },
  { ...SNOOZE, until: new Date("2026-04-15T23:59:59Z") },
  { ...OVERRIDE, until: inDays(40) },
  resolve({ disposition: "accepted", acceptedUntil: inDays(50) }),
])("an end exactly at the limit is accepted: %o", async (action) => {
  const { act, events } = oneAlert();
  await act(action);
  expect(events).toHaveLength(1);
});

test("another end or another alert is not lost on an alert that is resolved: it must be opened again", async () => {
  const { act, events } = oneAlert();
  await act(resolve({ disposition: "accepted" }));
  const later = await failureOf(act(resolve({ disposition: "accepted", acceptedUntil: LATER })));
  expect(later).toContain("AlertResolvedError");
  await act(resolve({ disposition: "accepted" }));
  expect(events).toHaveLength(1);
});

test("a risk that is accepted without a date is accepted for the run weeks of the cool-down", async () => {
  const { act, alert, events } = oneAlert();
  await act(resolve({ disposition: "accepted" }));
  expect(alert()).toMatchObject({ acceptedUntil: null, resolvedBy: "ana" });
  expect(events[0]?.detail).toBe("Accepted for 2 run weeks.");
});

test("an action on an older version fails and names the present one; a repetition by the same person succeeds", async () => {
  const { act, alert, events } = oneAlert();
  await act(ASSIGN);
  expect(await failureOf(act({ ...ASSIGN, owner: "cy" }, { version: 1 }))).toBe(
    `AlertChangedError: alert ${alert().id} has the version 2 (open, changed by ana), not 1; read it again, then decide again`,
  );
  await act(ASSIGN, { version: 1 });
  expect(events).toHaveLength(1);
  await expect(act(ASSIGN, { version: 1, actor: "bo" })).rejects.toThrow(AlertChangedError);
  await expect(act(ASSIGN, { version: 3 })).rejects.toThrow(AlertChangedError);
  await act(ACKNOWLEDGE);
  // A repetition succeeds, too, when somebody acted in between.
  await act(ASSIGN, { version: 1 });
  expect(alert()).toMatchObject({ version: 3, owner: "bo", state: "acknowledged" });
});

test.each<[AlertAction, Partial<Alert>]>([
  [ACKNOWLEDGE, {}],
  [MITIGATE, { state: "acknowledged", acknowledgedBy: "bo" }],
  [resolve({ disposition: "duplicate", duplicateOf: OTHER }), { owner: "bo" }],
  [
    resolve(),
    {
      snooze: { untilWorse: false, minRise: 0, fromScore: 0, fromSeverity: "warning", actor: "bo" },
      snoozedUntil: LATER,
    },
  ],
  [ASSIGN, { owner: "cy" }],
  [SNOOZE, {}],
  [OVERRIDE, {}],
  [REOPEN, { state: "resolved", disposition: "accepted", acceptedUntil: LATER, resolvedAt: NOW, resolvedBy: "bo" }],
])("an undo of %o restores %o", async (action, over) => {
  const { act, alert, events } = oneAlert(over);
  const before = alert();
  await act(action);
  expect(alert()).not.toMatchObject({ ...before, version: 2 });
  const undo = { version: 2, now: new Date(NOW.getTime() + 60_000) };
  expect(await failureOf(act({ kind: "undo" }, { ...undo, actor: "bo" }))).toContain("the last action is that of ana");
  const late = new Date(NOW.getTime() + 60_001);
  expect(await failureOf(act({ kind: "undo" }, { now: late }))).toContain("older than 60 seconds");
  await act({ kind: "undo" }, undo);
  expect(alert()).toEqual({ ...before, version: 3, changedAt: undo.now, changedBy: "ana" });
  await act({ kind: "undo" }, undo);
  expect(events.map(({ kind }) => kind).slice(1)).toEqual(["undone"]);
  expect(await failureOf(act({ kind: "undo" }))).toContain("a comment and an undo cannot be undone");
});

test("an alert about a supplier that is merged into that of another alert can be its duplicate", async () => {
  const { act, alert } = oneAlert();
  await act(resolve({ disposition: "duplicate", duplicateOf: "merged" }));
  expect(alert()).toMatchObject({ state: "resolved", duplicateOf: "merged" });
});

test("a comment that is meant twice is stored twice: after 60 seconds, or with a key of its request", async () => {
  const { act, events } = oneAlert();
  await act(COMMENT);
  await act(COMMENT, { now: new Date(NOW.getTime() + 60_000) });
  expect(events).toHaveLength(1);
  await act(COMMENT, { now: new Date(NOW.getTime() + 60_001) });
  expect(events).toHaveLength(2);
  await act(COMMENT, { now: new Date(NOW.getTime() + 60_002), requestKey: { caller: "ana", key: "k", digest: "d" } });
  expect(events).toHaveLength(3);
});

test("a comment that repeats the newest entry of the same person is stored once", async () => {
  const { act, events, alert } = oneAlert();
  await act(COMMENT);
  await act(COMMENT);
  expect(events).toHaveLength(1);
  expect(alert().version).toBe(2);
  await act(COMMENT, { actor: "bo" });
  await act(COMMENT);
  await act({ ...COMMENT, note: "Called them again." });
  await act(COMMENT);
  expect(events.map(({ actor }) => actor)).toEqual(["ana", "bo", "ana", "ana", "ana"]);
});

test("a comment cannot be undone, nor a change of the rules", async () => {
  const { act } = oneAlert();
  expect(await failureOf(act({ kind: "undo" }))).toContain("is not an action of a person");
  await act(COMMENT);
  expect(await failureOf(act({ kind: "undo" }))).toContain("a comment and an undo cannot be undone");
});
