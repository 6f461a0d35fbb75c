import {
  type Watchlist,
  WatchlistService,
  WatchlistVisibility,
} from "@bellwether/gen/bellwether/ops/v1/watchlist_service_pb";
import { visibleText } from "@bellwether/reasons/visible-text";
import { callUnaryMethod, useQuery, useTransport } from "@connectrpc/connect-query";
import { countOf, countText } from "../parts/format.ts";
import { Failure, Loading } from "../parts/load-states.tsx";
import { Name } from "../parts/name.tsx";
import { Wide } from "../parts/wide.tsx";
import { hrefOf } from "../routing/route.ts";
import { useReader } from "../session/reader.ts";
import { ProblemText } from "./problem-text.tsx";
import { useChange } from "./use-change.ts";

/** The lists that the reader sees. With a supplier, each list that the reader may change has a button for it. */
export function ListsCard({ supplierId }: { readonly supplierId: string }) {
  const found = useQuery(WatchlistService.method.listWatchlists, { supplierId });
  const lists = found.data?.watchlists ?? [];
  return (
    <section className="card" aria-labelledby="lists">
      <h2 id="lists">{supplierId === "" ? "Lists" : `Lists for ${visibleText(supplierId)}`}</h2>
      {found.isPending && <Loading what="the lists" />}
      {found.isError && <Failure error={found.error} onRetry={() => void found.refetch()} />}
      {found.data && lists.length === 0 && (
        <p>There is no list yet. A list has the suppliers that you want to watch.</p>
      )}
      {lists.length > 0 && <ListTable lists={lists} supplierId={supplierId} />}
      {found.data?.truncated && <p className="quiet">There are more shared lists of others.</p>}
    </section>
  );
}

function ListTable({ lists, supplierId }: { readonly lists: readonly Watchlist[]; readonly supplierId: string }) {
  const { change, isSending, problem } = useChange();
  const { mayDecide } = useReader();
  const transport = useTransport();
  const watch = ({ watchlistId, hasSupplier }: Watchlist) =>
    void change(() => {
      const { addWatchedSuppliers, removeWatchedSuppliers } = WatchlistService.method;
      const request = { watchlistId, supplierIds: [supplierId] };
      return hasSupplier
        ? callUnaryMethod(transport, removeWatchedSuppliers, request)
        : callUnaryMethod(transport, addWatchedSuppliers, request);
    });
  const isAbout = supplierId !== "";
  return (
    <>
      <ProblemText problem={problem} />
      <Wide label="Watchlists">
        <table className="stacks">
          <thead>
            <tr>
              <th scope="col">Name</th>
              <th scope="col">Suppliers</th>
              <th scope="col">Seen by</th>
              <th scope="col">Owner</th>
              {isAbout && <th scope="col">{visibleText(supplierId)}</th>}
            </tr>
          </thead>
          <tbody>
            {lists.map((list) => (
              <tr key={list.watchlistId}>
                <th scope="row">
                  <a href={hrefOf({ page: "watchlists", watchlistId: list.watchlistId, supplierId })}>
                    <Name>{list.name}</Name>
                  </a>
                </th>
                <td className="number labelled" data-label="Suppliers">
                  {countText(list.suppliers)}
                </td>
                <td className="labelled" data-label="Seen by">
                  {list.visibility === WatchlistVisibility.SHARED ? "everybody" : "only you"}
                </td>
                <td className="labelled" data-label="Owner">
                  <Name>{list.owner}</Name>
                </td>
                {isAbout && (
                  <td className="actions">
                    {list.mayChange && mayDecide ? (
                      <button type="button" disabled={isSending} onClick={() => watch(list)}>
                        {list.hasSupplier ? "Remove from" : "Add to"} {visibleText(list.name)}
                      </button>
                    ) : list.hasSupplier ? (
                      "in the list"
                    ) : (
                      "not in the list"
                    )}
                  </td>
                )}
              </tr>
            ))}
          </tbody>
        </table>
      </Wide>
      <p className="quiet">{countOf(lists.length, "list")}.</p>
    </>
  );
}
