import { ModelRegistryService } from "@bellwether/gen/bellwether/registry/v1/model_registry_service_pb";
import { visibleText } from "@bellwether/reasons/visible-text";
import { useQuery } from "@connectrpc/connect-query";
import { Empty, Failure, Loading } from "../parts/load-states.tsx";
import { isMissing } from "../rpc/problem.ts";
import { MarkdownText } from "./markdown-text.tsx";

/** The card of a version, as it was published. */
export function VersionCard({ modelName, version }: { modelName: string; version: string }) {
  const got = useQuery(ModelRegistryService.method.getVersion, { modelName, version });
  const found = got.data?.version;
  const digests = [
    ["Model", found?.modelDigest],
    ["Features", found?.bundleDigest],
    ["Configuration", found?.configHash],
    ["Training data", found?.dataDigest],
  ] as const;
  return (
    <section className="card" aria-labelledby="card">
      <h2 id="card">Card of {visibleText(found?.version ?? version) || "the champion"}</h2>
      {got.isPending && <Loading what="the card" />}
      {got.isError &&
        (isMissing(got.error) ? (
          <Empty title="There is no such version">Choose one of the list above.</Empty>
        ) : (
          <Failure isExplanation error={got.error} onRetry={() => void got.refetch()} />
        ))}
      {got.data && (
        <>
          {got.data.modelCard === "" ? (
            <p className="quiet">The version was published without a card.</p>
          ) : (
            <MarkdownText>{got.data.modelCard}</MarkdownText>
          )}
          <details>
            <summary>Digests (SHA-256)</summary>
            <dl className="facts">
              {digests.map(([name, digest = ""]) => (
                <div key={name}>
                  <dt>{name}</dt>
                  <dd>
                    <code className="long">{digest === "" ? "not known" : visibleText(digest)}</code>
                  </dd>
                </div>
              ))}
            </dl>
          </details>
        </>
      )}
    </section>
  );
}
