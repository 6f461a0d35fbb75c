import type { ExplainChangeResponse } from "@bellwether/gen/bellwether/inference/v1/change_pb";
import type { ExplainScoreChangeResponse } from "@bellwether/gen/bellwether/ops/v1/score_explanation_pb";
import type { SupplierScore } from "@bellwether/gen/bellwether/ops/v1/supplier_pb";
import { SupplierService } from "@bellwether/gen/bellwether/ops/v1/supplier_service_pb";
import { visibleText } from "@bellwether/reasons/visible-text";
import { useQuery } from "@connectrpc/connect-query";
import { useId, useState } from "react";
import { countOf, featureText, scoreText, signedText } from "../parts/format.ts";
import { Failure, Loading } from "../parts/load-states.tsx";
import { Wide } from "../parts/wide.tsx";
import { changeLines, isInPoints } from "./change-lines.ts";

/** Number of features that have a row. */
const SHOWN = 12;

interface ChangeCardProps {
  readonly supplierId: string;
  readonly modelName: string;
  /** Scores of one model, newest first, at least two. */
  readonly scores: readonly SupplierScore[];
}

/** Two weeks to compare, and what changed the score between them: data or model, feature by feature. */
export default function ChangeCard({ supplierId, modelName, scores }: ChangeCardProps) {
  const weeks = scores.filter(({ riskScore }) => riskScore !== undefined).map(({ isoWeek }) => isoWeek);
  const [afterWeek, setAfter] = useState(weeks[0] ?? "");
  const [beforeWeek, setBefore] = useState(weeks[1] ?? "");
  const isPair = beforeWeek !== "" && afterWeek !== "" && beforeWeek !== afterWeek;
  const input = { supplierId, modelName, beforeWeek, afterWeek, maxParts: SHOWN };
  const got = useQuery(SupplierService.method.explainScoreChange, input, { enabled: isPair });
  return (
    <>
      <div className="weeks">
        <WeekChoice label="Earlier week" value={beforeWeek} weeks={weeks} onChange={setBefore} />
        <WeekChoice label="Later week" value={afterWeek} weeks={weeks} onChange={setAfter} />
      </div>
      {!isPair && <p className="quiet">Choose two different weeks.</p>}
      {isPair && got.isPending && <Loading what="the change" />}
      {isPair && got.isError && <Failure isExplanation error={got.error} onRetry={() => void got.refetch()} />}
      {isPair && got.data?.change && <Change answer={got.data} change={got.data.change} />}
    </>
  );
}

interface WeekChoiceProps {
  readonly label: string;
  readonly value: string;
  readonly weeks: readonly string[];
  readonly onChange: (week: string) => void;
}

function WeekChoice({ label, value, weeks, onChange }: WeekChoiceProps) {
  const id = useId();
  return (
    <label htmlFor={id}>
      {label}{" "}
      <select id={id} value={value} onChange={(event) => onChange(event.target.value)}>
        {weeks.map((week) => (
          <option key={week}>{week}</option>
        ))}
      </select>
    </label>
  );
}

interface ChangeProps {
  readonly answer: ExplainScoreChangeResponse;
  readonly change: ExplainChangeResponse;
}

function Change({ answer, change }: ChangeProps) {
  const points = isInPoints(change);
  const number = (x: number): string => signedText(x, points ? 1 : 2);
  const { beforeVersion, afterVersion } = answer;
  return (
    <>
      <p>
        Risk score {scoreText(change.before?.riskScore)} → {scoreText(change.after?.riskScore)}
        {beforeVersion === afterVersion
          ? `, both by model ${afterVersion}, so all of it follows from the data.`
          : `, by the models ${beforeVersion} and ${afterVersion}.`}
      </p>
      <Wide label="Change by feature">
        <table className="stacks">
          <caption className="unseen">
            Change of the score by feature, in {points ? "percentage points" : "the model's unit"}
          </caption>
          <thead>
            <tr>
              <th scope="col">Feature</th>
              <th scope="col">Value</th>
              <th scope="col">By the data</th>
              <th scope="col">By the model</th>
            </tr>
          </thead>
          <tbody>
            {changeLines(change).map(({ kind, name, values, data, model }) => (
              <tr key={`${kind} ${name}`}>
                <th scope="row">{visibleText(kind === "feature" ? featureText(name) : name)}</th>
                <td data-label="Value" data-empty={values === ""}>
                  {visibleText(values) || "–"}
                </td>
                <td className="number" data-label="By the data">
                  {number(data)}
                </td>
                <td className="number" data-label="By the model">
                  {number(model)}
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </Wide>
      {change.notes.length > 0 && (
        <details>
          <summary>{countOf(change.notes.length, "remark")}</summary>
          <ul>
            {change.notes.map(({ code, feature, message }) => (
              <li key={`${code} ${feature} ${message}`}>{visibleText(message)}</li>
            ))}
          </ul>
        </details>
      )}
    </>
  );
}
