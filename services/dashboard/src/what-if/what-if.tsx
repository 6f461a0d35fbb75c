import {
  CounterfactualOutcome,
  type CounterfactualResponse,
  FixedReason,
} from "@bellwether/gen/bellwether/inference/v1/counterfactual_pb";
import type { FindCounterfactualsResponse } from "@bellwether/gen/bellwether/ops/v1/score_explanation_pb";
import type { SupplierScore } from "@bellwether/gen/bellwether/ops/v1/supplier_pb";
import { SupplierService } from "@bellwether/gen/bellwether/ops/v1/supplier_service_pb";
import { visibleText } from "@bellwether/reasons/visible-text";
import { useQuery } from "@connectrpc/connect-query";
import { useState } from "react";
import { BandBadge } from "../parts/badges.tsx";
import { featureText, scoreText } from "../parts/format.ts";
import { Failure, Loading } from "../parts/load-states.tsx";
import { Wide } from "../parts/wide.tsx";

/** Maximum number of features that change: more are hard to act on. */
const MAX_CHANGES = 2;
const MAX_RESULTS = 5;

interface WhatIfProps {
  readonly supplierId: string;
  readonly score: SupplierScore;
}

/** The smallest changes that lower the band of a score. The reader excludes features that cannot change. */
export default function WhatIf({ supplierId, score }: WhatIfProps) {
  const [kept, setKept] = useState<readonly string[]>([]);
  const found = useQuery(
    SupplierService.method.findCounterfactuals,
    {
      ...{ supplierId, isoWeek: score.isoWeek, modelName: score.model?.name ?? "" },
      ...{ maxChanges: MAX_CHANGES, maxCounterfactuals: MAX_RESULTS },
      limits: kept.map((feature) => ({ feature, fixed: true })),
    },
    {
      staleTime: Number.POSITIVE_INFINITY,
      placeholderData: (before: FindCounterfactualsResponse | undefined) => before,
    },
  );
  if (found.isPending) return <Loading what="the smallest changes" />;
  if (found.isError) return <Failure isExplanation error={found.error} onRetry={() => void found.refetch()} />;
  const { result: answer, notes } = found.data;
  if (!answer) return null;
  const fixed = new Set(answer.fixedFeatures.map(({ feature }) => feature));
  const names = score.contributions.map(({ feature }) => feature).filter((feature) => !feature.includes(":"));
  const keep = (name: string, isKept: boolean): void =>
    setKept(isKept ? [...kept, name] : kept.filter((other) => other !== name));
  return (
    <div aria-busy={found.isFetching}>
      <p role="status">{visibleText(answer.summary)}</p>
      {notes.map(({ message }) => (
        <p className="quiet" key={message}>
          {visibleText(message)}
        </p>
      ))}
      <Results answer={answer} />
      {answer.outcome !== CounterfactualOutcome.ALREADY_BELOW && (
        <details>
          <summary>Features that may change</summary>
          <fieldset className="choices">
            <legend className="quiet">Clear the features that this supplier cannot change.</legend>
            {names
              .filter((name) => !fixed.has(name) || kept.includes(name))
              .map((name) => (
                <label key={name}>
                  <input
                    type="checkbox"
                    checked={!kept.includes(name)}
                    onChange={(event) => keep(name, !event.target.checked)}
                  />{" "}
                  {visibleText(featureText(name))}
                </label>
              ))}
          </fieldset>
          <FixedFeatures answer={answer} />
        </details>
      )}
    </div>
  );
}

interface AnswerProps {
  readonly answer: CounterfactualResponse;
}

function Results({ answer }: AnswerProps) {
  if (answer.counterfactuals.length === 0) return null;
  return (
    <Wide label="Changes that lower the band">
      <table className="stacks">
        <caption className="unseen">Changes that lower the band</caption>
        <thead>
          <tr>
            <th scope="col">Change</th>
            <th scope="col">Then the score is</th>
          </tr>
        </thead>
        <tbody>
          {answer.counterfactuals.map(({ changes, score }) => (
            <tr key={changes.map(({ feature }) => feature).join()}>
              <td data-label="Change">{visibleText(sentenceOf(changes.map(({ text }) => text)))}</td>
              <td data-label="Then the score is">
                <BandBadge band={score?.band ?? 0} /> <span className="number">{scoreText(score?.riskScore)}</span>
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </Wide>
  );
}

/** "Lower late ratio from 0.4 to 0.3 share, and raise delivery score from 60 to 72 points". */
function sentenceOf(texts: readonly string[]): string {
  const joined = texts.join(", and ");
  return joined.charAt(0).toUpperCase() + joined.slice(1);
}

const REASONS: Readonly<Record<number, string>> = {
  [FixedReason.IMMUTABLE]: "Declared as immutable",
  [FixedReason.MISSING]: "Not known",
  [FixedReason.UNUSED]: "Not used by the model",
  [FixedReason.LIMITS]: "No other allowed value has an effect",
  [FixedReason.TEXT]: "Contract text",
};

function FixedFeatures({ answer }: AnswerProps) {
  const lines = Object.entries(REASONS).flatMap(([reason, words]) => {
    const names = answer.fixedFeatures.filter((fixed) => fixed.reason === Number(reason));
    return names.length === 0 ? [] : [{ words, names: names.map(({ feature }) => featureText(feature)).join(", ") }];
  });
  return lines.map(({ words, names }) => (
    <p className="quiet" key={words}>
      {words}: {visibleText(names)}.
    </p>
  ));
}
