import { WeekChange } from "@bellwether/gen/bellwether/ops/v1/alert_service_pb";
import {
  type GetWeekResponse,
  type Mover,
  ReportService,
  WeekState,
} from "@bellwether/gen/bellwether/ops/v1/report_service_pb";
import { SupplierOrder } from "@bellwether/gen/bellwether/ops/v1/supplier_service_pb";
import { useQuery } from "@connectrpc/connect-query";
import type { ReactNode } from "react";
import { downloadCsv } from "../export/download.ts";
import { BandBadge } from "../parts/badges.tsx";
import { countOf, countText, moneyText, scoreText, signedText } from "../parts/format.ts";
import { Empty, Failure, Loading } from "../parts/load-states.tsx";
import { ModelLinks } from "../parts/model-links.tsx";
import { Name } from "../parts/name.tsx";
import { Page } from "../parts/page.tsx";
import { WEEK_CHANGE_WORDS, wordOf } from "../parts/words.ts";
import { ACTIVE_ALERTS } from "../routing/inbox-view.ts";
import { ALL_SUPPLIERS, hrefOf, type SuppliersView } from "../routing/route.ts";
import { isMissing } from "../rpc/problem.ts";
import { FOLLOWS_ALERTS } from "../rpc/show-decided.ts";
import { moneyChange } from "../week/money-change.ts";
import { weekCsv } from "../week/week-csv.ts";

/** The summary of one week: the money at risk, the changes of alerts, and the biggest risers. */
export function WeekPage({ isoWeek, modelName }: { isoWeek: string; modelName: string }) {
  const got = useQuery(ReportService.method.getWeek, { isoWeek, modelName }, { meta: FOLLOWS_ALERTS });
  const week = got.data;
  const title = week?.isoWeek && isoWeek ? `Week ${week.isoWeek}` : "This week";
  return (
    <Page title={title} extra={week?.isoWeek && <WeekTools week={week} />}>
      {got.isPending && <Loading what="the week" />}
      {got.isError && isMissing(got.error) && (
        <Empty title="There is no complete run of this week">
          <a href={hrefOf({ page: "week", isoWeek: "" })}>Show the latest week.</a>
        </Empty>
      )}
      {got.isError && !isMissing(got.error) && <Failure error={got.error} onRetry={() => void got.refetch()} />}
      {week && !week.isoWeek && (
        <Empty title="No weekly run is complete yet">
          <a href={hrefOf({ page: "run", isoWeek: "" })}>See the state of the run.</a>
        </Empty>
      )}
      {week?.isoWeek && <Week week={week} />}
    </Page>
  );
}

function WeekTools({ week }: { week: GetWeekResponse }) {
  const { isoWeek, previousIsoWeek, latestIsoWeek, modelName } = week;
  return (
    <p className="week-tools">
      <span className="quiet">{isoWeek}</span>
      {previousIsoWeek && <a href={hrefOf({ page: "week", isoWeek: previousIsoWeek, modelName })}>Week before</a>}
      {latestIsoWeek !== isoWeek && <a href={hrefOf({ page: "week", isoWeek: "", modelName })}>Latest week</a>}
      <button type="button" onClick={() => downloadCsv(`week-${isoWeek}.csv`, weekCsv(week))}>
        CSV
      </button>
      <button type="button" onClick={() => window.print()}>
        Print
      </button>
    </p>
  );
}

function Week({ week }: { week: GetWeekResponse }) {
  return (
    <>
      <Staleness week={week} />
      <ModelLinks
        shown={week.modelName}
        all={week.modelNames}
        hrefOf={(other) => hrefOf({ page: "week", isoWeek: week.isoWeek, modelName: other })}
      />
      <div className="columns">
        <section className="card" aria-labelledby="money">
          <h2 id="money">Money at risk</h2>
          <Money week={week} />
        </section>
        <section className="card" aria-labelledby="alerts">
          <h2 id="alerts">Alerts since the week before</h2>
          <AlertNumbers week={week} />
        </section>
      </div>
      <section className="card" aria-labelledby="bands">
        <h2 id="bands">Suppliers</h2>
        <SupplierNumbers week={week} />
      </section>
      <div className="columns">
        <section className="card" aria-labelledby="risers">
          <h2 id="risers">
            {week.risers.length === 0 ? (
              "Biggest risers"
            ) : (
              <SuppliersLink week={week} change={{ order: SupplierOrder.CHANGE }}>
                Biggest risers
              </SuppliersLink>
            )}
          </h2>
          <Movers movers={week.risers} week={week} none="risen" />
        </section>
        <section className="card" aria-labelledby="fallers">
          <h2 id="fallers">Biggest fallers</h2>
          <Movers movers={week.fallers} week={week} none="fallen" />
        </section>
      </div>
    </>
  );
}

/** How old the numbers are, when they are older than they should be. */
function Staleness({ week }: { week: GetWeekResponse }) {
  const { state, latestIsoWeek, currentIsoWeek, laterFailure, laterRunning, overtakenBy } = week;
  const isOld = state === WeekState.LATE || state === WeekState.STALE;
  if (!isOld && !laterFailure && !overtakenBy) return null;
  return (
    <div className="notice stale" role="note">
      {isOld && (
        <strong>
          {`The latest complete week is ${latestIsoWeek}; it is now ${currentIsoWeek}. ${
            state === WeekState.STALE ? "These numbers are out of date." : "One weekly run is late."
          }`}
        </strong>
      )}
      {laterFailure && <p>{`A later run failed: ${laterFailure}`}</p>}
      {laterRunning && <p>A later run is in progress.</p>}
      {overtakenBy && <p>{`${overtakenBy} was complete before this week, so the alert rules were not evaluated.`}</p>}
      <a href={hrefOf({ page: "run", isoWeek: "" })}>See the state of the run.</a>
    </div>
  );
}

function Money({ week }: { week: GetWeekResponse }) {
  const { moneyAtRisk, impactFormula, previousIsoWeek } = week;
  const currency = impactFormula?.currency ?? "";
  const change = moneyChange(week);
  const without = moneyAtRisk?.suppliersWithoutExposure ?? 0n;
  return (
    <>
      <p className="headline">
        <SuppliersLink week={week} change={{}} className="number">
          {moneyText(moneyAtRisk?.amount, currency)}
        </SuppliersLink>
        <small>
          sum of the expected impacts of all suppliers
          {change !== undefined && `, ${moneyText(change, currency, { signed: true })} since ${previousIsoWeek}`}
          {week.impactFormulaChanged && `; ${previousIsoWeek} was computed by another formula`}
        </small>
      </p>
      {impactFormula && <p className="quiet">Expected impact = {impactFormula.text}</p>}
      {without > 0n && (
        <p className="quiet">
          Without{" "}
          <SuppliersLink week={week} change={{ withoutExposure: true }}>
            {countOf(without, "supplier")}
          </SuppliersLink>{" "}
          whose exposure is not known.
        </p>
      )}
    </>
  );
}

function AlertNumbers({ week }: { week: GetWeekResponse }) {
  const { alerts, modelName, isoWeek } = week;
  if (!alerts) return <p className="quiet">Not known.</p>;
  const to = (weekChange: WeekChange): string =>
    hrefOf({ page: "alerts", view: { ...ACTIVE_ALERTS, modelName, weekChange, changeWeek: isoWeek } });
  const numbers: readonly (readonly [change: WeekChange, count: bigint])[] = [
    [WeekChange.RAISED, alerts.raised],
    [WeekChange.WORSE, alerts.worse],
    [WeekChange.BETTER, alerts.better],
    [WeekChange.CLEARED, alerts.cleared],
    [WeekChange.SNOOZED, alerts.snoozed],
    [WeekChange.RESOLVED, alerts.resolved],
  ];
  return (
    <ul className="numbers">
      {numbers.map(([change, count]) => (
        <li key={change}>
          <a href={to(change)}>
            <span className="number">{countText(count)}</span> {wordOf(WEEK_CHANGE_WORDS, change).toLowerCase()}
          </a>
        </li>
      ))}
    </ul>
  );
}

function SupplierNumbers({ week }: { week: GetWeekResponse }) {
  const { bands, suppliers, incompleteSuppliers } = week;
  return (
    <ul className="numbers">
      <li>
        <SuppliersLink week={week} change={{}}>
          <span className="number">{countText(suppliers)}</span> {suppliers === 1n ? "supplier" : "suppliers"}
        </SuppliersLink>
      </li>
      {bands.toReversed().map(({ band, suppliers: count, previousSuppliers }) => (
        <li key={band}>
          <SuppliersLink week={week} change={{ band }}>
            <span className="number">{countText(count)}</span> <BandBadge band={band} />
          </SuppliersLink>
          {previousSuppliers !== undefined && (
            <small>
              <SuppliersLink week={week} change={{ band, isoWeek: week.previousIsoWeek }}>
                {countText(previousSuppliers)} in {week.previousIsoWeek}
              </SuppliersLink>
            </small>
          )}
        </li>
      ))}
      {incompleteSuppliers !== undefined && (
        <li>
          <SuppliersLink week={week} change={{ incomplete: true }}>
            <span className="number">{countText(incompleteSuppliers)}</span> incomplete
          </SuppliersLink>
        </li>
      )}
    </ul>
  );
}

function Movers({ movers, week, none }: { movers: readonly Mover[]; week: GetWeekResponse; none: string }) {
  if (movers.length === 0)
    return <p className="quiet">{week.previousIsoWeek ? `No score has ${none}.` : "This is the first week."}</p>;
  const currency = week.impactFormula?.currency ?? "";
  return (
    <table className="stacks">
      <thead>
        <tr>
          <th scope="col">Supplier</th>
          <th scope="col">Change</th>
          <th scope="col">Score</th>
          <th scope="col">Expected impact</th>
        </tr>
      </thead>
      <tbody>
        {movers.map(({ supplierId, name, change, riskScore, impact, incomplete, band }) => (
          <tr key={supplierId}>
            <th scope="row">
              <a href={hrefOf({ page: "supplier", supplierId, modelName: week.modelName })}>
                <Name>{name || supplierId}</Name>
              </a>
              {incomplete && <small>incomplete: few values known</small>}
            </th>
            <td className="number labelled" data-label="Change">
              {signedText(change)}
            </td>
            <td className="number">
              {scoreText(riskScore)} <BandBadge band={band} />
            </td>
            <td className="number labelled" data-label="Expected impact">
              {moneyText(impact, currency)}
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

interface SuppliersLinkProps {
  readonly week: GetWeekResponse;
  readonly change: Partial<SuppliersView>;
  readonly className?: string;
  readonly children: ReactNode;
}

/** A link to suppliers of the week. */
function SuppliersLink({ week, change, className, children }: SuppliersLinkProps) {
  const { modelName, isoWeek, latestIsoWeek } = week;
  const ofWeek = isoWeek === latestIsoWeek ? {} : { isoWeek };
  return (
    <a className={className} href={hrefOf({ page: "suppliers", ...ALL_SUPPLIERS, modelName, ...ofWeek, ...change })}>
      {children}
    </a>
  );
}
