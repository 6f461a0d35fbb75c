import type {
  ComparisonEstimate,
  GetShadowComparisonResponse,
  ModelComparison,
} from "@bellwether/gen/bellwether/registry/v1/shadow_service_pb";
import { ShadowService } from "@bellwether/gen/bellwether/registry/v1/shadow_service_pb";
import { visibleText } from "@bellwether/reasons/visible-text";
import { callUnaryMethod, useTransport } from "@connectrpc/connect-query";
import { useQuery } from "@tanstack/react-query";
import { countOf, signedText, timeText, valueText } from "../parts/format.ts";
import { Failure, Loading } from "../parts/load-states.tsx";
import { Wide } from "../parts/wide.tsx";
import { wordOf } from "../parts/words.ts";
import { isMissing } from "../rpc/problem.ts";
import { DROP_WORDS, MEASURE_WORDS, SHADOW_WORDS } from "./model-words.ts";
import { askReplicas, NOT_CONFIGURED, REPLICA_CALLS } from "./use-replicas.ts";

/** What a promotion of the challenger would change, as each replica of ml-service has measured it. */
export function ShadowComparison({ modelName }: { modelName: string }) {
  const transport = useTransport();
  const got = useQuery<GetShadowComparisonResponse[]>({
    queryKey: ["shadow", modelName],
    queryFn: ({ signal }) =>
      askReplicas(() =>
        callUnaryMethod(transport, ShadowService.method.getShadowComparison, { modelName }, { signal }),
      ),
  });
  if (got.isPending) return <Loading what="the comparison" />;
  if (got.isError && isMissing(got.error)) return <p className="quiet">{NOT_CONFIGURED}</p>;
  if (got.isError) return <Failure error={got.error} onRetry={() => void got.refetch()} />;
  return (
    <>
      <p className="quiet">
        The challenger scores a share of the suppliers after the champion has answered. Each replica that has answered
        one of {REPLICA_CALLS} calls has its own figures; bellwether models compare --ml merges them.
      </p>
      {got.data.map((one) => (
        <section key={one.replica} aria-label={visibleText(one.replica)}>
          <h3>
            <bdi>{visibleText(one.replica)}</bdi>
          </h3>
          <p>
            {wordOf(SHADOW_WORDS, one.state)}
            {one.detail !== "" && `: ${visibleText(one.detail)}`}. Share of the suppliers:{" "}
            {valueText(Math.round(1000 * one.share) / 10)} %.
          </p>
          {one.comparisons.map((pair) => (
            <Pair key={`${pair.championModelDigest} ${pair.challengerModelDigest}`} pair={pair} />
          ))}
        </section>
      ))}
    </>
  );
}

/** Returns a figure with its interval. */
function estimateText(estimate: ComparisonEstimate | undefined, text: (value: number) => string): string {
  if (!estimate) return "–";
  const { value, low, high } = estimate;
  const interval =
    low === undefined || high === undefined ? "too few suppliers for an interval" : `${text(low)} to ${text(high)}`;
  return `${text(value)} (${interval})`;
}

const percent = (share: number): string => `${valueText(Math.round(1000 * share) / 10)} %`;
const four = (value: number): string => signedText(value, 4);

function Pair({ pair }: { pair: ModelComparison }) {
  const { championVersion, challengerVersion, since, statistics, losses } = pair;
  const names = `${visibleText(championVersion)} and ${visibleText(challengerVersion)}`;
  if (!statistics || statistics.rows === 0n)
    return <p className="quiet">{`${names}: no row compared since ${timeText(since)}.`}</p>;
  const figures = [
    ["Score shift, challenger minus champion", estimateText(statistics.shift, four)],
    ["Size of the difference", estimateText(statistics.absoluteShift, valueText)],
    ["Suppliers with another band", estimateText(statistics.bandsChanged, percent)],
    ["With a higher band", estimateText(statistics.bandsHigher, percent)],
    ["With a lower band", estimateText(statistics.bandsLower, percent)],
    ["Rank correlation", estimateText(statistics.rankCorrelation, valueText)],
    ["Same first reason", estimateText(statistics.sameFirstReason, percent)],
    ["CPU time, challenger by champion", estimateText(statistics.timeRatio, valueText)],
  ] as const;
  const lost = [
    ...(losses?.dropped ?? []).map(({ reason, rows }) => `${countOf(rows, "row")}: ${wordOf(DROP_WORDS, reason)}`),
    ...(losses?.rejections ?? []).map(
      ({ reason, field, rows }) => `${countOf(rows, "row")} that the challenger rejects: ${reason} ${field}`,
    ),
    ...(losses && losses.failedRows > 0n
      ? [`${countOf(losses.failedRows, "row")} at which the challenger failed: ${losses.lastFailure}`]
      : []),
  ];
  return (
    <>
      <p>
        {`${names}: ${countOf(statistics.rows, "row")} of ${statistics.suppliersEstimated ? "about " : ""}${countOf(statistics.suppliers, "supplier")} since ${timeText(since)}.`}
      </p>
      <Wide label={names}>
        <table className="stacks">
          <thead>
            <tr>
              <th scope="col">Figure</th>
              <th scope="col">Value (95 % interval)</th>
            </tr>
          </thead>
          <tbody>
            {figures.map(([name, text]) => (
              <tr key={name}>
                <th scope="row">{name}</th>
                <td className="number">{text}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </Wide>
      {statistics.segments.map(({ segment, measure, inside, outside, rows }) => (
        <p key={`${segment} ${measure}`}>
          {`Differs in ${visibleText(segment)} (${countOf(rows, "row")}): ${wordOf(MEASURE_WORDS, measure)} ${four(inside)}, elsewhere ${four(outside)}.`}
        </p>
      ))}
      {lost.length > 0 && <p className="quiet">Not compared: {visibleText(lost.join("; "))}.</p>}
    </>
  );
}
