import { AuditService } from "@bellwether/gen/bellwether/ops/v1/audit_service_pb";
import { createClient, type Transport } from "@connectrpc/connect";

/** Denied calls as "CALLER RPC", for example "ada bellwether.ops.v1.ApiKeyService/CreateApiKey". */
export type Denials = ReadonlySet<string>;

const PAGE_SIZE = 500;

/**
 * Reads the denied calls in the audit log: those that are an event each, and those that are counted. A count of ml-service
 * has several RPCs.
 */
export async function auditedDenials(transport: Transport, headers: HeadersInit): Promise<Denials> {
  const { queryEvents } = createClient(AuditService, transport);
  const found = new Set<string>();
  let afterSequence = 0n;
  for (;;) {
    const { records } = await queryEvents({ afterSequence, pageSize: PAGE_SIZE }, { headers });
    for (const { event, sequence } of records) {
      afterSequence = sequence;
      if (event?.kind !== "call.refused" && event?.kind !== "calls.refused") continue;
      const { rpc, rpcs = {}, code }: { rpc?: string; rpcs?: object; code: string } = JSON.parse(event.payloadJson);
      if (code !== "PERMISSION_DENIED" && code !== "UNAUTHENTICATED") continue;
      for (const name of rpc === undefined ? Object.keys(rpcs) : [rpc]) found.add(`${event.actor} ${name}`);
    }
    if (records.length < PAGE_SIZE) return found;
  }
}
