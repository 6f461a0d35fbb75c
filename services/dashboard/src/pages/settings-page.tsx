import { Page } from "../parts/page.tsx";
import { useReader } from "../session/reader.ts";
import { DelegationCard } from "../settings/delegation-card.tsx";
import { KeysCard } from "../settings/keys-card.tsx";
import { NoticesCard } from "../settings/notices-card.tsx";
import { ReaderCard } from "../settings/reader-card.tsx";
import { RetentionCard } from "../settings/retention-card.tsx";

/** Who the reader is and who is the deputy, and what the server is set to: notices, API keys and retention. */
export function SettingsPage() {
  const { mayDecide, mayAdminister, seesAll } = useReader();
  return (
    <Page title="Settings">
      <ReaderCard />
      {mayDecide && <DelegationCard />}
      {mayDecide && seesAll && <NoticesCard />}
      {mayAdminister && <KeysCard />}
      <RetentionCard />
    </Page>
  );
}
