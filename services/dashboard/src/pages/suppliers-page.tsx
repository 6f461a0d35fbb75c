import { Band } from "@bellwether/gen/bellwether/inference/v1/score_pb";
import { type ListSuppliersResponse, SupplierService } from "@bellwether/gen/bellwether/ops/v1/supplier_service_pb";
import { useInfiniteQuery } from "@connectrpc/connect-query";
import { keepPreviousData } from "@tanstack/react-query";
import { useSyncExternalStore } from "react";
import { ModelLinks } from "../parts/model-links.tsx";
import { MoreButton } from "../parts/more-button.tsx";
import { Empty, Failure, Loading } from "../parts/notice.tsx";
import { Page } from "../parts/page.tsx";
import { SupplierTable } from "../parts/supplier-table.tsx";
import { usePagesKept } from "../parts/use-pages-kept.ts";
import { BAND_WORDS, wordOf } from "../parts/words.ts";
import { hrefOf } from "../routing/route.ts";
import { useAlertChanges } from "../rpc/alert-changes.ts";

const BANDS = [Band.UNSPECIFIED, Band.HIGH, Band.MEDIUM, Band.LOW, Band.UNKNOWN];

/** The suppliers of the latest run, highest expected impact first. */
export function SuppliersPage({ band, modelName }: { band: Band; modelName: string }) {
  return (
    <Page title="Suppliers" extra={<BandFilter band={band} modelName={modelName} />}>
      <SupplierList band={band} modelName={modelName} />
    </Page>
  );
}

function BandFilter({ band, modelName }: { band: Band; modelName: string }) {
  return (
    <form className="filters" aria-label="Filter suppliers">
      <fieldset>
        <legend>Band</legend>
        {BANDS.map((one) => (
          <label key={one} className="chip">
            <input
              type="radio"
              name="band"
              checked={band === one}
              onChange={() => {
                window.location.hash = hrefOf({ page: "suppliers", band: one, modelName });
              }}
            />
            {one === Band.UNSPECIFIED ? "All" : wordOf(BAND_WORDS, one)}
          </label>
        ))}
      </fieldset>
    </form>
  );
}

function SupplierList({ band, modelName }: { band: Band; modelName: string }) {
  const list = useInfiniteQuery(
    SupplierService.method.listSuppliers,
    { pageToken: "", band, modelName },
    {
      pageParamKey: "pageToken",
      getNextPageParam: ({ nextPageToken }) => nextPageToken || undefined,
      placeholderData: keepPreviousData,
    },
  );
  const readMore = usePagesKept(list);
  const newWeek = useNewWeek(list.data?.pages[0]);
  if (list.isPending) return <Loading what="suppliers" />;
  if (!list.data) return <Failure error={list.error} onRetry={() => void list.refetch()} />;
  const suppliers = list.data.pages.flatMap((page) => page.suppliers);
  const shown = list.data.pages[0]?.modelName ?? "";
  if (suppliers.length === 0) return <NoSuppliers band={band} />;
  return (
    <>
      <div className="list-status">
        <div>
          <ModelLinks
            shown={shown}
            all={list.data.pages[0]?.modelNames ?? []}
            hrefOf={(other) => hrefOf({ page: "suppliers", band, modelName: other })}
          />
          {newWeek && (
            <button type="button" className="primary" onClick={() => void list.refetch()}>
              Scores of {newWeek}: show
            </button>
          )}
        </div>
      </div>
      <SupplierTable suppliers={suppliers} modelName={shown} />
      {list.isError && <Failure error={list.error} onRetry={() => void list.refetch()} />}
      <MoreButton hasMore={list.hasNextPage} loading={list.isFetchingNextPage} onMore={readMore} />
    </>
  );
}

function NoSuppliers({ band }: { band: Band }) {
  return band === Band.UNSPECIFIED ? (
    <Empty title="No suppliers yet">
      Suppliers are shown after the first complete weekly run.{" "}
      <a href={hrefOf({ page: "run", isoWeek: "" })}>See the state of the run.</a>
    </Empty>
  ) : (
    <Empty title="No supplier is in this band">
      <a href={hrefOf({ page: "suppliers", band: Band.UNSPECIFIED })}>Show all bands.</a>
    </Empty>
  );
}

/**
 * Returns the week of a later run than the one that is shown, known from the alerts of the same model.
 * Undefined: there is none. Rows do not change until the reader asks.
 */
function useNewWeek(shown: ListSuppliersResponse | undefined): string | undefined {
  const changes = useAlertChanges();
  useSyncExternalStore(changes.subscribe, changes.position);
  const shownWeek = shown?.suppliers[0]?.latestScore?.isoWeek;
  if (shownWeek === undefined) return undefined;
  const weeks = changes
    .since(0)
    .alerts.filter(({ modelName, lastWeek }) => modelName === shown?.modelName && lastWeek > shownWeek)
    .map(({ lastWeek }) => lastWeek);
  return weeks.sort().at(-1);
}
