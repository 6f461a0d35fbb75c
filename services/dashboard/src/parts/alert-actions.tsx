import { type Alert, AlertState } from "@bellwether/gen/bellwether/ops/v1/alert_pb";
import { AlertService } from "@bellwether/gen/bellwether/ops/v1/alert_service_pb";
import { callUnaryMethod, useMutation, useTransport } from "@connectrpc/connect-query";
import { useQueryClient } from "@tanstack/react-query";
import { useRef, useState } from "react";
import { useBlockedReason } from "../rpc/live.ts";
import { problemOf } from "../rpc/problem.ts";
import { showDecided } from "../rpc/use-alert-watch.ts";
import { ResolveDialog } from "./resolve-dialog.tsx";

interface AlertActionsProps {
  readonly alert: Alert;
  /** Called with a sentence about the result of an action, also after a failure. */
  readonly onDone: (words: string) => void;
}

/**
 * Renders the buttons that acknowledge or resolve an alert. When the browser is offline, the buttons stay
 * focusable and show the reason why they are disabled.
 */
export function AlertActions({ alert, onDone }: AlertActionsProps) {
  const queries = useQueryClient();
  const transport = useTransport();
  const blocked = useBlockedReason();
  const resolveButton = useRef<HTMLButtonElement>(null);
  const acknowledgeButton = useRef<HTMLButtonElement>(null);
  const [resolving, setResolving] = useState(false);
  const { alertId } = alert;
  const name = alert.supplierName || alert.supplierId;
  const acknowledge = useMutation(AlertService.method.acknowledgeAlert, {
    onSuccess: async (answer) => {
      onDone(`Acknowledged: ${name}`);
      // The button that was pressed is removed. The focus moves to its neighbour, unless the reader has
      // already moved it.
      if (document.activeElement === acknowledgeButton.current) resolveButton.current?.focus({ preventScroll: true });
      if (answer.alert) await showDecided(queries, answer.alert);
    },
    onError: async (error) => {
      const { title, wayOut } = problemOf(error);
      onDone(`Not acknowledged: ${name}. ${title}. ${wayOut}`);
      const now = await callUnaryMethod(transport, AlertService.method.getAlert, { alertId }).catch(() => undefined);
      if (now?.alert) await showDecided(queries, now.alert);
    },
  });
  const unlessBlocked = (act: () => void) => () => (blocked === undefined ? act() : onDone(blocked));
  if (alert.state === AlertState.RESOLVED && !resolving) return null;
  return (
    <>
      {alert.state === AlertState.OPEN && (
        <button
          ref={acknowledgeButton}
          type="button"
          aria-label={`Acknowledge: ${name}`}
          aria-disabled={acknowledge.isPending || blocked !== undefined}
          title={blocked}
          data-keep={`acknowledge/${alertId}`}
          onClick={unlessBlocked(() => {
            if (!acknowledge.isPending) acknowledge.mutate({ alertId, version: alert.version });
          })}
        >
          Acknowledge
        </button>
      )}
      <button
        ref={resolveButton}
        type="button"
        aria-label={`Resolve: ${name}`}
        aria-disabled={blocked !== undefined}
        title={blocked}
        data-keep={`resolve/${alertId}`}
        onClick={unlessBlocked(() => setResolving(true))}
      >
        Resolve…
      </button>
      {resolving && <ResolveDialog alert={alert} onDone={onDone} onClose={() => setResolving(false)} />}
    </>
  );
}
