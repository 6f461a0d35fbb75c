import { type Alert, AlertState } from "@bellwether/gen/bellwether/ops/v1/alert_pb";
import { AlertService } from "@bellwether/gen/bellwether/ops/v1/alert_service_pb";
import { useMutation } from "@connectrpc/connect-query";
import { useQueryClient } from "@tanstack/react-query";
import { useRef, useState } from "react";
import { problemOf } from "../rpc/problem.ts";
import { refreshAlerts } from "../rpc/use-alert-watch.ts";
import { ResolveDialog } from "./resolve-dialog.tsx";

/** Takes or closes an alert; `onDone` is told in words, a failure too. */
export function AlertActions({ alert, onDone }: { alert: Alert; onDone: (words: string) => void }) {
  const queries = useQueryClient();
  const resolveButton = useRef<HTMLButtonElement>(null);
  const [resolving, setResolving] = useState(false);
  const name = alert.supplierName || alert.supplierId;
  const acknowledge = useMutation(AlertService.method.acknowledgeAlert, {
    onSuccess: () => {
      onDone(`Acknowledged: ${name}`);
      // The pressed button goes away; the keyboard goes on at its neighbour.
      resolveButton.current?.focus();
    },
    onError: (error) => {
      const { title, wayOut } = problemOf(error);
      onDone(`Not acknowledged: ${name}. ${title}. ${wayOut}`);
    },
    onSettled: () => refreshAlerts(queries),
  });
  if (alert.state === AlertState.RESOLVED) return null;
  return (
    <>
      {alert.state === AlertState.OPEN && (
        <button
          type="button"
          aria-label={`Acknowledge: ${name}`}
          disabled={acknowledge.isPending}
          onClick={() => acknowledge.mutate({ alertId: alert.alertId })}
        >
          Acknowledge
        </button>
      )}
      <button ref={resolveButton} type="button" aria-label={`Resolve: ${name}`} onClick={() => setResolving(true)}>
        Resolve…
      </button>
      {resolving && <ResolveDialog alert={alert} onDone={onDone} onClose={() => setResolving(false)} />}
    </>
  );
}
