import { plainJson } from "@bellwether/contract/flat-json/plain-json";
import { ComparisonStatisticsSchema } from "@bellwether/gen/bellwether/registry/v1/shadow_service_pb";
import { countText } from "@bellwether/reasons/count-text";
import { MATRIX_BANDS } from "@bellwether/scoring/comparison/compared-row";
import { statisticsToProto } from "@bellwether/scoring/comparison/comparison-proto";
import type { ComparisonStatistics, RowsEstimate } from "@bellwether/scoring/comparison/comparison-statistics";
import { create, type JsonObject } from "@bufbuild/protobuf";

type Estimated = Pick<RowsEstimate, "value" | "low" | "high">;
const percent = (share: number): string => `${(100 * share).toFixed(1)} %`;
const signed = (value: number): string => `${value < 0 ? "−" : "+"}${Math.abs(value).toFixed(4)}`;
const plain = (value: number): string => value.toFixed(3);
const micros = (value: number): string => `${value.toFixed(0)} µs`;

function withInterval({ value, low, high }: Estimated, text: (value: number) => string): string {
  const interval = low === null || high === null ? "no interval: too few suppliers" : `${text(low)} to ${text(high)}`;
  return `${text(value)} (${interval})`;
}
const line = (name: string, text: string): string => `${name.padEnd(18)} ${text}`;

function matrixLines({ matrix }: ComparisonStatistics): string[] {
  const width = Math.max(9, ...matrix.flat().map((count) => String(count).length + 2));
  const head = MATRIX_BANDS.map((band) => band.padStart(width)).join("");
  return [
    line("bands", "rows by band of the champion (down) and of the challenger (across)"),
    `${"".padEnd(18)} ${head}`,
    ...matrix.map(
      (counts, band) =>
        `  ${(MATRIX_BANDS[band] ?? "").padEnd(16)} ${counts.map((count) => String(count).padStart(width)).join("")}`,
    ),
  ];
}

/** Returns the statistics in lines for a person. Intervals are at 95 %. */
export function comparisonLines(statistics: ComparisonStatistics): string[] {
  const { shift, absoluteShift, changed, higher, lower, rankCorrelation, sameFirstReason, reasonOverlap } = statistics;
  const { championMicros, challengerMicros, timeRatio, segments, rows, suppliers, areSuppliersExact } = statistics;
  return [
    line(
      "compared",
      `${countText(rows, "row")} of ${areSuppliersExact ? "" : "about "}${countText(suppliers, "supplier")}`,
    ),
    shift === null || absoluteShift === null
      ? line("score shift", "no row has a score of both versions")
      : line(
          "score shift",
          `${withInterval(shift, signed)}; of either sign ${withInterval(absoluteShift, (value) => value.toFixed(4))}`,
        ),
    rankCorrelation === null
      ? line("rank correlation", "not defined: fewer than three suppliers, or all scores of a version are equal")
      : line(
          "rank correlation",
          `${withInterval(rankCorrelation, plain)}, of ${countText(rankCorrelation.suppliers, "supplier")}`,
        ),
    ...(changed === null || higher === null || lower === null
      ? []
      : [
          line(
            "another band",
            `${withInterval(changed, percent)}; higher ${withInterval(higher, percent)}; lower ${withInterval(lower, percent)}`,
          ),
          ...matrixLines(statistics),
        ]),
    sameFirstReason === null || reasonOverlap === null
      ? line("reasons", "no row has contributions of both versions")
      : line(
          "reasons",
          `the first is the same in ${withInterval(sameFirstReason, percent)}; common of the first three ${withInterval(reasonOverlap, percent)}`,
        ),
    championMicros === null || challengerMicros === null || timeRatio === null
      ? line("CPU time of a row", "not measured yet")
      : line(
          "CPU time of a row",
          `champion ${withInterval(championMicros, micros)}, challenger ${withInterval(challengerMicros, micros)}: × ${withInterval(timeRatio, plain)}`,
        ),
    line(
      "segments",
      `${segments.tested} tested, ${segments.found.length === 0 ? "none differs" : `${segments.found.length} found that differ`} from all other rows by more than chance`,
    ),
    ...segments.found.map(({ segment, measure, rows: own, inside, outside, p }) => {
      const text = measure === "shift" ? signed : percent;
      const name = measure === "shift" ? "score shift" : "another band";
      return `  ${segment}: ${name} ${text(inside)}, otherwise ${text(outside)} (${countText(own, "row")}, p ${p < 0.001 ? "< 0.001" : p.toFixed(3)})`;
    }),
  ];
}

/** Returns the statistics as JSON, in the form of `GET /shadow`. */
export const comparisonJson = (statistics: ComparisonStatistics): JsonObject =>
  plainJson(ComparisonStatisticsSchema, create(ComparisonStatisticsSchema, statisticsToProto(statistics)));
