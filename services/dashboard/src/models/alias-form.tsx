import { ModelPublishingService } from "@bellwether/gen/bellwether/registry/v1/model_publishing_service_pb";
import { ModelRegistryService } from "@bellwether/gen/bellwether/registry/v1/model_registry_service_pb";
import { visibleText } from "@bellwether/reasons/visible-text";
import { Code, ConnectError } from "@connectrpc/connect";
import { callUnaryMethod, createConnectQueryKey, useTransport } from "@connectrpc/connect-query";
import { useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useEffect, useId, useRef, useState } from "react";
import { inOneLine } from "../parts/in-one-line.ts";
import { useBlockedReason } from "../rpc/live.ts";
import { problemOf } from "../rpc/problem.ts";
import { withTimeout } from "../rpc/transport.ts";
import { useDraft } from "../session/use-draft.ts";

/** The version that shall become the champion. */
export interface Promotion {
  readonly modelName: string;
  readonly version: string;
  /** The champion that the page showed. Empty: the model had no champion. */
  readonly expectedVersion: string;
  /** Whether the version was the champion before. */
  readonly isRollback: boolean;
}

/** Maximum length of a reason, characters. The contract allows 500 bytes, and a character has at most four bytes. */
const LONGEST_REASON = 125;
/** Time limit of SetAlias: the version is loaded and checked before the alias moves. */
const MOVE_TIMEOUT_MS = 30_000;

interface AliasFormProps {
  readonly promotion: Promotion;
  readonly onClose: () => void;
  /** Called after the alias has moved, with a sentence to show. */
  readonly onMoved: (text: string) => void;
}

/** Asks for the reason of a promotion or of a rollback, and moves the alias of the champion. */
export function AliasForm({ promotion, onClose, onMoved }: AliasFormProps) {
  const { modelName, version, expectedVersion, isRollback } = promotion;
  const title = useId();
  const field = useRef<HTMLTextAreaElement>(null);
  const transport = useTransport();
  const queries = useQueryClient();
  const blocked = useBlockedReason();
  const [reason, setReason, clearReason] = useDraft(`champion/${modelName}/${version}`);
  const [isSending, setSending] = useState(false);
  const [problem, setProblem] = useState("");
  useEffect(() => field.current?.focus(), []);
  const name = `${isRollback ? "Roll back to" : "Promote"} ${version}`;
  const submit = async (event: FormEvent): Promise<void> => {
    event.preventDefault();
    if (blocked !== undefined || isSending || reason.trim() === "") return;
    setSending(true);
    setProblem("");
    try {
      await callUnaryMethod(withTimeout(transport, MOVE_TIMEOUT_MS), ModelPublishingService.method.setAlias, {
        ...{ modelName, alias: "champion", version, expectedVersion, reason: inOneLine(reason) },
      });
      clearReason();
      onMoved(`${version} is the champion now. Each replica loads it within seconds.`);
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
      <p>
        {visibleText(version)} answers requests that name no version, instead of{" "}
        {visibleText(expectedVersion) || "no version"}. It is checked first. Who, when and why are recorded.
      </p>
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
          {isSending ? "Checking the version…" : visibleText(name)}
        </button>
      </div>
    </form>
  );
}

/** Codes of errors whose message says what prevents the move and what the person can do. */
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
