import { type BatchRun, RunState } from "@bellwether/gen/bellwether/ops/v1/batch_pb";
import { BatchService } from "@bellwether/gen/bellwether/ops/v1/batch_service_pb";
import { visibleText } from "@bellwether/reasons/visible-text";
import { Code, ConnectError } from "@connectrpc/connect";
import { callUnaryMethod, createConnectQueryKey, useTransport } from "@connectrpc/connect-query";
import { useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useEffect, useId, useRef, useState } from "react";
import { useBlockedReason } from "../rpc/live.ts";
import { problemOf } from "../rpc/problem.ts";
import { useDraft } from "../session/use-draft.ts";
import { inOneLine } from "./in-one-line.ts";

/** A decision of an administrator about a run. */
type Decision = "approve" | "void";

const TITLES: Readonly<Record<Decision, string>> = { approve: "Approve the run", void: "Void the run" };
const CONSEQUENCES: Readonly<Record<Decision, string>> = {
  approve: "Its scores are published and its alerts are raised.",
  void: "None of its scores is shown, and alerts that it alone raised are closed. The week can be run again.",
};
/** The contract allows 2,000 bytes, and a character has at most four. */
const LONGEST_REASON = 500;

/** Buttons to approve and to void a held run; a press opens a form that asks for the reason and confirms. */
export function RunDecisions({ run }: { run: BatchRun }) {
  const [chosen, setChosen] = useState<Decision>();
  const buttons = useRef<HTMLDivElement>(null);
  const close = (): void => {
    setChosen(undefined);
    requestAnimationFrame(() => buttons.current?.querySelector("button")?.focus());
  };
  if (chosen) return <DecisionForm run={run} decision={chosen} onClose={close} />;
  const offered: readonly Decision[] = run.state === RunState.HELD && !run.approved ? ["approve", "void"] : ["void"];
  return (
    <div className="dialog-actions" ref={buttons}>
      {offered.map((decision) => (
        <button type="button" key={decision} onClick={() => setChosen(decision)}>
          {TITLES[decision]}…
        </button>
      ))}
    </div>
  );
}

interface DecisionFormProps {
  readonly run: BatchRun;
  readonly decision: Decision;
  readonly onClose: () => void;
}

function DecisionForm({ run, decision, onClose }: DecisionFormProps) {
  const title = useId();
  const field = useRef<HTMLTextAreaElement>(null);
  const transport = useTransport();
  const queries = useQueryClient();
  const blocked = useBlockedReason();
  const [reason, setReason, clearReason] = useDraft(`run/${decision}/${run.runId}`);
  const [isSending, setSending] = useState(false);
  const [problem, setProblem] = useState("");
  useEffect(() => field.current?.focus(), []);
  const submit = async (event: FormEvent): Promise<void> => {
    event.preventDefault();
    if (blocked !== undefined || isSending || reason.trim() === "") return;
    setSending(true);
    const { approveRun, voidRun } = BatchService.method;
    const request = { runId: run.runId, reason: inOneLine(reason) };
    try {
      await (decision === "approve"
        ? callUnaryMethod(transport, approveRun, request)
        : callUnaryMethod(transport, voidRun, request));
      clearReason();
      onClose();
    } catch (error) {
      setProblem(problemText(error));
    } finally {
      setSending(false);
      const key = createConnectQueryKey({ schema: BatchService, cardinality: undefined });
      await queries.invalidateQueries({ queryKey: key });
    }
  };
  return (
    <form
      className="action-form"
      aria-labelledby={title}
      onSubmit={submit}
      onKeyDown={({ key }) => key === "Escape" && onClose()}
    >
      <h3 id={title}>
        {TITLES[decision]}: {run.isoWeek}
      </h3>
      <p>{CONSEQUENCES[decision]} The decision and its reason are recorded.</p>
      <label className="note">
        Reason
        <textarea
          ref={field}
          rows={2}
          maxLength={LONGEST_REASON}
          required
          value={reason}
          onChange={(event) => setReason(event.target.value)}
        />
      </label>
      {(blocked ?? problem) && (
        <p className="problem" role="alert">
          {blocked ?? visibleText(problem)}
        </p>
      )}
      <div className="dialog-actions">
        <button type="button" onClick={onClose}>
          Cancel
        </button>
        <button type="submit" className="primary" aria-disabled={isSending || blocked !== undefined}>
          {TITLES[decision]}
        </button>
      </div>
    </form>
  );
}

/** The server's sentence where the state of the run prevents the decision; else what can be done. */
function problemText(error: unknown): string {
  const { code, rawMessage } = ConnectError.from(error);
  if (code === Code.FailedPrecondition) return `${rawMessage}.`;
  const { title, wayOut } = problemOf(error);
  return `${title}. ${wayOut} What you typed is kept.`;
}
