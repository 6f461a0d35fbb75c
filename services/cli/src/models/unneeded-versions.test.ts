import { expect, test } from "vitest";
import { decideVersions } from "./unneeded-versions.ts";

const now = new Date("2026-06-30T00:00:00Z");
const daysAgo = (days: number): string => new Date(now.getTime() - days * 86_400_000).toISOString();
const policy = { keepNewest: 1, olderThanDays: 90 };
const versions = (ages: Readonly<Record<string, number>>) =>
  Object.entries(ages).map(([version, days]) => ({ version, publishedAt: daysAgo(days) }));
const kept = (...given: Parameters<typeof decideVersions>) =>
  Object.fromEntries(decideVersions(...given).map(({ version, keptBecause }) => [version, keptBecause]));

test("a version is kept for its alias, its age, or an alias that pointed at it; all others may be removed", () => {
  const listed = versions({ v6: 200, v5: 89, v4: 90, v3: 200, v2: 200, v1: 300 });
  const moves = [
    { version: "v3", from: "v2", setAt: daysAgo(10) },
    { version: "v2", from: "v1", setAt: daysAgo(90) },
  ];
  expect(kept(listed, new Map([["champion", "v3"]]), moves, policy, now)).toEqual({
    v6: "it is one of the 1 newest versions",
    v5: "it was published less than 90 days ago",
    v4: null,
    v3: "it is the champion",
    v2: "an alias pointed at it less than 90 days ago",
    v1: null,
  });
});

test("a time that cannot be read keeps the version", () => {
  expect(kept([{ version: "v1", publishedAt: "?" }], new Map(), [], { ...policy, keepNewest: 0 }, now)).toEqual({
    v1: "it was published less than 90 days ago",
  });
});
