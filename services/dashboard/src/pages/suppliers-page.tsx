import { Band } from "@bellwether/gen/bellwether/inference/v1/score_pb";
import {
  type BandFacet,
  type ListSuppliersResponse,
  SupplierOrder,
  SupplierService,
} from "@bellwether/gen/bellwether/ops/v1/supplier_service_pb";
import { useInfiniteQuery, useQuery } from "@connectrpc/connect-query";
import { keepPreviousData } from "@tanstack/react-query";
import { useSyncExternalStore } from "react";
import { Choice } from "../parts/choice.tsx";
import { countOf, countText } from "../parts/format.ts";
import { Empty, Failure, Loading } from "../parts/load-states.tsx";
import { ModelLinks } from "../parts/model-links.tsx";
import { MoreButton } from "../parts/more-button.tsx";
import { Page } from "../parts/page.tsx";
import { SupplierTable } from "../parts/supplier-table.tsx";
import { usePagesKept } from "../parts/use-pages-kept.ts";
import { BAND_WORDS, wordOf } from "../parts/words.ts";
import { ALL_SUPPLIERS, goTo, hrefOf, type SuppliersView } from "../routing/route.ts";
import { useAlertChanges } from "../rpc/alert-changes.ts";
import { WatchlistCondition } from "../watchlists/watchlist-condition.tsx";

const BANDS = [Band.UNSPECIFIED, Band.HIGH, Band.MEDIUM, Band.LOW, Band.UNKNOWN];
const ORDERS: readonly (readonly [order: SupplierOrder, name: string])[] = [
  [SupplierOrder.UNSPECIFIED, "Highest expected impact first"],
  [SupplierOrder.SCORE, "Highest score first"],
  [SupplierOrder.CHANGE, "Largest rise first"],
  [SupplierOrder.EXPOSURE, "Largest exposure first"],
  [SupplierOrder.NAME, "By name"],
];

/** The suppliers of the latest run, or of an earlier week. Search, filters and order are those of the server. */
export function SuppliersPage({ view }: { view: SuppliersView }) {
  const { band, order, incomplete, withoutExposure, text, modelName = "", isoWeek = "", watchlistId = "" } = view;
  const completenessBelow = useCompletenessLimit(modelName, incomplete);
  const list = useInfiniteQuery(
    SupplierService.method.listSuppliers,
    {
      ...{ pageToken: "", modelName, isoWeek, query: text, orderBy: order, includeFacets: true, withoutExposure },
      watchlistId,
      bands: band === Band.UNSPECIFIED ? [] : [band],
      ...(incomplete && { completenessBelow }),
    },
    {
      enabled: !incomplete || completenessBelow > 0,
      pageParamKey: "pageToken",
      getNextPageParam: ({ nextPageToken }) => nextPageToken || undefined,
      placeholderData: keepPreviousData,
    },
  );
  const readMore = usePagesKept(list);
  const [first] = list.data?.pages ?? [];
  const newWeek = useNewWeek(isoWeek ? undefined : first);
  const suppliers = list.data?.pages.flatMap((page) => page.suppliers) ?? [];
  return (
    <Page title="Suppliers" extra={<Filters view={view} facets={first?.facets?.bands ?? []} />}>
      {list.isPending && <Loading what="suppliers" />}
      {first && (
        <div className="list-status">
          <div>
            <span className="quiet number">
              {`${countOf(first.totalSize, "supplier")}${first.isoWeek && ` in ${first.isoWeek}`}`}
              {first.queryTruncated && ". Many more match: make the search longer."}
            </span>
            <ModelLinks
              shown={first.modelName}
              all={first.modelNames}
              hrefOf={(other) => hrefOf({ page: "suppliers", ...view, modelName: other })}
            />
            {isoWeek && <a href={hrefOf({ page: "suppliers", ...view, isoWeek: "" })}>Show the latest week.</a>}
            {newWeek && (
              <button type="button" className="primary" onClick={() => void list.refetch()}>
                Scores of {newWeek}: show
              </button>
            )}
          </div>
        </div>
      )}
      {first && suppliers.length === 0 && <NoSuppliers view={view} />}
      {first && suppliers.length > 0 && (
        <SupplierTable
          suppliers={suppliers}
          modelName={first.modelName}
          currency={first.impactFormula?.currency ?? ""}
        />
      )}
      {list.isError && <Failure error={list.error} onRetry={() => void list.refetch()} />}
      <MoreButton hasMore={list.hasNextPage} loading={list.isFetchingNextPage} onMore={readMore} />
    </Page>
  );
}

/** Returns the completeness below which a score is incomplete, in [0, 1]. 0: not known yet, or not needed. */
function useCompletenessLimit(modelName: string, isNeeded: boolean): number {
  const request = { modelName, pageSize: 1 };
  const { data } = useQuery(SupplierService.method.listSuppliers, request, { enabled: isNeeded });
  return data?.completenessLimit ?? 0;
}

interface FiltersProps {
  readonly view: SuppliersView;
  /** Number of suppliers of each band. */
  readonly facets: readonly BandFacet[];
}

function Filters({ view, facets }: FiltersProps) {
  const show = (change: Partial<SuppliersView>): void => {
    goTo({ page: "suppliers", ...view, ...change });
  };
  // A band without suppliers has no entry. Before the first answer no number is known.
  const countOf = (band: Band): string => {
    if (facets.length === 0) return "";
    const counted = facets.filter((one) => band === Band.UNSPECIFIED || one.band === band);
    return ` ${countText(counted.reduce((sum, { suppliers }) => sum + suppliers, 0n))}`;
  };
  return (
    <form className="filters" aria-label="Filter suppliers" onSubmit={(event) => event.preventDefault()}>
      <SearchText text={view.text} onText={(text) => show({ text })} />
      <fieldset>
        <legend>Band</legend>
        {BANDS.map((one) => (
          <label key={one} className="chip">
            <input type="radio" name="band" checked={view.band === one} onChange={() => show({ band: one })} />
            {one === Band.UNSPECIFIED ? "All" : wordOf(BAND_WORDS, one)}
            <span className="count">{countOf(one)}</span>
          </label>
        ))}
      </fieldset>
      <label className="chip">
        <input
          type="checkbox"
          checked={view.incomplete}
          onChange={(event) => show({ incomplete: event.target.checked })}
        />
        Incomplete
      </label>
      {view.withoutExposure && (
        <button
          type="button"
          className="condition"
          title="Remove this condition"
          onClick={() => show({ withoutExposure: false })}
        >
          Exposure not known ×
        </button>
      )}
      <WatchlistCondition watchlistId={view.watchlistId ?? ""} onChange={(watchlistId) => show({ watchlistId })} />
      <Choice label="Order" options={ORDERS} value={view.order} onChange={(order) => show({ order })} />
    </form>
  );
}

/** The text is searched for when the reader presses Enter or leaves the field. */
function SearchText({ text, onText }: { text: string; onText: (text: string) => void }) {
  return (
    <input
      key={text}
      type="search"
      className="search"
      aria-label="Search suppliers by name or id"
      placeholder="Name or id"
      maxLength={50}
      defaultValue={text}
      onBlur={(event) => event.target.value !== text && onText(event.target.value)}
      onKeyDown={(event) => event.key === "Enter" && onText(event.currentTarget.value)}
    />
  );
}

function NoSuppliers({ view }: { view: SuppliersView }) {
  const isFiltered =
    view.band !== Band.UNSPECIFIED || view.text || view.incomplete || view.withoutExposure || view.watchlistId;
  return isFiltered ? (
    <Empty title="No supplier matches this filter">
      <a href={hrefOf({ page: "suppliers", ...ALL_SUPPLIERS })}>Show all suppliers.</a>
    </Empty>
  ) : (
    <Empty title="No suppliers yet">
      Suppliers are shown after the first complete weekly run.{" "}
      <a href={hrefOf({ page: "run", isoWeek: "" })}>See the state of the run.</a>
    </Empty>
  );
}

/**
 * Returns the week of a run that is later than the shown run, as known from the alerts of the same model. Undefined:
 * no later run is known. The rows do not change until the reader asks for the later week.
 */
function useNewWeek(shown: ListSuppliersResponse | undefined): string | undefined {
  const changes = useAlertChanges();
  useSyncExternalStore(changes.subscribe, changes.position);
  const shownWeek = shown?.isoWeek || shown?.suppliers[0]?.latestScore?.isoWeek;
  if (!shownWeek) return undefined;
  const weeks = changes
    .since(0)
    .alerts.filter(({ modelName, lastWeek }) => modelName === shown?.modelName && lastWeek > shownWeek)
    .map(({ lastWeek }) => lastWeek);
  return weeks.sort().at(-1);
}
