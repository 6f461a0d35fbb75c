import { AuditService } from "@bellwether/gen/bellwether/ops/v1/audit_service_pb";
import { callUnaryMethod, useInfiniteQuery, useTransport } from "@connectrpc/connect-query";
import { keepPreviousData, useInfiniteQuery as useInfiniteQueryOf } from "@tanstack/react-query";
import { usePagesKept } from "../parts/use-pages-kept.ts";
import type { AuditView } from "../routing/record-views.ts";
import { auditRequest, PAGE_SIZE } from "./audit-request.ts";

/** Loads the events of a view page by page, newest event first. */
export function useNewestEvents(view: AuditView) {
  const list = useInfiniteQuery(
    AuditService.method.queryEvents,
    { ...auditRequest(view), pageToken: "" },
    {
      pageParamKey: "pageToken",
      getNextPageParam: ({ nextPageToken }) => nextPageToken || undefined,
      placeholderData: keepPreviousData,
    },
  );
  return { list, readMore: usePagesKept(list) };
}

/** Loads the events of a view in the order of recording, after the record that the view names. */
export function useEventsAfter(view: AuditView) {
  const transport = useTransport();
  const { queryEvents } = AuditService.method;
  // The key of connect-query would be that of the other order: it has no parameter that continues a list.
  const list = useInfiniteQueryOf({
    queryKey: ["events-after", view],
    queryFn: ({ pageParam, signal }) =>
      callUnaryMethod(transport, queryEvents, { ...auditRequest(view), afterSequence: pageParam }, { signal }),
    initialPageParam: BigInt(view.after || 0),
    getNextPageParam: ({ records }) => (records.length < PAGE_SIZE ? undefined : records.at(-1)?.sequence),
    placeholderData: keepPreviousData,
    structuralSharing: false,
  });
  return { list, readMore: usePagesKept(list) };
}
