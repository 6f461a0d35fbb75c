import { type RuleActivation, RuleService } from "@bellwether/gen/bellwether/ops/v1/rule_service_pb";
import { visibleText } from "@bellwether/reasons/visible-text";
import { useInfiniteQuery } from "@connectrpc/connect-query";
import { keepPreviousData } from "@tanstack/react-query";
import { countText, timeText } from "../parts/format.ts";
import { Failure, Loading } from "../parts/load-states.tsx";
import { MoreButton } from "../parts/more-button.tsx";
import { usePagesKept } from "../parts/use-pages-kept.ts";
import { Wide } from "../parts/wide.tsx";

/** Who activated which draft of a rule set or retired it, and why. */
export function ActivationCard({ modelName, setId }: { modelName: string; setId: string }) {
  const list = useInfiniteQuery(
    RuleService.method.listRuleActivations,
    { modelName, setId, pageToken: "" },
    {
      pageParamKey: "pageToken",
      getNextPageParam: ({ nextPageToken }) => nextPageToken || undefined,
      placeholderData: keepPreviousData,
    },
  );
  const readMore = usePagesKept(list);
  const activations = list.data?.pages.flatMap((page) => page.activations) ?? [];
  return (
    <section className="card" aria-labelledby="activations">
      <h2 id="activations">History</h2>
      {list.isPending && <Loading what="the history" />}
      {list.isError && <Failure error={list.error} onRetry={() => void list.refetch()} />}
      {list.data && activations.length === 0 && (
        <p className="quiet">No draft of this rule set was activated: its rules are those of the file.</p>
      )}
      {activations.length > 0 && <ActivationTable activations={activations} />}
      <MoreButton hasMore={list.hasNextPage} loading={list.isFetchingNextPage} onMore={readMore} />
    </section>
  );
}

function ActivationTable({ activations }: { activations: readonly RuleActivation[] }) {
  return (
    <Wide label="Activations">
      <table className="stacks">
        <thead>
          <tr>
            <th scope="col">When</th>
            <th scope="col">Who</th>
            <th scope="col">Why</th>
            <th scope="col">From</th>
            <th scope="col">To</th>
            <th scope="col">Alerts expected</th>
          </tr>
        </thead>
        <tbody>
          {activations.map(({ number, activatedAt, actor, reason, fromHash, toHash, forecast, forced, retired }) => (
            <tr key={String(number)}>
              <th scope="row" className="whole">
                {timeText(activatedAt)}
              </th>
              <td className="labelled whole" data-label="Who">
                {visibleText(actor)}
              </td>
              <td className="labelled whole" data-label="Why">
                {visibleText(reason)}
              </td>
              <td className="labelled" data-label="From">
                <code title={fromHash}>{fromHash.slice(0, 12) || "nothing"}</code>
              </td>
              <td className="labelled" data-label="To">
                {retired ? "retired" : <code title={toHash}>{toHash.slice(0, 12)}</code>}
              </td>
              <td className="number labelled whole" data-label="Alerts expected">
                {forecast ? countText(forecast.raisedAtOnce) : retired ? "–" : "not tested"}
                {forced && <small>over the budget of {countText(forecast?.weeklyBudget ?? 0)}, forced</small>}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </Wide>
  );
}
