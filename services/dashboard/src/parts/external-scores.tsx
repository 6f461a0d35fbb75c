import type { ExternalScore } from "@bellwether/gen/bellwether/ops/v1/external_score_pb";
import { visibleText } from "@bellwether/reasons/visible-text";
import { externalScoreText } from "./external-score-text.ts";
import { Name } from "./name.tsx";

/** Scores of others beside ours. Missing and stale ones are words, never numbers. */
export function ExternalScores({ scores }: { readonly scores: readonly ExternalScore[] }) {
  if (scores.length === 0) return null;
  return (
    <section className="card" aria-labelledby="external">
      <h2 id="external">Scores of others</h2>
      <dl className="facts">
        {scores.map((external) => (
          <div key={external.source?.name}>
            <dt>
              <Name>{external.source?.title ?? ""}</Name>
            </dt>
            <dd>
              {externalScoreText(external)}
              <small>Licence: {visibleText(external.source?.licence ?? "")}</small>
            </dd>
          </div>
        ))}
      </dl>
    </section>
  );
}
