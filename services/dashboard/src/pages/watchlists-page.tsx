import { Page } from "../parts/page.tsx";
import { hrefOf, type Place } from "../routing/route.ts";
import { useReader } from "../session/reader.ts";
import { ListsCard } from "../watchlists/lists-card.tsx";
import { NewListCard } from "../watchlists/new-list-card.tsx";
import { OneListCard } from "../watchlists/one-list-card.tsx";

/** The lists of suppliers that people watch. */
export function WatchlistsPage({ view }: { readonly view: Place & { page: "watchlists" } }) {
  const { watchlistId, supplierId } = view;
  const { mayDecide } = useReader();
  return (
    <Page
      title="Watchlists"
      extra={supplierId !== "" && <a href={hrefOf({ page: "supplier", supplierId })}>Back to the supplier</a>}
    >
      {watchlistId !== "" && <OneListCard key={watchlistId} watchlistId={watchlistId} />}
      <ListsCard supplierId={supplierId} />
      {mayDecide && <NewListCard />}
    </Page>
  );
}
