import { RuleService, type RuleSet } from "@bellwether/gen/bellwether/ops/v1/rule_service_pb";
import { visibleText } from "@bellwether/reasons/visible-text";
import { callUnaryMethod, createConnectQueryKey, useTransport } from "@connectrpc/connect-query";
import { useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { agoText } from "../parts/format.ts";
import { failureText } from "../rpc/failure-text.ts";
import { useBlockedReason } from "../rpc/live.ts";
import { useReader } from "../session/reader.ts";
import { useDraft } from "../session/use-draft.ts";
import { ActivateForm } from "./activate-form.tsx";
import { BacktestCard } from "./backtest-card.tsx";
import { draftPlace } from "./draft-place.ts";
import { RuleList } from "./rule-set-card.tsx";

/** Maximum size of a draft, as the contract has it. */
const MAX_BYTES = 65_536;

interface DraftCardProps {
  readonly set: RuleSet;
  /** Empty: the default model. */
  readonly modelName: string;
  /** Called with a sentence when something was changed. */
  readonly onSaid: (text: string) => void;
}

/** The draft of a rule set: its text, its test and its activation. */
export function DraftCard({ set, modelName, onSaid }: DraftCardProps) {
  const { setId, draft, rulesYaml, activation } = set;
  const { mayDecide, mayAdminister, seesAll } = useReader();
  const mayDraft = mayDecide && seesAll;
  const [isOpen, setOpen] = useState(false);
  const stored = draft?.rulesYaml ?? "";
  const hasDraft = draft !== undefined && stored !== "";
  return (
    <>
      <section className="card" aria-labelledby="draft">
        <h2 id="draft">Draft</h2>
        {hasDraft ? (
          <>
            <p>
              Version {String(draft.version)}, by {visibleText(draft.changedBy)}, {agoText(draft.changedAt, Date.now())}
              . No alert is created by it before it is activated.
            </p>
            <RuleList rules={draft.rules} />
          </>
        ) : (
          <p className="quiet">There is no draft. A change begins as a draft, which is tested before it is used.</p>
        )}
        {mayDraft && !isOpen && (
          <p>
            <button type="button" onClick={() => setOpen(true)}>
              {hasDraft ? "Change the draft" : "Make a draft"}
            </button>
          </p>
        )}
        {isOpen && (
          <DraftForm
            modelName={modelName}
            setId={setId}
            version={draft?.version ?? 0n}
            text={stored || rulesYaml || activation?.rulesYaml || ""}
            onClose={() => setOpen(false)}
            onSaid={onSaid}
          />
        )}
        {!mayDraft && (
          <p className="quiet">
            {mayDecide
              ? "It applies to all suppliers: analysts who see all of them may change it."
              : "Analysts may change it, and administrators activate it."}
          </p>
        )}
      </section>
      {hasDraft && mayDraft && <BacktestCard modelName={modelName} setId={setId} version={draft.version} />}
      {hasDraft && mayAdminister && (
        <ActivateForm modelName={modelName} setId={setId} version={draft.version} onSaid={onSaid} />
      )}
    </>
  );
}

interface DraftFormProps extends Pick<DraftCardProps, "modelName" | "onSaid"> {
  readonly setId: string;
  /** The version that the reader sees. */
  readonly version: bigint;
  readonly text: string;
  readonly onClose: () => void;
}

function DraftForm({ modelName, setId, version, text, onClose, onSaid }: DraftFormProps) {
  const transport = useTransport();
  const queries = useQueryClient();
  const blocked = useBlockedReason();
  const [typed, keepTyped, clearTyped] = useDraft(`rules/${draftPlace(modelName, setId, version)}`, MAX_BYTES);
  const [yaml, setYaml] = useState(typed || text);
  const [isSending, setSending] = useState(false);
  const [problem, setProblem] = useState("");
  const save = async (event: FormEvent): Promise<void> => {
    event.preventDefault();
    if (blocked !== undefined || isSending) return;
    setSending(true);
    setProblem("");
    try {
      const { ruleSet } = await callUnaryMethod(transport, RuleService.method.putRuleDraft, {
        ...{ modelName, rulesYaml: yaml, version },
      });
      clearTyped();
      onClose();
      onSaid(
        `The draft of ${ruleSet?.setId ?? setId} is stored as version ${ruleSet?.draft?.version ?? version + 1n}.`,
      );
      await queries.invalidateQueries({
        queryKey: createConnectQueryKey({ schema: RuleService, cardinality: undefined }),
      });
    } catch (error) {
      setProblem(failureText(error));
    } finally {
      setSending(false);
    }
  };
  return (
    <form className="action-form" aria-label="Change the draft" onSubmit={save}>
      <label className="note">
        Rules, in the form of alert_rules.yaml
        <textarea
          className="code"
          rows={24}
          spellCheck={false}
          value={yaml}
          onChange={(event) => {
            setYaml(event.target.value);
            keepTyped(event.target.value);
          }}
        />
      </label>
      {(blocked ?? problem) !== "" && (
        <p className="problem" role="alert">
          {blocked ?? visibleText(problem)}
        </p>
      )}
      <div className="dialog-actions">
        <button
          type="button"
          onClick={() => {
            clearTyped();
            onClose();
          }}
        >
          Cancel
        </button>
        <button type="submit" className="primary" aria-disabled={isSending || blocked !== undefined}>
          {isSending ? "Saving…" : "Save the draft"}
        </button>
      </div>
    </form>
  );
}
