import { RuleService } from "@bellwether/gen/bellwether/ops/v1/rule_service_pb";
import { visibleText } from "@bellwether/reasons/visible-text";
import { useQuery } from "@connectrpc/connect-query";
import { useState } from "react";
import { Failure, Loading } from "../parts/load-states.tsx";
import { Page } from "../parts/page.tsx";
import { hrefOf } from "../routing/route.ts";
import { ActivationCard } from "../rules/activation-card.tsx";
import { DraftCard } from "../rules/draft-card.tsx";
import { draftPlace } from "../rules/draft-place.ts";
import { RuleSetCard } from "../rules/rule-set-card.tsx";

/** The rules that create alerts: those in use, a draft with its test, and who changed them. */
export function RulesPage({ setId, modelName = "" }: { setId: string; modelName?: string }) {
  const list = useQuery(RuleService.method.listRuleSets, {});
  const [said, setSaid] = useState("");
  const sets = list.data?.ruleSets ?? [];
  const first = sets[0]?.modelName ?? "";
  const ofModel = sets.filter((set) => set.modelName === (modelName || first));
  const shown = setId === "" ? ofModel[0] : ofModel.find((set) => set.setId === setId);
  const models = [...new Set(sets.map((set) => set.modelName))];
  /** The name of a model in addresses and requests: empty for the default one. */
  const keyOf = (name: string): string => (name === first ? "" : name);
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
      {models.length > 1 && (
        <nav className="moves" aria-label="Models">
          {models.map((name) => (
            <a
              key={name}
              href={hrefOf({ page: "rules", setId: "", ...ofName(keyOf(name)) })}
              aria-current={name === (modelName || first) ? "true" : undefined}
            >
              {name}
            </a>
          ))}
        </nav>
      )}
      {ofModel.length > 1 && (
        <nav className="moves" aria-label="Rule sets">
          {ofModel.map((set) => (
            <a
              key={set.setId}
              href={hrefOf({ page: "rules", setId: set.setId, ...ofName(keyOf(set.modelName)) })}
              aria-current={set.setId === shown?.setId ? "true" : undefined}
            >
              {set.setId}
            </a>
          ))}
        </nav>
      )}
      {list.data && !shown && (
        <p className="notice">
          There is no rule set {visibleText(setId)}
          {modelName !== "" && ` of the model ${visibleText(modelName)}`}.{" "}
          <a href={hrefOf({ page: "rules", setId: "" })}>Show the first one.</a>
        </p>
      )}
      {shown && (
        <>
          <RuleSetCard
            key={`${shown.modelName}/${shown.setId}`}
            set={shown}
            modelName={keyOf(shown.modelName)}
            onSaid={setSaid}
          />
          <DraftCard
            key={draftPlace(shown.modelName, shown.setId, shown.draft?.version ?? 0n)}
            set={shown}
            modelName={keyOf(shown.modelName)}
            onSaid={setSaid}
          />
          <ActivationCard modelName={shown.modelName} setId={shown.setId} />
        </>
      )}
    </Page>
  );
}

const ofName = (modelName: string) => (modelName === "" ? {} : { modelName });
