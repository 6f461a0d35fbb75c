import { DEFAULT_DELEGATION_LIMITS } from "@bellwether/config/people-limits";
import type { SupplierScope } from "@bellwether/mesh/call/supplier-scope";
import { expect, test } from "vitest";
import type { Delegation } from "./delegation.ts";
import {
  type DelegationCaller,
  type DelegationRequest,
  type DelegationStore,
  endDelegation,
  setDelegation,
} from "./set-delegation.ts";

const NOW = new Date("2026-11-02T08:00:00Z");
const inDays = (days: number): Date => new Date(NOW.getTime() + days * 86_400_000);
const EUROPE: SupplierScope = { regions: ["EU"], categories: [] };
const caller = (actor: string, over: Partial<DelegationCaller> = {}): DelegationCaller => ({
  ...{ actor, isAdmin: false, scope: undefined },
  ...over,
});

function inMemory(sessions: Readonly<Record<string, SupplierScope | "all">> = {}, limits = DEFAULT_DELEGATION_LIMITS) {
  const stored = new Map<string, Delegation>();
  const changes: string[] = [];
  let ids = 0;
  const store: DelegationStore = {
    open: async (now) => [...stored.values()].filter(({ endedAt, endsAt }) => endedAt === null && endsAt > now),
    find: async (id) => stored.get(id),
    async write(delegation, change) {
      stored.set(delegation.id, delegation);
      changes.push(`${change} ${delegation.deputy} for ${delegation.owner}`);
    },
    async scopeOfPerson(actor) {
      const scope = sessions[actor];
      return scope && { scope: scope === "all" ? undefined : scope };
    },
    hidden: async () => ({ alerts: 2, supplierIds: ["s-1", "s-3"] }),
  };
  const set = (who: DelegationCaller, over: Partial<DelegationRequest> = {}) =>
    setDelegation(
      store,
      { owner: "", deputy: "bo", startsAt: undefined, endsAt: inDays(10), reason: "on leave", ...over },
      who,
      { now: NOW, id: `${++ids}`, limits },
    );
  return { store, set, changes };
}

const failureOf = (work: Promise<unknown>): Promise<string> =>
  work.then(
    () => "done",
    (error: Error) => `${error.name}: ${error.message}`,
  );

test("an owner hands the alerts to a deputy from now on, which is recorded", async () => {
  const { set, changes } = inMemory({ bo: "all" });
  const { delegation, hidden, notHandedOn } = await set(caller("ada"));
  expect(delegation).toMatchObject({
    ...{ owner: "ada", deputy: "bo", startsAt: NOW, endsAt: inDays(10), createdBy: "ada", endedAt: null },
  });
  expect([hidden, notHandedOn]).toEqual([{ alerts: 0, supplierIds: [] }, []]);
  expect(changes).toEqual(["set bo for ada"]);
});

test.each<[string, Partial<DelegationRequest>, string]>([
  ["oneself", { deputy: "ada" }, "DelegationFieldError: deputy: is the owner"],
  ["an end in the past", { endsAt: inDays(-1) }, "DelegationFieldError: ends_at: is not in the future"],
  ["an end that is no time", { endsAt: new Date(Number.NaN) }, "DelegationFieldError: ends_at: is not in the future"],
  ["a start that is no time", { startsAt: new Date(Number.NaN) }, "DelegationFieldError: starts_at: is not a time"],
  ["an end before the start", { startsAt: inDays(11) }, "DelegationFieldError: ends_at: is not after starts_at"],
  ["more than 90 days", { endsAt: inDays(90.01) }, "DelegationFieldError: ends_at: is more than 90 days after"],
  [
    "a start in two years",
    { startsAt: inDays(700), endsAt: inDays(710) },
    "DelegationFieldError: starts_at: is more than 366 days ahead",
  ],
  ["the alerts of somebody else", { owner: "eve" }, "DelegationOwnerError: the alerts are those of eve"],
])("a delegation with %s is rejected", async (_, over, message) => {
  const { set, changes } = inMemory();
  expect(await failureOf(set(caller("ada"), over))).toContain(message);
  expect(changes).toEqual([]);
});

test("90 days are accepted, also in the future, and a start in the past is now", async () => {
  const { set } = inMemory();
  await set(caller("ada"), { startsAt: inDays(100), endsAt: inDays(190) });
  expect((await set(caller("ada"), { startsAt: inDays(-3) })).delegation.startsAt).toEqual(NOW);
});

test("the limits of the policy count", async () => {
  const { set } = inMemory({}, { maxDays: 1, maxDaysAhead: 0 });
  expect(await failureOf(set(caller("ada"), { endsAt: inDays(1.01) }))).toContain("ends_at: is more than 1 day after");
  const ahead = { startsAt: inDays(0.5), endsAt: inDays(1) };
  expect(await failureOf(set(caller("ada"), ahead))).toContain("starts_at: is more than 0 days ahead");
  expect(await failureOf(set(caller("ada"), { endsAt: inDays(1) }))).toBe("done");
});

test("an administrator hands over the alerts of another person", async () => {
  const { set } = inMemory();
  const { delegation } = await set(caller("root", { isAdmin: true }), { owner: "ada" });
  expect(delegation).toMatchObject({ owner: "ada", createdBy: "root" });
});

test("a name whose characters a reader sees in another order is rejected", async () => {
  const { set } = inMemory();
  expect(await failureOf(set(caller("ada"), { deputy: "b\u202eo" }))).toMatch(
    /^DelegationFieldError: deputy: has characters that change the text direction/,
  );
  expect(await failureOf(set(caller("ada"), { deputy: "b\u00ado" }))).toMatch(
    /^DelegationFieldError: deputy: has an invisible character \(U\+00AD\)/,
  );
});

test("the alerts of an owner are with one deputy at a time", async () => {
  const { set } = inMemory();
  await set(caller("ada"));
  expect(await failureOf(set(caller("ada"), { deputy: "cy", startsAt: inDays(9), endsAt: inDays(20) }))).toMatch(
    /^DelegationOverlapError: bo is the deputy of ada from .* already/,
  );
  await set(caller("ada"), { deputy: "cy", startsAt: inDays(10), endsAt: inDays(20) });
});

test("a deputy who is away is rejected, and one who is away at another time is not", async () => {
  const { set } = inMemory();
  await set(caller("bo"), { deputy: "cy", startsAt: inDays(5), endsAt: inDays(8) });
  expect(await failureOf(set(caller("ada")))).toMatch(
    /^DeputyAwayError: bo is away from .*, with cy as deputy, and alerts are handed on once only/,
  );
  await set(caller("ada"), { endsAt: inDays(5) });
});

test("a person who is the deputy of others does not hand on their alerts, which the answer says", async () => {
  const { set } = inMemory();
  await set(caller("eve"), { deputy: "ada" });
  await set(caller("dan"), { deputy: "ada", startsAt: inDays(30), endsAt: inDays(40) });
  expect((await set(caller("ada"))).notHandedOn).toEqual(["eve"]);
});

test("the answer says what the deputy does not see, or that this is not known", async () => {
  const { set } = inMemory({ bo: EUROPE });
  expect((await set(caller("ada"))).hidden).toEqual({ alerts: 2, supplierIds: ["s-1", "s-3"] });
  expect((await set(caller("eve"), { deputy: "nobody" })).hidden).toBeNull();
});

test("owner, deputy and administrators end a delegation, once", async () => {
  for (const who of [caller("ada"), caller("bo"), caller("root", { isAdmin: true })]) {
    const { store, set, changes } = inMemory();
    const { delegation } = await set(caller("ada"));
    const ended = await endDelegation(store, delegation.id, who, NOW);
    expect(ended).toMatchObject({ endedAt: NOW, endedBy: who.actor });
    expect(await endDelegation(store, delegation.id, who, inDays(1))).toEqual(ended);
    expect(changes).toEqual(["set bo for ada", "ended bo for ada"]);
  }
  const { store, set } = inMemory();
  const { delegation } = await set(caller("ada"));
  expect(await failureOf(endDelegation(store, delegation.id, caller("eve"), NOW))).toMatch(/^DelegationOwnerError/);
  expect(await failureOf(endDelegation(store, "other", caller("ada"), NOW))).toMatch(/^DelegationNotFoundError/);
});
