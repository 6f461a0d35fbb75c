import { OutcomeSource, OutcomeValue, type Review } from "@bellwether/gen/bellwether/ops/v1/outcome_pb";
import { OutcomeService } from "@bellwether/gen/bellwether/ops/v1/outcome_service_pb";
import { visibleText } from "@bellwether/reasons/visible-text";
import { useMutation, useQuery } from "@connectrpc/connect-query";
import { useRef, useState } from "react";
import { scoreText } from "../parts/format.ts";
import { Failure } from "../parts/load-states.tsx";
import { Name } from "../parts/name.tsx";
import { Wide } from "../parts/wide.tsx";
import { hrefOf } from "../routing/route.ts";
import { useBlockedReason } from "../rpc/live.ts";
import { isMissing } from "../rpc/problem.ts";
import { useReader } from "../session/reader.ts";

/** Number of suppliers that are listed at first. */
const SHOWN = 5;

const ANSWERS = [
  [OutcomeValue.OCCURRED, "The risk is real"],
  [OutcomeValue.NOT_OCCURRED, "No risk"],
] as const;

/** The suppliers of the review sample that nobody has checked yet, with the two possible answers. Empty: nothing. */
export function ReviewCard({ modelName }: { modelName: string }) {
  const reviews = useQuery(OutcomeService.method.listReviews, { modelName, openOnly: true });
  const [said, setSaid] = useState("");
  const [isWhole, setWhole] = useState(false);
  const heading = useRef<HTMLHeadingElement>(null);
  const blocked = useBlockedReason();
  const { mayDecide } = useReader();
  const record = useMutation(OutcomeService.method.recordOutcomes, {
    onSuccess: ({ violations }, { rows = [] }) => {
      const [violation] = violations;
      const supplier = rows[0]?.supplierId ?? "";
      setSaid(violation ? `Not recorded: the outcome ${violation.reason}.` : `Recorded for ${supplier}.`);
      // The row that had the focus is removed.
      heading.current?.focus();
      void reviews.refetch();
    },
  });
  const { data } = reviews;
  if (reviews.isError && !isMissing(reviews.error))
    return <Failure error={reviews.error} onRetry={() => void reviews.refetch()} />;
  if (!data || (data.reviews.length === 0 && said === "")) return null;
  const answer = ({ supplierId, isoWeek }: Review, value: OutcomeValue): void =>
    record.mutate({
      ...{ requestId: crypto.randomUUID(), modelName: data.modelName, source: OutcomeSource.REVIEW },
      rows: [{ supplierId, isoWeek, value }],
    });
  return (
    <section className="card" aria-labelledby="reviews">
      <h2 id="reviews" ref={heading} tabIndex={-1}>
        Please check
      </h2>
      <p className="quiet">
        Random suppliers of {data.isoWeek} without an alert. What you find shows what the model misses.
      </p>
      {(blocked ?? said) !== "" && <p role="status">{blocked ?? visibleText(said)}</p>}
      {record.isError && <Failure error={record.error} />}
      {data.reviews.length > 0 && (
        <Wide label="Suppliers to check">
          <table className="stacks">
            <thead>
              <tr>
                <th scope="col">Supplier</th>
                <th scope="col">Score</th>
                {mayDecide && <th scope="col">What you found</th>}
              </tr>
            </thead>
            <tbody>
              {(isWhole ? data.reviews : data.reviews.slice(0, SHOWN)).map((review) => {
                const name = review.supplierName || review.supplierId;
                return (
                  <tr key={review.supplierId}>
                    <th scope="row">
                      <a href={hrefOf({ page: "supplier", supplierId: review.supplierId, modelName: data.modelName })}>
                        <Name>{name}</Name>
                      </a>
                    </th>
                    <td className="number labelled" data-label="Score">
                      {scoreText(review.riskScore)}
                    </td>
                    {mayDecide && (
                      <td className="whole">
                        <div className="actions">
                          {ANSWERS.map(([value, text]) => (
                            <button
                              key={value}
                              type="button"
                              disabled={record.isPending || blocked !== undefined}
                              onClick={() => answer(review, value)}
                            >
                              {text}
                              <span className="unseen"> at {visibleText(name)}</span>
                            </button>
                          ))}
                        </div>
                      </td>
                    )}
                  </tr>
                );
              })}
            </tbody>
          </table>
        </Wide>
      )}
      {!isWhole && data.reviews.length > SHOWN && (
        <p className="more">
          <button type="button" onClick={() => setWhole(true)}>
            Show all {data.reviews.length}
          </button>
        </p>
      )}
    </section>
  );
}
