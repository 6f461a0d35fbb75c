import {
  type GetShadowComparisonResponse,
  GetShadowComparisonResponseSchema,
  ShadowDropReason,
  ShadowLossesSchema,
  ShadowState,
} from "@bellwether/gen/bellwether/registry/v1/shadow_service_pb";
import { statisticsToProto, sumsToProto } from "@bellwether/scoring/comparison/comparison-proto";
import { comparisonStatistics } from "@bellwether/scoring/comparison/comparison-statistics";
import { createSummary } from "@bellwether/scoring/comparison/comparison-sums";
import { create } from "@bufbuild/protobuf";
import { expect, test } from "vitest";
import { replicaComparisonJson, replicaComparisonLines } from "./replica-comparison-text.ts";
import { mergeComparisons } from "./replica-comparisons.ts";

/** The answer of a replica that has compared suppliers `from` to `until`. */
function answerOf(replica: string, from: number, until: number, digest = "c"): GetShadowComparisonResponse {
  const summary = createSummary([]);
  for (let i = from; i < until; i++)
    summary.add({
      ...{ supplierId: `S${i}`, atMs: i, times: null, segments: [] },
      champion: { value: 0.25, band: "low", reasons: null },
      challenger: { value: 0.25 + i / 1_000, band: "low", reasons: null },
    });
  const sums = summary.sums();
  const versions = { championVersion: "v1", challengerVersion: "v2" };
  return create(GetShadowComparisonResponseSchema, {
    ...{ replica, state: ShadowState.RUNNING, share: 0.1, ...versions },
    comparisons: [
      {
        ...{ ...versions, championModelDigest: "a", challengerModelDigest: digest },
        ...{ statistics: statisticsToProto(comparisonStatistics(sums)), sums: sumsToProto(sums), losses: {} },
      },
    ],
  });
}
const at = (url: string, answer: GetShadowComparisonResponse | null) => ({
  url,
  answer,
  error: answer ? null : "away",
});
const PRESENT = { champion: "", challenger: "" };

test("rows of two replicas are one comparison", () => {
  const merged = mergeComparisons([at("u1", answerOf("a:1", 0, 50)), at("u2", answerOf("b:1", 50, 80))], PRESENT);
  expect(merged).toMatchObject({
    champion: "v1",
    challenger: "v2",
    remarks: [],
    statistics: { rows: 80, suppliers: 80 },
  });
  expect(merged.replicas.map(({ replica, rows }) => [replica, rows])).toEqual([
    ["a:1", 50],
    ["b:1", 30],
  ]);
  expect(merged.statistics?.shift?.value).toBeCloseTo(79 / 2 / 1_000, 12);
});

test("what is not included is said: a silent replica, one that two URLs reach, and one with other files", () => {
  const answers = [
    at("u1", answerOf("a:1", 0, 50)),
    at("u2", answerOf("a:1", 0, 50)),
    at("u3", null),
    at("u4", answerOf("b:1", 50, 80, "other")),
  ];
  const { remarks, statistics } = mergeComparisons(answers, PRESENT);
  expect(statistics?.rows).toBe(50);
  expect(remarks).toEqual([
    "u2 is a:1 again: counted once",
    "u3 did not answer: its rows are not included",
    "b:1 has other files of v1 or v2: not included",
  ]);
});

test("a pair that no replica has compared has no figures", () => {
  const merged = mergeComparisons([at("u1", answerOf("a:1", 0, 5))], { champion: "v1", challenger: "v9" });
  expect(merged).toMatchObject({ statistics: null, replicas: [{ rows: 0, since: null }] });
});

test("replicas whose shadow is off are no comparison without versions: the lines say how to switch it on", () => {
  const off = create(GetShadowComparisonResponseSchema, { replica: "a:1", state: ShadowState.OFF });
  expect(replicaComparisonLines(mergeComparisons([at("u1", off)], PRESENT))).toEqual([
    "nothing was compared: the shadow is off",
    "a:1 (u1): the shadow is off; set SHADOW_SHARE of ml-service, for example to 0.1, and restart it",
  ]);
  const [first] = replicaComparisonLines(mergeComparisons([at("u1", off), at("u2", answerOf("b:1", 0, 50))], PRESENT));
  expect(first).toBe("v1 and v2, rows of 1 replica of 2");
});

test("lines and JSON say which rows were not compared, and bands are in lower case", () => {
  const answer = answerOf("a:1", 0, 50);
  const [compared] = answer.comparisons;
  if (compared) {
    const rejections = [{ reason: "FEATURE_RANGE", field: "supplier.features.late_ratio", rows: 2n }];
    const dropped = [{ reason: ShadowDropReason.QUEUE_FULL, rows: 12n }];
    compared.losses = create(ShadowLossesSchema, { dropped, rejections, failedRows: 1n, lastFailure: "out of memory" });
  }
  const merged = mergeComparisons([at("u1", answer)], PRESENT);
  expect(replicaComparisonLines(merged)).toEqual(
    expect.arrayContaining([
      expect.stringMatching(/^ +low +medium +high +unknown$/),
      expect.stringMatching(/^ {2}low +50 +0 +0 +0$/),
      "  not compared: 12 rows, queue full",
      "  not compared: 2 rows that the challenger rejects, FEATURE_RANGE, first at supplier.features.late_ratio",
      "  not compared: 1 row at which the challenger failed: out of memory",
    ]),
  );
  expect(JSON.parse(JSON.stringify(replicaComparisonJson(merged)))).toMatchObject({
    replicas: [{ losses: { dropped: [{ reason: "queue_full", rows: 12 }], failed_rows: 1 } }],
    statistics: { rows: 50 },
  });
});
