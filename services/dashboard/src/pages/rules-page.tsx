import { RuleService } from "@bellwether/gen/bellwether/ops/v1/rule_service_pb";
import { visibleText } from "@bellwether/reasons/visible-text";
import { useQuery } from "@connectrpc/connect-query";
import { useState } from "react";
import { Failure, Loading } from "../parts/load-states.tsx";
import { Page } from "../parts/page.tsx";
import { hrefOf } from "../routing/route.ts";
import { ActivationCard } from "../rules/activation-card.tsx";
import { DraftCard } from "../rules/draft-card.tsx";
import { RuleSetCard } from "../rules/rule-set-card.tsx";

/** The rules that create alerts: those in use, a draft with its test, and who changed them. */
export function RulesPage({ setId }: { setId: string }) {
  const list = useQuery(RuleService.method.listRuleSets, {});
  const [said, setSaid] = useState("");
  const sets = list.data?.ruleSets ?? [];
  const shown = setId === "" ? sets[0] : sets.find((set) => set.setId === setId);
  return (
    <Page title="Rules">
      <p className="quiet">
        Alerts are created and resolved by these rules when a week completes. A changed rule applies from the next run
        on.
      </p>
      {said !== "" && (
        <p className="notice" role="status">
          {visibleText(said)}
        </p>
      )}
      {list.isPending && <Loading what="the rules" />}
      {list.isError && <Failure error={list.error} onRetry={() => void list.refetch()} />}
      {sets.length > 1 && (
        <nav className="moves" aria-label="Rule sets">
          {sets.map((set) => (
            <a
              key={set.setId}
              href={hrefOf({ page: "rules", setId: set.setId })}
              aria-current={set.setId === shown?.setId ? "true" : undefined}
            >
              {set.setId}
            </a>
          ))}
        </nav>
      )}
      {list.data && !shown && (
        <p className="notice">
          There is no rule set {visibleText(setId)}.{" "}
          <a href={hrefOf({ page: "rules", setId: "" })}>Show the first one.</a>
        </p>
      )}
      {shown && (
        <>
          <RuleSetCard set={shown} />
          <DraftCard key={`${shown.setId}/${shown.draft?.version ?? 0n}`} set={shown} onSaid={setSaid} />
          <ActivationCard setId={shown.setId} />
        </>
      )}
    </Page>
  );
}
