import { RuleService } from "@bellwether/gen/bellwether/ops/v1/rule_service_pb";
import { ConnectError } from "@connectrpc/connect";
import { callUnaryMethod } from "@connectrpc/connect-query";
import { useState } from "react";
import { answersOf, ReasonForm } from "../parts/reason-form.tsx";
import { draftPlace } from "./draft-place.ts";

/** The draft is tested before it is activated. */
const ACTIVATE_TIMEOUT_MS = 120_000;

interface ActivateFormProps {
  readonly setId: string;
  /** Empty: the default model. */
  readonly modelName: string;
  /** The version of the draft that the reader sees. */
  readonly version: bigint;
  readonly onSaid: (text: string) => void;
}

/** Asks for the reason, and activates the draft. A draft over the budget is activated only with another confirmation. */
export function ActivateForm({ modelName, setId, version, onSaid }: ActivateFormProps) {
  const [isOver, setOver] = useState(false);
  const [force, setForce] = useState(false);
  return (
    <section className="card" aria-labelledby="activate">
      <h2 id="activate">Activate the draft</h2>
      <ReasonForm
        name="Activate the draft"
        button="Activate"
        text="It is tested on the latest weeks first. Who, when and why are recorded."
        draft={`activate/${draftPlace(modelName, setId, version)}`}
        sendingText="Testing the draft…"
        timeoutMs={ACTIVATE_TIMEOUT_MS}
        changed={[answersOf(RuleService)]}
        send={async (transport, reason) => {
          const { activateRuleDraft } = RuleService.method;
          try {
            await callUnaryMethod(transport, activateRuleDraft, { modelName, setId, version, reason, force });
          } catch (error) {
            if (isOverBudget(error)) setOver(true);
            throw error;
          }
        }}
        onDone={() => onSaid(`The draft of ${setId} is in use from the next run on.`)}
      >
        {isOver && (
          <label>
            <input type="checkbox" checked={force} onChange={(event) => setForce(event.target.checked)} /> Activate it
            although it is over the budget
          </label>
        )}
      </ReasonForm>
    </section>
  );
}

/** Whether the error has the reason of a draft over the budget. The page has no descriptor of the details of errors. */
const isOverBudget = (error: unknown): boolean =>
  ConnectError.from(error).details.some(
    (detail) => "type" in detail && new TextDecoder().decode(detail.value).includes("RULES_OVER_BUDGET"),
  );
