import { NoNoticesReason } from "@bellwether/gen/bellwether/ops/v1/notice_pb";
import { NoticeService } from "@bellwether/gen/bellwether/ops/v1/notice_service_pb";
import { useInfiniteQuery, useQuery } from "@connectrpc/connect-query";
import { keepPreviousData } from "@tanstack/react-query";
import { DestinationTable } from "../notices/destination-table.tsx";
import { WAY_OUT } from "../notices/destination-text.ts";
import { FollowedNotice } from "../notices/followed-notice.tsx";
import { NoticeFilters } from "../notices/notice-filters.tsx";
import { NoticeTable } from "../notices/notice-table.tsx";
import { STATES } from "../notices/notice-words.ts";
import { useNoticeActions } from "../notices/use-notice-actions.ts";
import { Empty, Failure, Loading } from "../parts/load-states.tsx";
import { MoreButton } from "../parts/more-button.tsx";
import { Page } from "../parts/page.tsx";
import { usePagesKept } from "../parts/use-pages-kept.ts";
import { hrefOf, type NoticesView } from "../routing/route.ts";

/**
 * The destinations of notices with their state, and the notices with the reason of their last attempt. Rows change
 * only when the reader acts or reloads: a button never moves below the pointer.
 */
export function NoticesPage({ view }: { view: NoticesView }) {
  const destinations = useQuery(NoticeService.method.listDestinations, {});
  const actions = useNoticeActions();
  const all = destinations.data?.destinations ?? [];
  return (
    <Page
      title="Notices"
      extra={<a href={hrefOf({ page: "notices", state: "dead", destination: "" })}>Dead notices</a>}
    >
      <p className="quiet">Messages about alerts, by the routes file of the server.</p>
      <FollowedNotice followed={actions.followed} failure={actions.failure} />
      <section className="card" aria-labelledby="destinations">
        <h2 id="destinations">Destinations</h2>
        {destinations.isPending && <Loading what="destinations" />}
        {destinations.isError && <Failure error={destinations.error} onRetry={() => void destinations.refetch()} />}
        {destinations.data && all.length === 0 && (
          <Empty title="No notice of an alert will ever be sent">
            {destinations.data.noNoticesReason === NoNoticesReason.NO_ROUTES_FILE
              ? "The server has no routes file. "
              : "The routes file has no destinations. "}
            {WAY_OUT}
          </Empty>
        )}
        {destinations.data?.noNoticesReason === NoNoticesReason.NO_ROUTES && (
          <p className="notice stale" role="note">
            <strong>No notice of an alert will ever be sent.</strong> No route, owner or escalation names a destination.{" "}
            {WAY_OUT}
          </p>
        )}
        {destinations.data && all.length > 0 && !destinations.data.delivers && (
          <p className="quiet">This server delivers no notices: another one must do it.</p>
        )}
        {all.length > 0 && <DestinationTable destinations={all} actions={actions} />}
      </section>
      <section className="card" aria-labelledby="notices">
        <h2 id="notices">Notices</h2>
        <NoticeFilters view={view} names={all.map(({ name }) => name)} />
        <NoticeList view={view} actions={actions} />
      </section>
    </Page>
  );
}

interface NoticeListProps {
  readonly view: NoticesView;
  readonly actions: ReturnType<typeof useNoticeActions>;
}

function NoticeList({ view, actions }: NoticeListProps) {
  const list = useInfiniteQuery(
    NoticeService.method.listNotices,
    { pageToken: "", state: STATES[view.state], destination: view.destination },
    {
      pageParamKey: "pageToken",
      getNextPageParam: ({ nextPageToken }) => nextPageToken || undefined,
      placeholderData: keepPreviousData,
    },
  );
  const readMore = usePagesKept(list);
  const notices = list.data?.pages.flatMap((page) => page.notices) ?? [];
  return (
    <>
      {list.isPending && <Loading what="notices" />}
      {list.data && notices.length === 0 && (
        <Empty
          title={view.state === "" && view.destination === "" ? "No notices yet" : "No notice matches this filter"}
        >
          {view.state === "" && view.destination === "" ? (
            "Notices are sent when alerts are raised, become worse, or are assigned."
          ) : (
            <a href={hrefOf({ page: "notices", state: "", destination: "" })}>Show all notices.</a>
          )}
        </Empty>
      )}
      {notices.length > 0 && <NoticeTable notices={notices} actions={actions} />}
      {list.isError && <Failure error={list.error} onRetry={() => void list.refetch()} />}
      <MoreButton hasMore={list.hasNextPage} loading={list.isFetchingNextPage} onMore={readMore} />
    </>
  );
}
