import { ModelRegistryService } from "@bellwether/gen/bellwether/registry/v1/model_registry_service_pb";
import { visibleText } from "@bellwether/reasons/visible-text";
import { useQuery } from "@connectrpc/connect-query";
import { Failure, Loading } from "../parts/load-states.tsx";
import { Wide } from "../parts/wide.tsx";
import type { ModelsView } from "../routing/record-views.ts";
import { hrefOf } from "../routing/route.ts";
import { compareVersions, featureDifferences } from "./compare-versions.ts";

/** The data of two versions in the registry, side by side. */
export function VersionComparison({ view, shown }: { view: ModelsView; shown: string }) {
  const { modelName, other } = view;
  const first = useQuery(ModelRegistryService.method.getVersion, { modelName, version: shown });
  const second = useQuery(ModelRegistryService.method.getVersion, { modelName, version: other });
  const [failed] = [first, second].filter(({ isError }) => isError);
  const names = [visibleText(shown), visibleText(other)] as const;
  return (
    <section className="card" aria-labelledby="comparison">
      <h2 id="comparison">
        {names[0]} and {names[1]}
      </h2>
      <p className="quiet">
        Each was evaluated on its own test rows: figures of different rows are not a comparison. Bold: what differs.{" "}
        <a href={hrefOf({ page: "models", ...view, other: "" })}>Close</a>
      </p>
      {(first.isPending || second.isPending) && !failed && <Loading what="the versions" />}
      {failed && (
        <Failure
          isExplanation
          error={failed.error}
          onRetry={() => {
            void first.refetch();
            void second.refetch();
          }}
        />
      )}
      {first.data && second.data && (
        <>
          <Wide label={`${names[0]} and ${names[1]}`}>
            <table className="stacks">
              <thead>
                <tr>
                  <th scope="col">Fact</th>
                  <th scope="col">{names[0]}</th>
                  <th scope="col">{names[1]}</th>
                </tr>
              </thead>
              <tbody>
                {compareVersions(first.data, second.data).map((fact) => (
                  <tr key={fact.name} className={fact.differs ? "differs" : undefined}>
                    <th scope="row">{visibleText(fact.name)}</th>
                    <td className="labelled" data-label={names[0]}>
                      {visibleText(fact.first)}
                    </td>
                    <td className="labelled" data-label={names[1]}>
                      {visibleText(fact.second)}
                    </td>
                  </tr>
                ))}
              </tbody>
            </table>
          </Wide>
          {featureDifferences(first.data.features, second.data.features).map((text) => (
            <p key={text}>{visibleText(text)}</p>
          ))}
        </>
      )}
    </section>
  );
}
