import { Page } from "../parts/page.tsx";
import { useReader } from "../session/reader.ts";
import { KeysCard } from "../settings/keys-card.tsx";
import { NoticesCard } from "../settings/notices-card.tsx";
import { ReaderCard } from "../settings/reader-card.tsx";
import { RetentionCard } from "../settings/retention-card.tsx";

/** Who the reader is, and what the server is set to: notices, API keys and retention. */
export function SettingsPage() {
  const { mayDecide, mayAdminister } = useReader();
  return (
    <Page title="Settings">
      <ReaderCard />
      {mayDecide && <NoticesCard />}
      {mayAdminister && <KeysCard />}
      <RetentionCard />
    </Page>
  );
}
