import { InferenceService } from "@bellwether/gen/bellwether/inference/v1/inference_service_pb";
import type { FeatureImportance } from "@bellwether/gen/bellwether/inference/v1/model_explanation_pb";
import { unitBeside } from "@bellwether/reasons/reason-text";
import { visibleText } from "@bellwether/reasons/visible-text";
import { useQuery } from "@connectrpc/connect-query";
import { countOf, featureText, signedText, valueText } from "../parts/format.ts";
import { Failure, Loading } from "../parts/load-states.tsx";
import { Wide } from "../parts/wide.tsx";
import { SPACE_WORDS, wordOf } from "../parts/words.ts";

/** Number of features that are listed. */
const SHOWN = 15;

/** What a version of the model uses on the whole: its most important features, and how they act. */
export default function ModelUse({ modelName, modelVersion }: { modelName: string; modelVersion: string }) {
  const input = { model: { modelName, modelVersion }, maxFeatures: SHOWN };
  const got = useQuery(InferenceService.method.explainModel, input);
  if (got.isPending) return <Loading what="the model" />;
  if (got.isError) return <Failure isExplanation error={got.error} onRetry={() => void got.refetch()} />;
  const { features, absence, rowsText, outputSpace, featuresTotal } = got.data;
  if (absence !== "") return <p className="quiet">{visibleText(absence)}.</p>;
  return (
    <>
      <p className="quiet">
        Mean effect of each feature over {visibleText(rowsText)}, in {wordOf(SPACE_WORDS, outputSpace)}. It says what
        the model uses, not what causes the risk.
      </p>
      <Wide label="What the model uses">
        <table className="stacks">
          <thead>
            <tr>
              <th scope="col">Feature</th>
              <th scope="col">Share</th>
              <th scope="col">Mean effect by value</th>
            </tr>
          </thead>
          <tbody>
            {features.map((one) => (
              <tr key={one.feature}>
                <th scope="row">{visibleText(featureText(one.feature))}</th>
                <td className="number" data-label="Share">
                  {valueText(Math.round(1000 * one.share) / 10)} %
                </td>
                <td data-label="Mean effect by value">
                  <Dependence of={one} />
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </Wide>
      {featuresTotal > features.length && (
        <p className="quiet">
          {countOf(featuresTotal - features.length, "less important feature is", "less important features are")} not
          listed.
        </p>
      )}
    </>
  );
}

function Dependence({ of: { feature, dependence, words, unit: declared } }: { of: FeatureImportance }) {
  const unit = unitBeside(featureText(feature), declared);
  const lines = [
    ...dependence.map(({ lowest, highest, category, missing, meanContribution }) => {
      const range = missing
        ? "not known"
        : lowest === undefined || highest === undefined
          ? category
          : `${valueText(lowest)}${lowest === highest ? "" : ` to ${valueText(highest)}`}${unit && ` ${unit}`}`;
      return `${range}: ${signedText(meanContribution)}`;
    }),
    ...words.map(({ word, meanContribution }) =>
      meanContribution === undefined ? `“${word}”: in no text` : `“${word}”: ${signedText(meanContribution)}`,
    ),
  ];
  if (lines.length === 0) return <>–</>;
  const [first = "", last = ""] = [lines[0], lines.at(-1)];
  return (
    <details>
      <summary>{visibleText(lines.length === 1 ? first : `${first} … ${last}`)}</summary>
      {lines.map((line) => (
        <div key={line}>{visibleText(line)}</div>
      ))}
    </details>
  );
}
