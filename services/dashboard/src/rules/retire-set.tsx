import { type RetireRuleSetResponse, RuleService } from "@bellwether/gen/bellwether/ops/v1/rule_service_pb";
import { callUnaryMethod } from "@connectrpc/connect-query";
import { useRef, useState } from "react";
import { countOf } from "../parts/format.ts";
import { answersOf, ReasonForm } from "../parts/reason-form.tsx";
import { draftPlace } from "./draft-place.ts";

interface RetireSetProps {
  readonly setId: string;
  /** Empty: the default model. */
  readonly modelName: string;
  /** Number of the activation that the reader sees. */
  readonly activationNumber: bigint;
  readonly onSaid: (text: string) => void;
}

/** A button to retire a rule set; a press opens a form that asks for the reason. */
export function RetireSet({ modelName, setId, activationNumber, onSaid }: RetireSetProps) {
  const [isOpen, setOpen] = useState(false);
  const button = useRef<HTMLButtonElement>(null);
  const close = (): void => {
    setOpen(false);
    requestAnimationFrame(() => button.current?.focus());
  };
  if (!isOpen)
    return (
      <p>
        <button type="button" ref={button} onClick={() => setOpen(true)}>
          Retire {setId}…
        </button>
      </p>
    );
  return (
    <ReasonForm
      name={`Retire ${setId}`}
      text="It is not used from the next run on. That run resolves the open alerts of its rules; alerts that somebody is working on stay. Who, when and why are recorded."
      draft={`retire/${draftPlace(modelName, setId, activationNumber)}`}
      changed={[answersOf(RuleService)]}
      send={async (transport, reason) => {
        const { retireRuleSet } = RuleService.method;
        const request = { modelName, setId, activationNumber, reason };
        onSaid(retiredText(setId, await callUnaryMethod(transport, retireRuleSet, request)));
      }}
      onClose={close}
      onDone={close}
    />
  );
}

function retiredText(setId: string, { alertsToResolve, alertsToKeep, nextSetId }: RetireRuleSetResponse): string {
  const kept = alertsToKeep === 0 ? "" : ` ${countOf(alertsToKeep, "alert")} in work will stay.`;
  const next =
    nextSetId === "" ? "No rule set applies to its suppliers any more." : `${nextSetId} applies to its suppliers.`;
  return `${setId} is retired. The next run resolves ${countOf(alertsToResolve, "open alert")}.${kept} ${next}`;
}
