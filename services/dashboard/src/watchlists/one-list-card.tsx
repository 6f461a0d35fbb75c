import { SupplierService } from "@bellwether/gen/bellwether/ops/v1/supplier_service_pb";
import { type Watchlist, WatchlistService } from "@bellwether/gen/bellwether/ops/v1/watchlist_service_pb";
import { visibleText } from "@bellwether/reasons/visible-text";
import { callUnaryMethod, useInfiniteQuery, useQuery, useTransport } from "@connectrpc/connect-query";
import { keepPreviousData } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { countOf } from "../parts/format.ts";
import { Failure, Loading } from "../parts/load-states.tsx";
import { MoreButton } from "../parts/more-button.tsx";
import { SupplierTable } from "../parts/supplier-table.tsx";
import { usePagesKept } from "../parts/use-pages-kept.ts";
import { goTo } from "../routing/route.ts";
import { useReader } from "../session/reader.ts";
import { ProblemText } from "./problem-text.tsx";
import { useChange } from "./use-change.ts";

/** One list with the latest scores of its suppliers, highest expected impact first. */
export function OneListCard({ watchlistId }: { readonly watchlistId: string }) {
  const found = useQuery(WatchlistService.method.getWatchlist, { watchlistId });
  const { mayDecide } = useReader();
  const list = found.data?.watchlist;
  return (
    <section className="card" aria-label={list ? visibleText(list.name) : "List"}>
      {found.isPending && <Loading what="the list" />}
      {found.isError && <Failure error={found.error} onRetry={() => void found.refetch()} />}
      {list && (
        <>
          <h2>{visibleText(list.name)}</h2>
          {list.note !== "" && <p>{visibleText(list.note)}</p>}
          <p className="quiet">
            {countOf(list.suppliers, "supplier")}, of {visibleText(list.owner)}.
          </p>
          {list.suppliers > 0 && <Watched watchlistId={watchlistId} />}
          {list.mayChange && mayDecide && <Changes list={list} />}
        </>
      )}
    </section>
  );
}

function Watched({ watchlistId }: { readonly watchlistId: string }) {
  const list = useInfiniteQuery(
    SupplierService.method.listSuppliers,
    { watchlistId, pageToken: "" },
    {
      pageParamKey: "pageToken",
      getNextPageParam: ({ nextPageToken }) => nextPageToken || undefined,
      placeholderData: keepPreviousData,
    },
  );
  const readMore = usePagesKept(list);
  const [first] = list.data?.pages ?? [];
  const suppliers = list.data?.pages.flatMap((page) => page.suppliers) ?? [];
  return (
    <>
      {list.isPending && <Loading what="the suppliers" />}
      {list.isError && <Failure error={list.error} onRetry={() => void list.refetch()} />}
      {first && suppliers.length === 0 && <p>None of them has a score in the latest week.</p>}
      {first && suppliers.length > 0 && (
        <SupplierTable
          suppliers={suppliers}
          modelName={first.modelName}
          currency={first.impactFormula?.currency ?? ""}
        />
      )}
      <MoreButton hasMore={list.hasNextPage} loading={list.isFetchingNextPage} onMore={readMore} />
    </>
  );
}

/** Adds and removes suppliers by their ids, and deletes the list. */
function Changes({ list }: { readonly list: Watchlist }) {
  const transport = useTransport();
  const { change, isSending, problem } = useChange();
  const [supplierId, setSupplierId] = useState("");
  const [isAsked, setIsAsked] = useState(false);
  const { watchlistId, version, name } = list;
  const isReady = !isSending && supplierId.trim() !== "";
  const request = { watchlistId, supplierIds: [supplierId.trim()] };
  const send = async (work: () => Promise<unknown>): Promise<void> => {
    if (await change(work)) setSupplierId("");
  };
  const add = (event: FormEvent): void => {
    event.preventDefault();
    void send(() => callUnaryMethod(transport, WatchlistService.method.addWatchedSuppliers, request));
  };
  const remove = (): void =>
    void send(() => callUnaryMethod(transport, WatchlistService.method.removeWatchedSuppliers, request));
  const drop = async (): Promise<void> => {
    const { deleteWatchlist } = WatchlistService.method;
    if (await change(() => callUnaryMethod(transport, deleteWatchlist, { watchlistId, version })))
      goTo({ page: "watchlists", watchlistId: "", supplierId: "" });
  };
  return (
    <>
      <form className="filters" aria-label="Change the suppliers" onSubmit={add}>
        <label className="note">
          Id of a supplier
          <input value={supplierId} maxLength={128} onChange={(event) => setSupplierId(event.target.value)} />
        </label>
        <button type="submit" className="primary" disabled={!isReady}>
          Add
        </button>
        <button type="button" disabled={!isReady} onClick={remove}>
          Remove
        </button>
        {isAsked ? (
          <>
            <button type="button" className="primary" disabled={isSending} onClick={() => void drop()}>
              Delete {visibleText(name)} for good
            </button>
            <button type="button" onClick={() => setIsAsked(false)}>
              Keep it
            </button>
          </>
        ) : (
          <button type="button" onClick={() => setIsAsked(true)}>
            Delete the list…
          </button>
        )}
      </form>
      <ProblemText problem={problem} />
    </>
  );
}
