import { ErasureService } from "@bellwether/gen/bellwether/ops/v1/erasure_service_pb";
import { createClient, type Transport } from "@connectrpc/connect";
import type { DueErasure, ErasedFiles } from "../domain/erasure.ts";
import { callPeer } from "./peer-error.ts";

const TIMEOUT_MS = 10_000;

/**
 * Creates the functions that read from ops-service which suppliers are to be erased in the files of `place`, and that report what was done.
 * Both throw PeerUnavailableError and PeerRejectedError.
 */
export function createOpsErasures(transport: Transport, place: string) {
  const erasures = createClient(ErasureService, transport);
  return {
    async listDue(signal: AbortSignal): Promise<readonly DueErasure[]> {
      const due = erasures.listDueErasures({ place }, { signal, timeoutMs: TIMEOUT_MS });
      return (await callPeer("ops-service", due)).erasures;
    },
    async report({ erasureId }: DueErasure, erased: ErasedFiles, signal: AbortSignal): Promise<void> {
      const { snapshots, reports, copies, waiting } = erased;
      const report = { snapshots, reports, copies, waitingWeeks: [...waiting] };
      const reported = erasures.reportErasure({ erasureId, place, report }, { signal, timeoutMs: TIMEOUT_MS });
      await callPeer("ops-service", reported);
    },
  };
}
