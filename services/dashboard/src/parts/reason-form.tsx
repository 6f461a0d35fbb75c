import { visibleText } from "@bellwether/reasons/visible-text";
import type { DescService } from "@bufbuild/protobuf";
import type { Transport } from "@connectrpc/connect";
import { createConnectQueryKey, useTransport } from "@connectrpc/connect-query";
import { type QueryKey, useQueryClient } from "@tanstack/react-query";
import { type FormEvent, type ReactNode, useEffect, useRef, useState } from "react";
import { failureText } from "../rpc/failure-text.ts";
import { useBlockedReason } from "../rpc/live.ts";
import { withTimeout } from "../rpc/transport.ts";
import { useDraft } from "../session/use-draft.ts";
import { inOneLine } from "./in-one-line.ts";
import { NoteField } from "./note-field.tsx";

interface ReasonFormProps {
  /** What the form does, for example "Promote v3": its title. */
  readonly name: string;
  /** Text of the button that sends. Left out: the name. */
  readonly button?: string;
  /** What follows, in one sentence or two. */
  readonly text: string;
  /** Key of the draft of the reason. */
  readonly draft: string;
  readonly sendingText?: string;
  /** Time limit of the RPC. */
  readonly timeoutMs?: number;
  /** Keys of the answers that are read again after the decision, made or rejected. */
  readonly changed: readonly QueryKey[];
  /** Sends the decision. */
  readonly send: (transport: Transport, reason: string) => Promise<unknown>;
  /** Left out: the form is a part of the page that stays, without a title and a button to cancel. */
  readonly onClose?: () => void;
  /** Called when the decision was made. */
  readonly onDone: () => void;
  /** Further fields. */
  readonly children?: ReactNode;
}

/** Returns the key of all answers of a service. */
export const answersOf = (schema: DescService): QueryKey => createConnectQueryKey({ schema, cardinality: undefined });

/** Asks for the reason of a decision, and sends it. What was typed is kept when the decision is rejected. */
export function ReasonForm({ name, text, draft, timeoutMs, changed, send, onClose, onDone, ...more }: ReasonFormProps) {
  const { button = name, sendingText = "Sending…", children } = more;
  const form = useRef<HTMLFormElement>(null);
  const transport = useTransport();
  const queries = useQueryClient();
  const blocked = useBlockedReason();
  const [reason, setReason, clearReason] = useDraft(draft);
  const [isSending, setSending] = useState(false);
  const [problem, setProblem] = useState("");
  const isOpened = onClose !== undefined;
  useEffect(() => {
    if (isOpened) form.current?.querySelector("textarea")?.focus();
  }, [isOpened]);
  const submit = async (event: FormEvent): Promise<void> => {
    event.preventDefault();
    if (blocked !== undefined || isSending || reason.trim() === "") return;
    setSending(true);
    setProblem("");
    try {
      await send(timeoutMs === undefined ? transport : withTimeout(transport, timeoutMs), inOneLine(reason));
      clearReason();
      onDone();
    } catch (error) {
      setProblem(failureText(error));
    } finally {
      setSending(false);
      await Promise.all(changed.map((queryKey) => queries.invalidateQueries({ queryKey })));
    }
  };
  return (
    <form
      ref={form}
      className="action-form"
      aria-label={visibleText(name)}
      onSubmit={submit}
      onKeyDown={({ key }) => key === "Escape" && onClose?.()}
    >
      {onClose && <h3>{visibleText(name)}</h3>}
      <p>{visibleText(text)}</p>
      <NoteField label="Reason" value={reason} onChange={setReason} isRequired />
      {children}
      {(blocked ?? problem) !== "" && (
        <p className="problem" role="alert">
          {blocked ?? visibleText(problem)}
        </p>
      )}
      <div className="dialog-actions">
        {onClose && (
          <button type="button" onClick={onClose}>
            Cancel
          </button>
        )}
        <button type="submit" className="primary" aria-disabled={isSending || blocked !== undefined}>
          {isSending ? sendingText : visibleText(button)}
        </button>
      </div>
    </form>
  );
}
