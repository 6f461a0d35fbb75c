import { expect, test } from "vitest";
import type { ColumnProfile } from "./column-profile.ts";
import { findRenamed, likelyName } from "./find-renamed.ts";

const profile = (column: string, median: number, fields: Partial<ColumnProfile> = {}): ColumnProfile => ({
  ...{ column, kind: "number", rows: 1_000, missing: 10, distinct: 900, topValue: "", topRows: 10 },
  numbers: {
    ...{ min: 0, p05: median * 0.2, p25: median * 0.6, median },
    ...{ p75: median * 1.5, p95: median * 3, max: median * 9, mean: median * 1.3 },
  },
  ...fields,
});
const candidate = (one: ColumnProfile) => ({ column: one.column, profile: one });

test("a name with all words of the missing one, or nearly equal, is its likely new name", () => {
  expect(likelyName("spend", ["region", "spend_usd", "total"])).toBe("spend_usd");
  expect(likelyName("annualSpend", ["Annual Spend (USD)", "spend"])).toBe("Annual Spend (USD)");
  expect(likelyName("spend_usd", ["spend", "usd_rate"])).toBe("spend");
  expect(likelyName("dlivery", ["delivery"])).toBe("delivery");
  expect(likelyName("spend", ["region", "owner"])).toBeNull();
  expect(likelyName("", ["region"])).toBeNull();
});

test("name and distribution together are preferred, then the name, then the only column that is distributed alike", () => {
  const before = profile("spend", 100);
  const usd = candidate(profile("spend_usd", 102));
  const other = candidate(profile("volume", 101));
  const far = candidate(profile("spend_local", 9_000));
  expect(findRenamed("spend", before, [other, usd])).toEqual({ to: "spend_usd", byName: true, byDistribution: true });
  expect(findRenamed("spend", before, [far])).toEqual({ to: "spend_local", byName: true, byDistribution: false });
  expect(findRenamed("spend", before, [other, candidate(profile("rate", 3))])).toEqual({
    ...{ to: "volume", byName: false, byDistribution: true },
  });
  expect(findRenamed("spend", before, [other, candidate(profile("amount", 99))])).toBeNull();
  expect(findRenamed("spend", null, [other])).toBeNull();
});

test("columns of another kind, with other missing shares, or without values are not alike", () => {
  const before = profile("spend", 100);
  for (const fields of [{ kind: "text" }, { missing: 400 }, { kind: "empty" }, { topRows: 500 }] as const)
    expect(findRenamed("spend", before, [candidate(profile("volume", 100, fields))])).toBeNull();
});
