import type { ErasureSchema } from "@bellwether/gen/bellwether/ops/v1/erasure_service_pb";
import { type ErasureService, ListErasuresRequestSchema } from "@bellwether/gen/bellwether/ops/v1/erasure_service_pb";
import { pageTokens } from "@bellwether/mesh/call/page-token";
import type { MessageInitShape } from "@bufbuild/protobuf";
import { timestampFromDate } from "@bufbuild/protobuf/wkt";
import type { ServiceImpl } from "@connectrpc/connect";
import type { Erasure, FileErasure } from "../../domain/erasures/erasure.ts";
import { pageOf, rowFromText } from "../page-token.ts";

export interface ErasureDependencies {
  readonly listErasures: (before: number | undefined, limit: number) => Promise<readonly Erasure[]>;
  readonly listDue: (place: string) => Promise<readonly { readonly id: number; readonly supplierId: string }[]>;
  readonly report: (
    report: FileErasure & { readonly erasureId: number; readonly place: string; readonly at: Date },
  ) => Promise<void>;
  readonly now: () => Date;
}

const DEFAULT_PAGE = 50;
const MAX_ID = 2 ** 31 - 1;

/** Returns the handlers of ErasureService. */
export function erasureHandlers(deps: ErasureDependencies): ServiceImpl<typeof ErasureService> {
  return {
    async listErasures(request) {
      const size = request.pageSize || DEFAULT_PAGE;
      const tokens = pageTokens(ListErasuresRequestSchema, request);
      const [before] = tokens.read(request.pageToken, 1) ?? [];
      const rows = await deps.listErasures(before === undefined ? undefined : rowFromText(before, MAX_ID), size + 1);
      const page = pageOf(rows, size, tokens, ({ id }) => [id]);
      return { erasures: page.items.map(erasureToProto), nextPageToken: page.nextPageToken };
    },
    async listDueErasures({ place }) {
      const due = await deps.listDue(place);
      return { erasures: due.map(({ id: erasureId, supplierId }) => ({ erasureId, supplierId })) };
    },
    async reportErasure({ erasureId, place, report }) {
      const { snapshots = 0, reports = 0, copies = 0, waitingWeeks = [] } = report ?? {};
      await deps.report({ erasureId, place, at: deps.now(), snapshots, reports, copies, waiting: waitingWeeks });
      return {};
    },
  };
}

function erasureToProto(erasure: Erasure): MessageInitShape<typeof ErasureSchema> {
  return {
    ...{ erasureId: erasure.id, supplierId: erasure.supplierId, erasedBy: erasure.actor },
    erasedAt: timestampFromDate(erasure.erasedAt),
    batchesDone: erasure.eventsSearched >= erasure.eventsUntil,
    batchPayloads: BigInt(erasure.batchPayloads),
    places: erasure.places.map(({ place, reportedAt, snapshots, reports, copies, waiting }) => ({
      ...{ place, reportedAt: timestampFromDate(reportedAt) },
      report: { snapshots, reports, copies, waitingWeeks: [...waiting] },
    })),
  };
}
