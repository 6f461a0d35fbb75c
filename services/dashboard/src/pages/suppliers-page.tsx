import { Band } from "@bellwether/gen/bellwether/inference/v1/score_pb";
import { SupplierService } from "@bellwether/gen/bellwether/ops/v1/supplier_service_pb";
import { useInfiniteQuery } from "@connectrpc/connect-query";
import { keepPreviousData } from "@tanstack/react-query";
import { MoreButton } from "../parts/more-button.tsx";
import { Empty, Failure, Loading } from "../parts/notice.tsx";
import { Page } from "../parts/page.tsx";
import { SupplierTable } from "../parts/supplier-table.tsx";
import { hrefOf } from "../route.ts";
import { BAND_WORDS, wordOf } from "../words.ts";

const BANDS = [Band.UNSPECIFIED, Band.HIGH, Band.MEDIUM, Band.LOW, Band.UNKNOWN];

/** The suppliers of the latest run, those with the most at stake first. */
export function SuppliersPage({ band }: { band: Band }) {
  return (
    <Page title="Suppliers" aside={<BandFilter band={band} />}>
      <SupplierList band={band} />
    </Page>
  );
}

function BandFilter({ band }: { band: Band }) {
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
                window.location.hash = hrefOf({ page: "suppliers", band: one });
              }}
            />
            {one === Band.UNSPECIFIED ? "All" : wordOf(BAND_WORDS, one)}
          </label>
        ))}
      </fieldset>
    </form>
  );
}

function SupplierList({ band }: { band: Band }) {
  const list = useInfiniteQuery(
    SupplierService.method.listSuppliers,
    { pageToken: "", band },
    {
      pageParamKey: "pageToken",
      getNextPageParam: ({ nextPageToken }) => nextPageToken || undefined,
      placeholderData: keepPreviousData,
    },
  );
  if (list.isPending) return <Loading what="suppliers" />;
  if (!list.data) return <Failure error={list.error} onRetry={() => void list.refetch()} />;
  const suppliers = list.data.pages.flatMap((page) => page.suppliers);
  if (suppliers.length === 0) return <NoSuppliers band={band} />;
  return (
    <>
      <SupplierTable suppliers={suppliers} />
      <MoreButton
        hasMore={list.hasNextPage}
        loading={list.isFetchingNextPage}
        onMore={() => void list.fetchNextPage()}
      />
    </>
  );
}

function NoSuppliers({ band }: { band: Band }) {
  return band === Band.UNSPECIFIED ? (
    <Empty title="No suppliers yet">
      They come with the first complete weekly run.{" "}
      <a href={hrefOf({ page: "run", isoWeek: "" })}>See how it stands.</a>
    </Empty>
  ) : (
    <Empty title="No supplier is in this band">
      <a href={hrefOf({ page: "suppliers", band: Band.UNSPECIFIED })}>Show all bands.</a>
    </Empty>
  );
}
