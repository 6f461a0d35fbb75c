import type { QueryEventsRequestSchema } from "@bellwether/gen/bellwether/ops/v1/audit_service_pb";
import type { MessageInitShape } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { type AuditView, dayMs } from "../routing/record-views.ts";

const DAY_MS = 86_400_000;
export const PAGE_SIZE = 50;

/** Returns the request that lists the events of a view. Days are whole days in UTC. */
export function auditRequest({
  actor,
  kind,
  subject,
  from,
  to,
}: AuditView): MessageInitShape<typeof QueryEventsRequestSchema> {
  const [firstMs, lastMs] = [dayMs(from), dayMs(to)];
  return {
    ...{ pageSize: PAGE_SIZE, pageToken: "", actor, kind, subject },
    ...(firstMs !== undefined && { occurredFrom: timestampFromMs(firstMs) }),
    ...(lastMs !== undefined && { occurredBefore: timestampFromMs(lastMs + DAY_MS) }),
  };
}
