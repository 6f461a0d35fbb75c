import { isoWeekAt } from "@bellwether/contract/iso-week";
import { Band } from "@bellwether/gen/bellwether/inference/v1/score_pb";
import type { AlertEvent } from "@bellwether/gen/bellwether/ops/v1/alert_pb";
import type { Supplier, SupplierScore } from "@bellwether/gen/bellwether/ops/v1/supplier_pb";
import { type GetSupplierResponse, SupplierService } from "@bellwether/gen/bellwether/ops/v1/supplier_service_pb";
import { impactChanged } from "@bellwether/reasons/impact-changed";
import { visibleText } from "@bellwether/reasons/visible-text";
import { timestampDate } from "@bufbuild/protobuf/wkt";
import { useQuery } from "@connectrpc/connect-query";
import { lazy, Suspense } from "react";
import { AlertTimeline } from "../parts/alert-timeline.tsx";
import { BandBadge } from "../parts/badges.tsx";
import { CompletenessBadge } from "../parts/completeness-badge.tsx";
import { ContributionTable } from "../parts/contribution-table.tsx";
import { ExternalScores } from "../parts/external-scores.tsx";
import { moneyText, scoreText, signedText } from "../parts/format.ts";
import { LoadBoundary } from "../parts/load-boundary.tsx";
import { Empty, Failure, Loading } from "../parts/load-states.tsx";
import { ModelLinks } from "../parts/model-links.tsx";
import { Name } from "../parts/name.tsx";
import { NarrativeCard } from "../parts/narrative-card.tsx";
import { OnDemand } from "../parts/on-demand.tsx";
import { Page } from "../parts/page.tsx";
import { missingSentence } from "../parts/score-reasons.ts";
import { SupplierAlerts } from "../parts/supplier-alerts.tsx";
import { isDecision, useSupplierTimeline } from "../parts/use-supplier-timeline.ts";
import { whySentence } from "../parts/why-sentence.ts";
import { Wide } from "../parts/wide.tsx";
import { CRITICALITY_WORDS, EVENT_WORDS, personText, SPACE_WORDS, wordOf } from "../parts/words.ts";
import { ReasonBars } from "../plots/reason-bars.tsx";
import type { WeekMark } from "../plots/score-history.ts";
import { ScoreHistoryPlot } from "../plots/score-history-plot.tsx";
import { WaterfallPlot } from "../plots/waterfall-plot.tsx";
import { ALL_SUPPLIERS, hrefOf, type Place } from "../routing/route.ts";
import { isMissing } from "../rpc/problem.ts";

const ChangeCard = lazy(() => import("../change/change-card.tsx"));
const ModelUse = lazy(() => import("../change/model-use.tsx"));
const MergedNote = lazy(() => import("../merging/merged-note.tsx"));
const MergingCard = lazy(() => import("../merging/merging-card.tsx"));
const WhatIf = lazy(() => import("../what-if/what-if.tsx"));

/** Number of features that have a bar. All are under "Details". */
const SHOWN_REASONS = 10;

/** One supplier: why the latest score, the history, the alerts, and what happened. */
export function SupplierPage({ place }: { place: Place & { page: "supplier" } }) {
  const { supplierId, alertId, modelName = "" } = place;
  const got = useQuery(SupplierService.method.getSupplier, { supplierId, modelName });
  const supplier = got.data?.supplier;
  const score = supplier?.latestScore;
  return (
    <Page title={supplier?.name || supplierId} extra={score && <LatestScore score={score} />}>
      {got.isPending && <Loading what="the supplier" />}
      {got.isError && <NotShown error={got.error} onRetry={() => void got.refetch()} />}
      {got.data && supplier && (
        <>
          <p className="sentence">
            {visibleText(score ? whySentence(score) : "Never scored: the next weekly run computes the first score.")}
          </p>
          {(supplier.mergedInto !== "" || supplier.mergedSupplierIds.length > 0) && (
            <LoadBoundary place="The merges">
              <Suspense fallback={<Loading what="the merges" />}>
                <MergedNote supplier={supplier} scores={got.data.mergedScores} />
              </Suspense>
            </LoadBoundary>
          )}
          <Facts supplier={supplier} response={got.data} />
          <ExternalScores scores={got.data.externalScores} />
          <p>
            <a href={hrefOf({ page: "watchlists", watchlistId: "", supplierId })}>Watch this supplier</a>
          </p>
          <ModelLinks
            shown={got.data.modelName}
            all={got.data.scoredByModels}
            hrefOf={(other) => hrefOf({ page: "supplier", supplierId, modelName: other })}
          />
          {score && (
            <section className="card" aria-labelledby="why">
              <h2 id="why">Why this score</h2>
              <Why score={score} />
            </section>
          )}
          {score && score.band > Band.LOW && (
            <OnDemand title="What would lower the risk" what="the search">
              <WhatIf supplierId={supplierId} score={score} />
            </OnDemand>
          )}
          {got.data.history.length > 1 && (
            <OnDemand title="Why did it change between two weeks" what="the comparison">
              <ChangeCard supplierId={supplierId} modelName={got.data.modelName} scores={got.data.history} />
            </OnDemand>
          )}
          {score?.model && (
            <OnDemand title="What the model uses" what="the model">
              <ModelUse modelName={score.model.name} modelVersion={score.model.version} />
            </OnDemand>
          )}
          <OnDemand title="Is it the same company as another supplier" what="possible duplicates">
            <MergingCard supplierId={supplierId} />
          </OnDemand>
          {score && score.band !== Band.UNKNOWN && (
            <NarrativeCard supplierId={supplierId} modelName={got.data.modelName} />
          )}
          <Past supplierId={supplierId} alertId={alertId ?? ""} scores={got.data.history} />
        </>
      )}
    </Page>
  );
}

function NotShown({ error, onRetry }: { error: unknown; onRetry: () => void }) {
  if (!isMissing(error)) return <Failure error={error} onRetry={onRetry} />;
  return (
    <Empty title="There is no supplier with this id">
      No weekly run has listed it yet. <a href={hrefOf({ page: "suppliers", ...ALL_SUPPLIERS })}>See all suppliers.</a>
    </Empty>
  );
}

function LatestScore({ score }: { score: SupplierScore }) {
  return (
    <p className="latest">
      <BandBadge band={score.band} />
      <strong className="number">{scoreText(score.riskScore, undefined, score.bandLimits)}</strong>
      <small>
        risk score in {score.isoWeek}
        {score.change !== undefined && <>, {signedText(score.change)} since the run before</>}
      </small>
      <CompletenessBadge score={score} />
    </p>
  );
}

function Facts({ supplier, response }: { supplier: Supplier; response: GetSupplierResponse }) {
  const { supplierId, region, category, exposure, exposureCurrency, criticality, owner, latestScore } = supplier;
  const formula = response.impactFormula;
  const facts: readonly (readonly [name: string, value: string])[] = [
    ["Id", supplierId],
    ["Region", region],
    ["Category", category],
    ["Owner", owner],
    ["Exposure per year", exposure === undefined ? "" : moneyText(exposure, exposureCurrency, { full: true })],
    [
      "Expected impact",
      latestScore?.impact === undefined ? "" : moneyText(latestScore.impact, formula?.currency ?? "", { full: true }),
    ],
    ["Criticality", criticality ? wordOf(CRITICALITY_WORDS, criticality) : "not set: as normal"],
    ["Model", latestScore?.model ? `${latestScore.model.name} ${latestScore.model.version}` : ""],
    ...supplier.identifiers.map(({ kind, value }) => [kind.toUpperCase(), value] as const),
  ];
  return (
    <>
      <dl className="facts">
        {facts.map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{value ? <Name>{value}</Name> : "not known"}</dd>
          </div>
        ))}
      </dl>
      {formula && (
        <p className="quiet">
          Expected impact = {formula.text}
          {impactChanged(supplier, formula) &&
            `, with exposure and criticality of ${latestScore?.isoWeek}: the next run uses the new ones`}
        </p>
      )}
    </>
  );
}

function Why({ score }: { score: SupplierScore }) {
  const missing = missingSentence(score);
  if (score.contributions.length === 0) {
    return (
      <>
        {missing && <p>{missing}</p>}
        <p className="quiet">
          The effects of the features are not known: too few features have a value, or the model does not compute them.
        </p>
      </>
    );
  }
  return (
    <>
      {missing && <p>{missing}</p>}
      <p className="quiet">
        The effect of a feature is about how many points lower or higher the score would be without it. A bar to the
        right increases the risk. A thin line marks the effect of the week before.
      </p>
      <ReasonBars score={score} limit={SHOWN_REASONS} isWide />
      <details>
        <summary>Details</summary>
        <p className="quiet">
          How the model adds up the effects: the average of all suppliers, plus the effect of each feature, in{" "}
          {wordOf(SPACE_WORDS, score.outputSpace)}.
        </p>
        <Wide label="Waterfall">
          <WaterfallPlot base={score.baseValue} contributions={score.contributions} />
        </Wide>
        <ContributionTable contributions={score.contributions} />
      </details>
    </>
  );
}

interface PastProps {
  readonly supplierId: string;
  readonly alertId: string;
  readonly scores: readonly SupplierScore[];
}

/** The scores by week, the alerts and what people did. A part that cannot be loaded affects only itself. */
function Past({ supplierId, alertId, scores }: PastProps) {
  const { list, alerts, events, isPartial } = useSupplierTimeline(supplierId);
  return (
    <>
      <section className="card" aria-labelledby="history">
        <h2 id="history">Score by week</h2>
        {scores.length === 0 ? (
          <p className="quiet">Never scored.</p>
        ) : (
          <Wide label="Score by week">
            <ScoreHistoryPlot scores={scores} decisions={events.filter(isDecision).map(markOf)} />
          </Wide>
        )}
      </section>
      <div className="columns">
        <section className="card" aria-labelledby="alerts">
          <h2 id="alerts">Alerts</h2>
          {list.isPending && <Loading what="alerts" />}
          {list.isError && <Failure error={list.error} onRetry={() => void list.refetch()} />}
          {list.data && <SupplierAlerts alerts={alerts} alertId={alertId} />}
        </section>
        <section className="card" aria-labelledby="timeline">
          <h2 id="timeline">What happened</h2>
          {list.data && <AlertTimeline events={events} />}
          {isPartial && (
            <p className="quiet">Some older entries, or entries that could not be loaded, are not shown.</p>
          )}
        </section>
      </div>
    </>
  );
}

function markOf({ kind, actor, occurredAt }: AlertEvent): WeekMark {
  const isoWeek = occurredAt ? isoWeekAt(timestampDate(occurredAt), "UTC") : "";
  return { isoWeek, text: `${wordOf(EVENT_WORDS, kind)} by ${visibleText(personText(actor))}` };
}
