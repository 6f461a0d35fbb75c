import { RuleService } from "@bellwether/gen/bellwether/ops/v1/rule_service_pb";
import { visibleText } from "@bellwether/reasons/visible-text";
import { ConnectError } from "@connectrpc/connect";
import { callUnaryMethod, createConnectQueryKey, useTransport } from "@connectrpc/connect-query";
import { useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { inOneLine } from "../parts/in-one-line.ts";
import { useBlockedReason } from "../rpc/live.ts";
import { withTimeout } from "../rpc/transport.ts";
import { useDraft } from "../session/use-draft.ts";
import { draftPlace } from "./draft-place.ts";
import { failureText } from "./failure-text.ts";

/** The contract allows 2,000 bytes, and a character has at most four. */
const LONGEST_REASON = 500;
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
  const transport = useTransport();
  const queries = useQueryClient();
  const blocked = useBlockedReason();
  const [reason, setReason, clearReason] = useDraft(`activate/${draftPlace(modelName, setId, version)}`);
  const [isSending, setSending] = useState(false);
  const [isOver, setOver] = useState(false);
  const [force, setForce] = useState(false);
  const [problem, setProblem] = useState("");
  const activate = async (event: FormEvent): Promise<void> => {
    event.preventDefault();
    if (blocked !== undefined || isSending || reason.trim() === "") return;
    setSending(true);
    setProblem("");
    try {
      await callUnaryMethod(withTimeout(transport, ACTIVATE_TIMEOUT_MS), RuleService.method.activateRuleDraft, {
        ...{ modelName, setId, version, reason: inOneLine(reason), force },
      });
      clearReason();
      onSaid(`The draft of ${setId} is in use from the next run on.`);
      await queries.invalidateQueries({
        queryKey: createConnectQueryKey({ schema: RuleService, cardinality: undefined }),
      });
    } catch (error) {
      if (isOverBudget(error)) setOver(true);
      setProblem(failureText(error));
    } finally {
      setSending(false);
    }
  };
  return (
    <section className="card" aria-labelledby="activate">
      <h2 id="activate">Activate the draft</h2>
      <form className="action-form" aria-labelledby="activate" onSubmit={activate}>
        <p>It is tested on the latest weeks first. Who, when and why are recorded.</p>
        <label className="note">
          Reason
          <textarea
            rows={2}
            maxLength={LONGEST_REASON}
            required
            value={reason}
            onChange={(event) => setReason(event.target.value)}
          />
        </label>
        {isOver && (
          <label>
            <input type="checkbox" checked={force} onChange={(event) => setForce(event.target.checked)} /> Activate it
            although it is over the budget
          </label>
        )}
        {(blocked ?? problem) !== "" && (
          <p className="problem" role="alert">
            {blocked ?? visibleText(problem)}
          </p>
        )}
        <div className="dialog-actions">
          <button type="submit" className="primary" aria-disabled={isSending || blocked !== undefined}>
            {isSending ? "Testing the draft…" : "Activate"}
          </button>
        </div>
      </form>
    </section>
  );
}

/** Whether the error has the reason of a draft over the budget. The page has no descriptor of the details of errors. */
const isOverBudget = (error: unknown): boolean =>
  ConnectError.from(error).details.some(
    (detail) => "type" in detail && new TextDecoder().decode(detail.value).includes("RULES_OVER_BUDGET"),
  );
