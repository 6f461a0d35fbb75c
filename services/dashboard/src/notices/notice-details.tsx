import type { NoticeAttempt, NoticeItem } from "@bellwether/gen/bellwether/ops/v1/notice_pb";
import { NoticeService } from "@bellwether/gen/bellwether/ops/v1/notice_service_pb";
import { visibleText } from "@bellwether/reasons/visible-text";
import { useQuery } from "@connectrpc/connect-query";
import { SeverityBadge } from "../parts/badges.tsx";
import { moneyText, scoreText, timeText } from "../parts/format.ts";
import { Failure, Loading } from "../parts/load-states.tsx";
import { Name } from "../parts/name.tsx";
import { wordOf } from "../parts/words.ts";
import { hrefOf } from "../routing/route.ts";
import { CAUSE_WORDS, OUTCOME_WORDS } from "./notice-words.ts";

/** The suppliers of a notice and the log of its attempts. */
export function NoticeDetails({ noticeId }: { noticeId: string }) {
  const got = useQuery(NoticeService.method.getNotice, { noticeId }, { staleTime: 0 });
  if (got.isPending) return <Loading what="the notice" />;
  if (!got.data) return <Failure error={got.error} onRetry={() => void got.refetch()} />;
  const { notice, attempts } = got.data;
  const dropped = notice?.droppedSuppliers ?? 0;
  return (
    <div className="columns">
      <section aria-label="Suppliers">
        <strong>Suppliers</strong>
        {notice?.items.length === 0 && <p className="quiet">None: it is a test.</p>}
        <ul className="events">
          {notice?.items.map((item) => (
            <Supplier key={item.supplierId} item={item} />
          ))}
        </ul>
        {dropped > 0 && <p className="quiet">{`${dropped} more are not in the notice.`}</p>}
      </section>
      <section aria-label="Attempts">
        <strong>Attempts</strong>
        {attempts.length === 0 && <p className="quiet">No attempt yet.</p>}
        <ol className="events">
          {attempts.map((attempt) => (
            <Attempt key={attempt.attempt} attempt={attempt} />
          ))}
        </ol>
        <small>
          Id <code>{noticeId}</code>
        </small>
      </section>
    </div>
  );
}

function Supplier({ item }: { item: NoticeItem }) {
  const { supplierId, supplierName, severity, cause, isoWeek, modelName, riskScore, expectedLoss, currency } = item;
  return (
    <li>
      <a href={hrefOf({ page: "supplier", supplierId, modelName })}>
        <Name>{supplierName || supplierId}</Name>
      </a>{" "}
      <SeverityBadge severity={severity} />
      <small>
        {`${wordOf(CAUSE_WORDS, cause)}, ${isoWeek}: score ${scoreText(riskScore)}`}
        {item.previousScore !== undefined && `, was ${scoreText(item.previousScore)}`}
        {expectedLoss !== undefined && `, expected impact ${moneyText(expectedLoss, currency)}`}
      </small>
      {item.reasons.length > 0 && <small>{item.reasons.map((reason) => visibleText(reason)).join("; ")}</small>}
    </li>
  );
}

function Attempt({ attempt }: { attempt: NoticeAttempt }) {
  const { startedAt, durationMs, outcome, detail, worker } = attempt;
  return (
    <li>
      {`${timeText(startedAt)}: ${wordOf(OUTCOME_WORDS, outcome)}`}
      <small>
        <bdi>{visibleText(detail)}</bdi>
        {durationMs !== undefined && ` (${durationMs} ms, ${visibleText(worker)})`}
      </small>
    </li>
  );
}
