import {
  type GetPerformanceResponse,
  PerformanceService,
} from "@bellwether/gen/bellwether/ops/v1/performance_service_pb";
import { visibleText } from "@bellwether/reasons/visible-text";
import { useQuery, useTransport } from "@connectrpc/connect-query";
import { useMemo } from "react";
import { countOf, countText } from "../parts/format.ts";
import { Empty, Failure, Loading } from "../parts/load-states.tsx";
import { Page } from "../parts/page.tsx";
import { Calibration } from "../performance/calibration.tsx";
import { FiguresTable } from "../performance/figures-table.tsx";
import { coverageSentences } from "../performance/performance-words.ts";
import { ReviewCard } from "../performance/review-card.tsx";
import { scorecardSentence } from "../performance/scorecard-words.ts";
import { SegmentsTable } from "../performance/segments-table.tsx";
import { WeekFigures } from "../performance/week-figures.tsx";
import { VersionsTable } from "../performance/weeks-table.tsx";
import { isMissing } from "../rpc/problem.ts";
import { withTimeout } from "../rpc/transport.ts";

/** Deadline of the contract: a year of 100,000 suppliers takes seconds. */
const MEASURE_TIMEOUT_MS = 60_000;

/** How good the scores of the last 52 weeks were, as far as outcomes are known. It is measured when the page is opened. */
export function PerformancePage({ modelName }: { modelName: string }) {
  const usual = useTransport();
  const transport = useMemo(() => withTimeout(usual, MEASURE_TIMEOUT_MS), [usual]);
  const measured = useQuery(PerformanceService.method.getPerformance, { modelName }, { transport });
  return (
    <Page
      title="Performance"
      extra={measured.data && <span className="quiet">Model {visibleText(measured.data.modelName)}</span>}
    >
      {measured.isPending && <Loading what="the figures" />}
      {measured.isError &&
        (isMissing(measured.error) ? (
          <Empty title="No weekly run is complete">
            Scores are compared with outcomes from the first complete week on. The page Weeks shows the runs.
          </Empty>
        ) : (
          <Failure error={measured.error} onRetry={() => void measured.refetch()} />
        ))}
      {measured.data && <Figures answer={measured.data} />}
      <ReviewCard modelName={modelName} />
    </Page>
  );
}

function Figures({ answer }: { answer: GetPerformanceResponse }) {
  const { overall, weeks, versions, segments, segmentsLeftOut, fromWeek, toWeek, definition } = answer;
  const rows = overall?.rows ?? 0n;
  const note = overall?.note ?? "";
  return (
    <>
      <section className="card" aria-labelledby="figures">
        <h2 id="figures">
          {fromWeek} to {toWeek}
        </h2>
        {definition !== "" && <p>Risk: {visibleText(definition)}</p>}
        <p className="quiet">{[...coverageSentences(answer), scorecardSentence(answer)].join(" ")}</p>
        {note !== "" && <p role="note">Note: {visibleText(note)}.</p>}
        {rows > 0n && overall ? (
          <>
            <p>
              {countOf(rows, "supplier week")} with an outcome, {countText(overall.positives)} of them with the risk,{" "}
              {countOf(overall.suppliers, "supplier")}.
            </p>
            <FiguresTable answer={answer} />
          </>
        ) : (
          <Empty title="No outcome is known yet">
            Record what happened with <code>npx bellwether outcomes import FILE</code>, or decide alerts: a disposition
            is an outcome.
          </Empty>
        )}
      </section>
      {rows > 0n && (
        <>
          <div className="columns">
            <section className="card" aria-labelledby="weeks">
              <h2 id="weeks">By week</h2>
              <WeekFigures weeks={weeks} />
            </section>
            <section className="card" aria-labelledby="calibration">
              <h2 id="calibration">Calibration</h2>
              <Calibration bins={overall?.calibration ?? []} />
            </section>
          </div>
          <section className="card" aria-labelledby="versions">
            <h2 id="versions">By version</h2>
            <p className="quiet">
              A scorecard is a version too: it is measured on the weeks that it has scored. In the columns without a
              model and scorecard is the AUC of suppliers in the order of their last known outcome, and of the
              scorecard.
            </p>
            <VersionsTable modelName={answer.modelName} versions={versions} />
          </section>
          <section className="card" aria-labelledby="segments">
            <h2 id="segments">By segment</h2>
            {segments.length > 0 && <SegmentsTable segments={segments} />}
            {segmentsLeftOut > 0 && (
              <p className="quiet">{countOf(segmentsLeftOut, "small segment")} not shown: too few outcomes.</p>
            )}
          </section>
        </>
      )}
    </>
  );
}
