import { Band } from "@bellwether/gen/bellwether/inference/v1/score_pb";
import { type Alert, AlertSeverity, AlertState } from "@bellwether/gen/bellwether/ops/v1/alert_pb";
import { AlertService } from "@bellwether/gen/bellwether/ops/v1/alert_service_pb";
import { SupplierService } from "@bellwether/gen/bellwether/ops/v1/supplier_service_pb";
import { visibleText } from "@bellwether/reasons/visible-text";
import { useQuery } from "@connectrpc/connect-query";
import { type ReactNode, useLayoutEffect, useRef } from "react";
import { AlertTimeline } from "../parts/alert-timeline.tsx";
import { AlertStateText, SeverityBadge } from "../parts/badges.tsx";
import { CompletenessBadge } from "../parts/completeness-badge.tsx";
import { dateText, moneyText, scoreText, signedText } from "../parts/format.ts";
import { Failure, Loading } from "../parts/load-states.tsx";
import { Name } from "../parts/name.tsx";
import { whySentence } from "../parts/why-sentence.ts";
import { BAND_WORDS, SEVERITY_WORDS, wordOf } from "../parts/words.ts";
import { ReasonBars } from "../plots/reason-bars.tsx";
import { hrefOf } from "../routing/route.ts";
import { isLater } from "../rpc/alert-changes.ts";
import { whoChanged } from "./who-changed.ts";

/** Number of features in the panel. The page of the supplier has all. */
const SHOWN_REASONS = 6;

interface AlertPanelProps {
  readonly alertId: string;
  /** The alert as the list shows it. Undefined: it is not in the list. */
  readonly listed: Alert | undefined;
  /** The result of the last action in words. Empty: there was none. */
  readonly done: string;
  readonly onClose: () => void;
  /** Returns the buttons or the form for the alert as it is now. */
  readonly actions: (alert: Alert) => ReactNode;
}

/**
 * The side panel of the inbox: one alert with its explanation, its actions and its history. Its head has the same size
 * for every alert, and the actions keep their place and the focus when the panel goes on to another alert.
 */
export function AlertPanel({ alertId, listed, done, onClose, actions }: AlertPanelProps) {
  const panel = useRef<HTMLElement>(null);
  // biome-ignore lint/correctness/useExhaustiveDependencies: another alert is read from its beginning
  useLayoutEffect(() => {
    if (panel.current) panel.current.scrollTop = 0;
  }, [alertId]);
  const got = useQuery(AlertService.method.getAlert, { alertId });
  const loaded = got.data?.alert;
  const alert = loaded && listed && isLater(listed, loaded) ? listed : (loaded ?? listed);
  return (
    <section ref={panel} className="panel" aria-label="Alert">
      <div className="panel-head">
        <p className="quiet panel-done" title={visibleText(done)}>
          {visibleText(done)}
        </p>
        <button type="button" title="Key: Esc" onClick={onClose}>
          Close
        </button>
        {alert && <PanelTitle alert={alert} />}
      </div>
      {alert ? (
        <>
          {actions(alert)}
          <PanelFacts alert={alert} />
          {listed && alert.version !== listed.version && (
            <p className="problem" role="status">
              {visibleText(whoChanged(listed, alert, Date.now()))}. The list still shows it as it was.
            </p>
          )}
          <Explanation alert={alert} />
        </>
      ) : (
        got.isPending && <Loading what="the alert" />
      )}
      {got.isError && <Failure error={got.error} onRetry={() => void got.refetch()} />}
      {got.data && (
        <section aria-labelledby="panel-history">
          <h3 id="panel-history">History</h3>
          <AlertTimeline events={got.data.events} />
        </section>
      )}
    </section>
  );
}

function PanelTitle({ alert: { supplierId, supplierName, modelName } }: { alert: Alert }) {
  return (
    <h2 className="panel-title" title={visibleText(supplierName || supplierId)}>
      <a href={hrefOf({ page: "supplier", supplierId, modelName })}>
        <Name>{supplierName || supplierId}</Name>
      </a>
      <small>
        <Name>{supplierId}</Name>
      </small>
    </h2>
  );
}

function PanelFacts({ alert }: { alert: Alert }) {
  const { currency, expectedImpact, scoreChange, snooze, activeOverride } = alert;
  return (
    <>
      <p className="panel-facts">
        <SeverityBadge severity={alert.severity} />
        <span className="number">
          {scoreText(alert.riskScore)}
          {scoreChange !== undefined && ` (${signedText(scoreChange)} since the week before)`}
        </span>
        <span>Expected impact {moneyText(expectedImpact, currency)}</span>
        <span>
          <AlertStateText alert={alert} />
        </span>
        <span>Owner: {alert.owner ? <Name>{alert.owner}</Name> : "nobody"}</span>
      </p>
      {snooze && alert.state !== AlertState.RESOLVED && <p className="quiet">{snoozeText(snooze)}</p>}
      {activeOverride && (
        <p className="quiet">
          {`${overrideText(activeOverride)} until ${dateText(activeOverride.until)}: “${visibleText(activeOverride.reason)}”`}
        </p>
      )}
    </>
  );
}

function overrideText({ severity, band }: NonNullable<Alert["activeOverride"]>): string {
  const parts = [
    ...(severity === AlertSeverity.UNSPECIFIED ? [] : [`severity ${wordOf(SEVERITY_WORDS, severity)}`]),
    ...(band === Band.UNSPECIFIED ? [] : [`band ${wordOf(BAND_WORDS, band)}`]),
  ];
  return `Overridden: ${parts.join(", ")}`;
}

function snoozeText({ until, untilWorse }: NonNullable<Alert["snooze"]>): string {
  const worse = untilWorse ? "until it becomes worse" : "";
  const day = until ? `until ${dateText(until)}` : "";
  return `Snoozed ${day && worse ? `${day}, or ${worse}` : day || worse}.`;
}

/** Shows why the supplier has its score. If GetSupplier fails, only this section of the panel shows an error. */
function Explanation({ alert }: { alert: Alert }) {
  const { supplierId, modelName } = alert;
  const got = useQuery(SupplierService.method.getSupplier, { supplierId, modelName, historyWeeks: 1 });
  const score = got.data?.supplier?.latestScore;
  return (
    <section aria-labelledby="panel-why">
      <h3 id="panel-why">Why</h3>
      <p>{visibleText(score ? whySentence(score) : alert.summary)}</p>
      {got.isPending && <Loading what="the explanation" />}
      {got.isError && <Failure error={got.error} onRetry={() => void got.refetch()} />}
      {score && (
        <>
          <CompletenessBadge score={score} />
          <ReasonBars score={score} limit={SHOWN_REASONS} />
          <p className="quiet">{visibleText(alert.summary)}</p>
        </>
      )}
    </section>
  );
}
