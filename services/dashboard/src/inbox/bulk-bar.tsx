import type { Alert } from "@bellwether/gen/bellwether/ops/v1/alert_pb";
import { countText } from "../parts/format.ts";
import type { Decision } from "./decision.ts";
import type { FormKind } from "./inbox-state.ts";
import { PanelActions } from "./panel-actions.tsx";

interface BulkBarProps {
  readonly alerts: readonly Alert[];
  readonly onDecide: (decision: Decision) => void;
  readonly onOpenForm: (kind: FormKind) => void;
  readonly onClear: () => void;
}

/** The actions on all selected alerts. */
export function BulkBar({ alerts, onDecide, onOpenForm, onClear }: BulkBarProps) {
  if (alerts.length === 0) return null;
  return (
    <section className="bulk-bar" aria-label="Selected alerts">
      <strong>{alerts.length === 1 ? "1 selected" : `${countText(alerts.length)} selected`}</strong>
      <PanelActions alerts={alerts} onDecide={onDecide} onOpenForm={onOpenForm} />
      <button type="button" onClick={onClear}>
        Clear
      </button>
    </section>
  );
}
