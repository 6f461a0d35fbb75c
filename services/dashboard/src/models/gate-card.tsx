import { ModelRegistryService } from "@bellwether/gen/bellwether/registry/v1/model_registry_service_pb";
import type { GateCheck, GatePlot, GateResult } from "@bellwether/gen/bellwether/registry/v1/promotion_gate_pb";
import { visibleText } from "@bellwether/reasons/visible-text";
import { useQuery } from "@connectrpc/connect-query";
import { Badge } from "../parts/badges.tsx";
import { countOf, countText, timeText } from "../parts/format.ts";
import { Failure, Loading } from "../parts/load-states.tsx";
import { Name } from "../parts/name.tsx";
import { Wide } from "../parts/wide.tsx";
import { isMissing } from "../rpc/problem.ts";
import { GateDecision } from "./gate-decision.tsx";
import { checkTitle, figureText, outcomeWord, ownText, verdictWord } from "./gate-words.ts";

interface GateCardProps {
  readonly modelName: string;
  /** The version whose newest result is shown: the challenger, or the version that the reader has chosen. */
  readonly version: string;
  /** The present champion. Empty: there is none. */
  readonly champion: string;
}

/** The newest result of the promotion gate about a version, and the decision about it. */
export function GateCard({ modelName, version, champion }: GateCardProps) {
  const got = useQuery(ModelRegistryService.method.getGateResult, { modelName, version });
  const result = got.data?.result;
  return (
    <section className="card" aria-labelledby="gate">
      <h2 id="gate">Promotion gate of {visibleText(version)}</h2>
      {got.isPending && <Loading what="the result" />}
      {got.isError &&
        (isMissing(got.error) ? (
          <p className="quiet">
            {visibleText(version)} {version === champion ? "became the champion without it" : "was not compared yet"}. A
            retrain compares its version with the champion, and so does{" "}
            <code>{visibleText(`npx bellwether models gate --model ${modelName}`)}</code>.
          </p>
        ) : (
          <Failure error={got.error} onRetry={() => void got.refetch()} />
        ))}
      {result && <Result result={result} champion={champion} />}
    </section>
  );
}

function Result({ result, champion }: { readonly result: GateResult; readonly champion: string }) {
  const { challenger, champion: compared, window, rows, positives, suppliers, gatedAt, gatedBy, references } = result;
  const verdict = verdictWord(result.verdict);
  return (
    <>
      <p>
        <Badge tone={verdict.tone}>{verdict.text}</Badge>{" "}
        {visibleText(
          `${challenger} against ${compared}: ${countOf(rows, "row")} of ${countOf(suppliers, "supplier")}, ${countText(positives)} with the risk; ${window}.`,
        )}{" "}
        <small>
          {timeText(gatedAt)} by <Name>{gatedBy}</Name>
        </small>
      </p>
      <Wide label="Checks of the promotion gate">
        <table className="stacks claims">
          <thead>
            <tr>
              <th scope="col">Claim</th>
              <th scope="col">Outcome</th>
              <th scope="col">{visibleText(compared)}</th>
              <th scope="col">{visibleText(challenger)}</th>
              <th scope="col">Compared (95 % interval)</th>
            </tr>
          </thead>
          <tbody>
            {result.checks.map((check) => (
              <CheckRow key={check.name} check={check} compared={compared} challenger={challenger} />
            ))}
          </tbody>
        </table>
      </Wide>
      {references.length > 0 && (
        <p className="quiet">
          {visibleText(
            `On the same rows, deciding nothing: ${references
              .map(({ name, auc, brier }) => `${name}: AUC ${ownText(auc)}, Brier score ${ownText(brier)}`)
              .join("; ")}.`,
          )}
        </p>
      )}
      {result.plots.length > 0 && (
        <details>
          <summary>Plots</summary>
          <div className="gate-plots">
            {result.plots.map((plot) => (
              <Plot key={plot.name} plot={plot} />
            ))}
          </div>
        </details>
      )}
      <GateDecision result={result} champion={champion} />
    </>
  );
}

interface CheckRowProps {
  readonly check: GateCheck;
  /** The versions of the columns. */
  readonly compared: string;
  readonly challenger: string;
}

function CheckRow({ check, ...versions }: CheckRowProps) {
  const { name, outcome, champion, challenger, reason } = check;
  const word = outcomeWord(outcome);
  const title = checkTitle(name);
  return (
    <tr>
      <th scope="row">
        {visibleText(title)}
        {reason.toLowerCase() !== title.toLowerCase() && <small>{visibleText(reason)}</small>}
      </th>
      <td>
        <Badge tone={word.tone}>{word.text}</Badge>
      </td>
      <td className="number labelled" data-label={visibleText(versions.compared)}>
        {ownText(champion)}
      </td>
      <td className="number labelled" data-label={visibleText(versions.challenger)}>
        {ownText(challenger)}
      </td>
      <td className="number labelled" data-label="Compared">
        {figureText(check)}
      </td>
    </tr>
  );
}

/** A picture runs no script and loads nothing, whatever the document has. */
function Plot({ plot: { title, svg } }: { readonly plot: GatePlot }) {
  return <img alt={visibleText(title)} src={`data:image/svg+xml,${encodeURIComponent(svg)}`} />;
}
