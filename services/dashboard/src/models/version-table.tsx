import type { ModelVersion } from "@bellwether/gen/bellwether/registry/v1/model_registry_service_pb";
import { visibleText } from "@bellwether/reasons/visible-text";
import { Badge } from "../parts/badges.tsx";
import { scoreText, timeText } from "../parts/format.ts";
import { Wide } from "../parts/wide.tsx";
import { wordOf } from "../parts/words.ts";
import type { ModelsView } from "../routing/record-views.ts";
import { hrefOf } from "../routing/route.ts";
import { ORIGIN_WORDS } from "./model-words.ts";
import type { VersionState } from "./version-state.ts";

interface VersionTableProps {
  readonly view: ModelsView;
  /** The version whose card is shown. */
  readonly shown: string;
  readonly versions: readonly ModelVersion[];
  readonly stateOf: (version: ModelVersion) => VersionState;
}

/** The versions of a model, newest first, with links to the card of each and to its comparison with the shown one. */
export function VersionTable({ view, shown, versions, stateOf }: VersionTableProps) {
  return (
    <Wide label="Versions">
      <table className="stacks">
        <thead>
          <tr>
            <th scope="col">Version</th>
            <th scope="col">State</th>
            <th scope="col">AUC (best single feature)</th>
            <th scope="col">Origin</th>
            <th scope="col">Show</th>
          </tr>
        </thead>
        <tbody>
          {versions.map((one) => {
            const { version, publishedAt, auc, baselineAuc, origin, builder, parent } = one;
            return (
              <tr key={version}>
                <th scope="row">
                  {visibleText(version)}
                  <small>{timeText(publishedAt)}</small>
                </th>
                <td className="why">
                  <StateOf state={stateOf(one)} />
                </td>
                <td className="number labelled" data-label="AUC">
                  {auc === undefined ? "not evaluated" : `${scoreText(auc)} (${scoreText(baselineAuc)})`}
                </td>
                <td className="labelled" data-label="Origin">
                  {wordOf(ORIGIN_WORDS, origin)}
                  <small>
                    {visibleText(builder)}
                    {parent !== "" && `${builder === "" ? "" : ", "}after ${visibleText(parent)}`}
                  </small>
                </td>
                <td className="whole">
                  <div className="actions">
                    <a
                      href={hrefOf({ page: "models", ...view, version, other: "" })}
                      aria-current={version === shown ? "true" : undefined}
                    >
                      Card<span className="unseen"> of {visibleText(version)}</span>
                    </a>
                    {version !== shown && shown !== "" && (
                      <a href={hrefOf({ page: "models", ...view, version: shown, other: version })}>
                        Compare with {visibleText(shown)}
                        <span className="unseen">: {visibleText(version)}</span>
                      </a>
                    )}
                  </div>
                </td>
              </tr>
            );
          })}
        </tbody>
      </table>
    </Wide>
  );
}

function StateOf({ state: { aliases, rejections } }: { state: VersionState }) {
  return (
    <>
      {aliases.includes("champion") && <Badge tone="calm">Champion</Badge>}{" "}
      {aliases.includes("challenger") && <Badge tone="busy">Challenger</Badge>}{" "}
      {rejections.length > 0 && <Badge tone="urgent">Rejected</Badge>}
      {aliases.length === 0 && rejections.length === 0 && "–"}
      {rejections.map((text) => (
        <small key={text}>
          <bdi>{visibleText(text)}</bdi>
        </small>
      ))}
    </>
  );
}
