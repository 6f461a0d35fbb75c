import { Empty } from "../parts/load-states.tsx";
import { Page } from "../parts/page.tsx";
import { ACTIVE_ALERTS } from "../routing/inbox-view.ts";
import { hrefOf } from "../routing/route.ts";

/** The page for an unknown address. */
export function NowherePage() {
  return (
    <Page title="Page not found">
      <Empty title="There is no page at this address">
        Check it for typing errors. <a href={hrefOf({ page: "alerts", view: ACTIVE_ALERTS })}>Go to the alerts.</a>
      </Empty>
    </Page>
  );
}
