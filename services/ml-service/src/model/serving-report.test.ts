import { expect, test } from "vitest";
import type { ServingStatus } from "./loaded-models.ts";
import { servingReport } from "./serving-report.ts";

const SINCE = new Date("2026-01-05T00:00:00Z");
const status = (over: Partial<ServingStatus> = {}): ServingStatus => ({
  modelName: "supplier-risk",
  championVersion: "v1",
  served: { version: "v1", modelDigest: "", since: SINCE, checks: [] },
  rejection: null,
  rejections: [],
  others: [],
  ...over,
});
const away = { failure: { reason: "the model registry cannot be used: gone", since: SINCE }, cacheFailure: null };

test("a champion that is served and a registry that is read have nothing to report", () => {
  expect(servingReport(status(), { failure: null, cacheFailure: null })).toEqual({
    ...{ isServing: true, details: "", isRegistryReadable: true, isChampionServed: new Map([["supplier-risk", true]]) },
  });
});

test("a registry that is away is reported, and the champion is served on", () => {
  expect(servingReport(status(), away)).toEqual({
    isServing: true,
    details: "supplier-risk v1 is served; since 2026-01-05T00:00:00.000Z: the model registry cannot be used: gone",
    isRegistryReadable: false,
    isChampionServed: new Map([["supplier-risk", true]]),
  });
});

test("a rejected champion is reported with its reason in one line", () => {
  const rejection = {
    modelName: "supplier-risk",
    version: "v2",
    reason: "golden row 0\ndiffers",
    at: SINCE,
    checks: [],
  };
  expect(servingReport(status({ rejection }), null)).toMatchObject({
    details: "supplier-risk v1 is served; v2 is not: golden row 0 differs",
    isRegistryReadable: true,
    isChampionServed: new Map([["supplier-risk", false]]),
  });
});

test("a registry that is away before the first champion is one line, not two", () => {
  const rejection = { modelName: "supplier-risk", version: "", reason: away.failure.reason, at: SINCE, checks: [] };
  const report = servingReport(status({ served: null, rejection }), away);
  expect(report.details).toMatch(/^no version is served; since .*: gone$/);
  expect(report).toMatchObject({
    isServing: false,
    isRegistryReadable: false,
    isChampionServed: new Map([["supplier-risk", false]]),
  });
});

test("a further model whose champion is rejected, or that has none, is reported and does not end readiness", () => {
  const rejectionOf = (modelName: string, version: string, reason: string) => ({
    ...{ modelName, version, reason, at: SINCE, checks: [] },
  });
  const late = status({ modelName: "late", rejection: rejectionOf("late", "v2", "golden row 0 differs") });
  const empty = { modelName: "empty", championVersion: "", served: null };
  const none = status({ ...empty, rejection: rejectionOf("empty", "", 'no model "empty"') });
  const other = status({ modelName: "other" });
  expect(servingReport(status(), null, [late, none, other])).toEqual({
    isServing: true,
    details:
      'late: v1 is served; v2 is not: golden row 0 differs\nempty: no version is served; the champion is not: no model "empty"',
    isRegistryReadable: true,
    isChampionServed: new Map([
      ["supplier-risk", true],
      ["late", false],
      ["empty", false],
      ["other", true],
    ]),
  });
});
