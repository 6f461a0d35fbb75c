// biome-ignore-all lint/a11y/useSemanticElements: a table element cannot have only some of its rows
// biome-ignore-all lint/a11y/useFocusableInteractive: the grid has the focus, and names the active row
// biome-ignore-all lint/a11y/useKeyWithClickEvents: the keys of the inbox act on the active row
import { type Alert, AlertState } from "@bellwether/gen/bellwether/ops/v1/alert_pb";
import { visibleText } from "@bellwether/reasons/visible-text";
import { memo } from "react";
import { AlertStateText, SeverityBadge } from "../parts/badges.tsx";
import { ageText, moneyText, scoreText, signedText, timeText } from "../parts/format.ts";
import { Name } from "../parts/name.tsx";
import { reasonChangeText } from "../parts/reason-change.ts";
import { STATE_WORDS, wordOf } from "../parts/words.ts";

/** Height of a row, CSS pixels. */
export const ROW_PX = 40;
/** Number of reasons that a row names. */
const REASONS = 2;

export interface InboxRowProps {
  readonly alert: Alert;
  /** Position in the list, from 0. */
  readonly index: number;
  readonly isActive: boolean;
  readonly isSelected: boolean;
  /** Whether the alert still belongs to the list. If not, its row keeps the space. */
  readonly belongs: boolean;
  /** Whether the reader is the deputy of the owner. */
  readonly isForOwner: boolean;
  /** Whether rows can be selected. */
  readonly isSelectable: boolean;
  readonly nowMs: number;
  readonly onOpen: (alertId: string) => void;
  readonly onToggle: (alertId: string) => void;
}

/** The id of a row's element. */
export const rowId = (alertId: string): string => `alert-${alertId}`;

/** One alert of the inbox in 40 pixels. It is drawn again only when one of its properties changes. */
export const InboxRow = memo(function InboxRow(props: InboxRowProps) {
  const { alert, index, isActive, isSelected, belongs, isForOwner, isSelectable, nowMs, onOpen, onToggle } = props;
  const { alertId, supplierId, currency, expectedImpact, scoreChange, reasons } = alert;
  const name = alert.supplierName || supplierId;
  return (
    <div
      id={rowId(alertId)}
      className="inbox-row"
      role="row"
      aria-rowindex={index + 2}
      aria-selected={isSelected}
      data-active={isActive}
      data-gone={!belongs}
      style={{ transform: `translateY(${index * ROW_PX}px)` }}
      onClick={() => onOpen(alertId)}
    >
      <span role="gridcell" className="cell-check">
        {isSelectable && (
          <input
            type="checkbox"
            tabIndex={-1}
            checked={isSelected}
            aria-label={`Select: ${visibleText(name)}`}
            onClick={(event) => event.stopPropagation()}
            onChange={() => onToggle(alertId)}
          />
        )}
      </span>
      <span role="gridcell" className="cell-name" title={`${visibleText(name)} (${visibleText(supplierId)})`}>
        <Name>{name}</Name>
      </span>
      <span role="gridcell" className="cell-severity">
        {belongs ? <SeverityBadge severity={alert.severity} /> : <AlertStateText alert={alert} />}
      </span>
      <span role="gridcell" className="cell-score number">
        {scoreText(alert.riskScore)}
        {scoreChange !== undefined && <span className="change"> {signedText(scoreChange)}</span>}
      </span>
      <span role="gridcell" className="cell-loss number">
        {moneyText(expectedImpact, currency)}
      </span>
      <span role="gridcell" className="cell-why">
        {reasons.slice(0, REASONS).map(reasonText).join("; ") || alert.summary}
      </span>
      <span role="gridcell" className="cell-owner">
        {isForOwner && "for "}
        {alert.owner ? <Name>{alert.owner}</Name> : "nobody"}
        {alert.state !== AlertState.OPEN && (
          <span className="state"> · {alert.snooze ? "Snoozed" : wordOf(STATE_WORDS, alert.state)}</span>
        )}
      </span>
      <span role="gridcell" className="cell-age number" title={`Raised ${timeText(alert.raisedAt)}`}>
        {ageText(alert.raisedAt, nowMs)}
      </span>
    </div>
  );
});

const reasonText = (reason: Alert["reasons"][number]): string => visibleText(reasonChangeText(reason));
