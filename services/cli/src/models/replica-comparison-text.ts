import { plainJson } from "@bellwether/contract/flat-json/plain-json";
import {
  ShadowDropReason,
  type ShadowLosses,
  ShadowLossesSchema,
} from "@bellwether/gen/bellwether/registry/v1/shadow_service_pb";
import { countText } from "@bellwether/reasons/count-text";
import { enumWord } from "../output/enum-word.ts";
import { comparisonJson, comparisonLines } from "./comparison-text.ts";
import type { MergedComparison, ReplicaComparison } from "./replica-comparisons.ts";

/** Returns the comparison of the replicas in lines for a person. */
export function replicaComparisonLines({
  champion,
  challenger,
  replicas,
  statistics,
  remarks,
}: MergedComparison): string[] {
  const answered = replicas.filter(({ error }) => error === null);
  const isOff = answered.length > 0 && answered.every(({ state }) => state === "off");
  const counted = replicas.filter(({ rows }) => rows > 0).length;
  return [
    ...(statistics === null
      ? isOff
        ? ["nothing was compared: the shadow is off"]
        : [`${champion || "no champion"} and ${challenger || "no challenger"}: nothing was compared`]
      : [
          `${champion} and ${challenger}, rows of ${countText(counted, "replica")} of ${replicas.length}`,
          ...comparisonLines(statistics),
        ]),
    ...replicas.flatMap(replicaText),
    ...remarks.map((remark) => `note: ${remark}`),
  ];
}

function replicaText({ url, replica, state, detail, share, rows, since, losses, error }: ReplicaComparison): string[] {
  if (error !== null) return [`${url}: ${error}`];
  if (state === "off")
    return [
      `${replica} (${url}): the shadow is off; set SHADOW_SHARE of ml-service, for example to 0.1, and restart it`,
    ];
  const why = detail === "" ? "" : ` (${detail})`;
  return [
    `${replica} (${url}): ${state.replace("_", " ")}${why}, share ${share}; ${countText(rows, "row")} since ${since ?? "–"}`,
    ...lossLines(losses),
  ];
}

function lossLines(losses: ShadowLosses | null): string[] {
  const dropped = (losses?.dropped ?? []).map(
    ({ reason, rows }) => `${countText(rows, "row")}, ${enumWord(ShadowDropReason, reason).replaceAll("_", " ")}`,
  );
  const rejected = (losses?.rejections ?? []).map(
    ({ reason, field, rows }) =>
      `${countText(rows, "row")} that the challenger rejects, ${reason}${field === "" ? "" : `, first at ${field}`}`,
  );
  const failed =
    losses === null || losses.failedRows === 0n
      ? []
      : [`${countText(losses.failedRows, "row")} at which the challenger failed: ${losses.lastFailure}`];
  return [...dropped, ...rejected, ...failed].map((text) => `  not compared: ${text}`);
}

/** Returns the comparison of the replicas as one object of JSON. */
export function replicaComparisonJson({ replicas, statistics, ...merged }: MergedComparison) {
  return {
    ...merged,
    replicas: replicas.map(({ losses, ...replica }) => ({
      ...replica,
      losses: losses && plainJson(ShadowLossesSchema, losses),
    })),
    statistics: statistics && comparisonJson(statistics),
  };
}
