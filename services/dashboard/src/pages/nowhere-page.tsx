import { Empty } from "../parts/notice.tsx";
import { Page } from "../parts/page.tsx";
import { ACTIVE_ALERTS, hrefOf } from "../routing/route.ts";

/** For an address that leads nowhere. */
export function NowherePage() {
  return (
    <Page title="Nothing here">
      <Empty title="This address leads nowhere">
        It may be mistyped. <a href={hrefOf({ page: "alerts", filter: ACTIVE_ALERTS })}>Go to the alerts.</a>
      </Empty>
    </Page>
  );
}
