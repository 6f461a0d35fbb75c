import { Band } from "@bellwether/gen/bellwether/inference/v1/score_pb";
import type { Supplier, SupplierScore } from "@bellwether/gen/bellwether/ops/v1/supplier_pb";
import { SupplierService } from "@bellwether/gen/bellwether/ops/v1/supplier_service_pb";
import { useQuery } from "@connectrpc/connect-query";
import { BandBadge } from "../parts/badges.tsx";
import { ContributionTable } from "../parts/contribution-table.tsx";
import { countText, scoreText, signedText } from "../parts/format.ts";
import { ModelLinks } from "../parts/model-links.tsx";
import { Empty, Failure, Loading } from "../parts/notice.tsx";
import { Page } from "../parts/page.tsx";
import { completenessText, missingSentence, whySentences } from "../parts/score-reasons.ts";
import { SupplierAlerts } from "../parts/supplier-alerts.tsx";
import { Wide } from "../parts/wide.tsx";
import { SPACE_WORDS, wordOf } from "../parts/words.ts";
import { ScoreHistoryPlot } from "../plots/score-history-plot.tsx";
import { WaterfallPlot } from "../plots/waterfall-plot.tsx";
import { hrefOf, type Place } from "../routing/route.ts";
import { isMissing } from "../rpc/problem.ts";

/** One supplier: the latest score, the history, the alerts and the reasons. */
export function SupplierPage({ place }: { place: Place & { page: "supplier" } }) {
  const { supplierId, alertId, modelName = "" } = place;
  const got = useQuery(SupplierService.method.getSupplier, { supplierId, modelName });
  const supplier = got.data?.supplier;
  const score = supplier?.latestScore;
  return (
    <Page title={supplier?.name || supplierId} extra={score && <LatestScore score={score} />}>
      {got.isPending && <Loading what="the supplier" />}
      {got.isError && <NotShown error={got.error} onRetry={() => void got.refetch()} />}
      {supplier && (
        <>
          <Facts supplier={supplier} />
          <ModelLinks
            shown={got.data?.modelName ?? ""}
            all={got.data?.scoredByModels ?? []}
            hrefOf={(other) => hrefOf({ page: "supplier", supplierId, modelName: other })}
          />
          <div className="columns">
            <section className="card" aria-labelledby="history">
              <h2 id="history">Score by week</h2>
              <History scores={got.data?.history ?? []} />
            </section>
            <section className="card" aria-labelledby="alerts">
              <h2 id="alerts">Alerts</h2>
              <SupplierAlerts supplierId={supplierId} alertId={alertId ?? ""} />
            </section>
          </div>
          <section className="card" aria-labelledby="why">
            <h2 id="why">Why this score</h2>
            <Why score={score} />
          </section>
        </>
      )}
    </Page>
  );
}

function NotShown({ error, onRetry }: { error: unknown; onRetry: () => void }) {
  if (!isMissing(error)) return <Failure error={error} onRetry={onRetry} />;
  return (
    <Empty title="There is no supplier with this id">
      No weekly run has listed it yet.{" "}
      <a href={hrefOf({ page: "suppliers", band: Band.UNSPECIFIED })}>See all suppliers.</a>
    </Empty>
  );
}

function LatestScore({ score }: { score: SupplierScore }) {
  return (
    <p className="latest">
      <BandBadge band={score.band} />
      <strong className="number">{scoreText(score.riskScore)}</strong>
      <small>
        risk score in {score.isoWeek}
        {score.change !== undefined && <>, {signedText(score.change)} since the run before</>}
        {completenessText(score) && <>, {completenessText(score)}</>}
      </small>
    </p>
  );
}

function Facts({ supplier }: { supplier: Supplier }) {
  const { supplierId, region, category, exposure } = supplier;
  const facts = [
    ["Id", supplierId],
    ["Region", region],
    ["Category", category],
    ["Money at risk per year", exposure === undefined ? "" : countText(Math.round(exposure))],
    ["Model", modelText(supplier.latestScore)],
  ];
  return (
    <dl className="facts">
      {facts.map(([name, value]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>{value || "not known"}</dd>
        </div>
      ))}
    </dl>
  );
}

function modelText(score: SupplierScore | undefined): string {
  return score?.model ? `${score.model.name} ${score.model.version}` : "";
}

function History({ scores }: { scores: readonly SupplierScore[] }) {
  if (scores.length === 0) {
    return (
      <p className="quiet">Never scored. The next weekly run that lists this supplier computes the first score.</p>
    );
  }
  return (
    <Wide label="Score by week">
      <ScoreHistoryPlot scores={scores} />
    </Wide>
  );
}

function Missing({ score }: { score: SupplierScore }) {
  const text = missingSentence(score);
  return text && <p>{text}</p>;
}

function Why({ score }: { score: SupplierScore | undefined }) {
  if (!score) return <p className="quiet">There is no score to explain yet.</p>;
  if (score.contributions.length === 0) {
    return (
      <>
        <Missing score={score} />
        <p className="quiet">
          This score has no contributions: too few features have a value, or the model has no contributions.
        </p>
      </>
    );
  }
  return (
    <>
      <p>{whySentences(score).join(" ")}</p>
      <Missing score={score} />
      <p className="quiet">
        Each bar is the exact contribution of one feature, in {wordOf(SPACE_WORDS, score.outputSpace)}. A bar to the
        right increases the risk.
      </p>
      <Wide label="Waterfall">
        <WaterfallPlot base={score.baseValue} contributions={score.contributions} />
      </Wide>
      <ContributionTable contributions={score.contributions} />
    </>
  );
}
