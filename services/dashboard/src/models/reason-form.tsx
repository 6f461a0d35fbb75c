import { ModelRegistryService } from "@bellwether/gen/bellwether/registry/v1/model_registry_service_pb";
import { visibleText } from "@bellwether/reasons/visible-text";
import { Code, ConnectError, type Transport } from "@connectrpc/connect";
import { createConnectQueryKey, useTransport } from "@connectrpc/connect-query";
import { useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useEffect, useId, useRef, useState } from "react";
import { inOneLine } from "../parts/in-one-line.ts";
import { useBlockedReason } from "../rpc/live.ts";
import { problemOf } from "../rpc/problem.ts";
import { withTimeout } from "../rpc/transport.ts";
import { useDraft } from "../session/use-draft.ts";

/** Maximum length of a reason, characters. The contract allows 500 bytes, and a character has at most four bytes. */
const LONGEST_REASON = 125;
/** Time limit of the RPCs: a version is loaded and checked before an alias moves. */
const DECIDE_TIMEOUT_MS = 30_000;

interface ReasonFormProps {
  /** What the form does, for example "Promote v3": its title and its button. */
  readonly name: string;
  /** What follows, in one sentence or two. */
  readonly text: string;
  /** Key of the draft of the reason. */
  readonly draft: string;
  readonly sendingText: string;
  /** Sends the decision. */
  readonly send: (transport: Transport, reason: string) => Promise<unknown>;
  readonly onClose: () => void;
  /** Called when the decision was made. */
  readonly onDone: () => void;
}

/** Asks for the reason of a decision about versions, and sends it. What was typed is kept when the decision is rejected. */
export function ReasonForm({ name, text, draft, sendingText, send, onClose, onDone }: ReasonFormProps) {
  const title = useId();
  const field = useRef<HTMLTextAreaElement>(null);
  const transport = useTransport();
  const queries = useQueryClient();
  const blocked = useBlockedReason();
  const [reason, setReason, clearReason] = useDraft(draft);
  const [isSending, setSending] = useState(false);
  const [problem, setProblem] = useState("");
  useEffect(() => field.current?.focus(), []);
  const submit = async (event: FormEvent): Promise<void> => {
    event.preventDefault();
    if (blocked !== undefined || isSending || reason.trim() === "") return;
    setSending(true);
    setProblem("");
    try {
      await send(withTimeout(transport, DECIDE_TIMEOUT_MS), inOneLine(reason));
      clearReason();
      onDone();
    } catch (error) {
      setProblem(problemText(error));
    } finally {
      setSending(false);
      const key = createConnectQueryKey({ schema: ModelRegistryService, cardinality: undefined });
      await Promise.all([
        queries.invalidateQueries({ queryKey: key }),
        queries.invalidateQueries({ queryKey: ["replicas"] }),
      ]);
    }
  };
  return (
    <form
      className="action-form"
      aria-labelledby={title}
      onSubmit={submit}
      onKeyDown={({ key }) => key === "Escape" && onClose()}
    >
      <h3 id={title}>{visibleText(name)}</h3>
      <p>{visibleText(text)}</p>
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
      {(blocked ?? problem) !== "" && (
        <p className="problem" role="alert">
          {blocked ?? visibleText(problem)}
        </p>
      )}
      <div className="dialog-actions">
        <button type="button" onClick={onClose}>
          Cancel
        </button>
        <button type="submit" className="primary" aria-disabled={isSending || blocked !== undefined}>
          {isSending ? sendingText : visibleText(name)}
        </button>
      </div>
    </form>
  );
}

/** Codes of errors whose message says what prevents the decision and what the person can do. */
const SAID: ReadonlySet<Code> = new Set([
  Code.FailedPrecondition,
  Code.Aborted,
  Code.NotFound,
  Code.DataLoss,
  Code.PermissionDenied,
]);

function problemText(error: unknown): string {
  const { code, rawMessage } = ConnectError.from(error);
  if (SAID.has(code)) return `Nothing was changed: ${rawMessage}.`;
  const { title, wayOut } = problemOf(error);
  return `${title}. ${wayOut} What you typed is kept.`;
}
