import { NoticeService } from "@bellwether/gen/bellwether/ops/v1/notice_service_pb";
import { visibleText } from "@bellwether/reasons/visible-text";
import { useQuery } from "@connectrpc/connect-query";
import { countOf } from "../parts/format.ts";
import { Failure, Loading } from "../parts/load-states.tsx";
import { hrefOf } from "../routing/route.ts";

/** Where notices go. Destinations and routes are in a file of the server. */
export function NoticesCard() {
  const list = useQuery(NoticeService.method.listDestinations, {});
  const destinations = list.data?.destinations ?? [];
  return (
    <section className="card" aria-labelledby="notices">
      <h2 id="notices">Notices</h2>
      {list.isPending && <Loading what="the destinations" />}
      {list.isError && <Failure error={list.error} onRetry={() => void list.refetch()} />}
      {list.data && destinations.length === 0 && <p>No notice of an alert is sent: no destination is set up.</p>}
      {destinations.length > 0 && (
        <p>
          {countOf(destinations.length, "destination")}: {destinations.map(({ name }) => visibleText(name)).join(", ")}.
        </p>
      )}
      <a href={hrefOf({ page: "notices", state: "", destination: "" })}>Destinations and notices</a>
    </section>
  );
}
