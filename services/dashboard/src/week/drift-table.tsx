import {
  DriftAspect,
  type DriftComparison,
  DriftOutcome,
  DriftReference,
  type FeatureDrift,
} from "@bellwether/gen/bellwether/ops/v1/batch_pb";
import { sigmaText } from "@bellwether/reasons/sigma-text";
import { visibleText } from "@bellwether/reasons/visible-text";
import { featureText } from "../parts/format.ts";
import { DriftPlot } from "../plots/drift-plot.tsx";

/** Number of changes that are listed besides the alarms. */
const SHOWN = 8;
const SHOWN_ALARMS = 50;

interface DriftLine extends DriftComparison {
  readonly feature: string;
}

/** The changes of the features and of the score, alarms first, each with both distributions. */
export function DriftTable({ drift, complete }: { drift: readonly FeatureDrift[]; complete: boolean }) {
  if (drift.length === 0)
    return <p className="quiet">{complete ? "Nothing was compared." : "Shown when the run is complete."}</p>;
  const lines = drift.flatMap(({ feature, comparisons }) => comparisons.map((one): DriftLine => ({ ...one, feature })));
  if (lines.length === 0) return <OldDrift drift={drift} />;
  const alarms = lines.filter(({ outcome }) => outcome === DriftOutcome.ALARM);
  const others = lines.filter(({ outcome, effect }) => outcome !== DriftOutcome.ALARM && effect > 0);
  const shown = [...alarms.slice(0, SHOWN_ALARMS), ...others.slice(0, SHOWN)];
  return (
    <>
      <p className="quiet">
        {summaryOf(lines, alarms.length)}
        {alarms.length > 0 && " Check how these features are measured."}
      </p>
      <table className="drift">
        <thead>
          <tr>
            <th scope="col">Change</th>
            <th scope="col">Size (by chance)</th>
            <th scope="col">Before and now</th>
          </tr>
        </thead>
        <tbody>
          {shown.map((line) => (
            <tr
              key={`${line.feature} ${line.aspect} ${line.reference}`}
              data-alarm={line.outcome === DriftOutcome.ALARM}
            >
              <th scope="row">{visibleText(line.text)}</th>
              <td className="number">{sizeText(line)}</td>
              <td>
                <DriftPlot bins={line.bins} />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
      {lines.length > shown.length && (
        <p className="quiet">{lines.length - shown.length} smaller changes are not shown.</p>
      )}
    </>
  );
}

function summaryOf(lines: readonly DriftLine[], alarms: number): string {
  const training = lines.some(({ reference }) => reference === DriftReference.TRAINING);
  const week = lines.find(({ reference }) => reference === DriftReference.PREVIOUS_WEEK)?.referenceWeek;
  const references = [training && "the training", week].filter(Boolean).join(" and ");
  const missing = training ? "" : " The model has no distributions of its training.";
  const found = alarms === 0 ? "No alarm" : alarms === 1 ? "1 alarm" : `${alarms} alarms`;
  return `${found} in ${lines.length} comparisons with ${references}.${missing}`;
}

/** The size of a change with its expected noise, for example "0.21 σ (0.03 σ)". */
function sizeText({ effect, effectNoise, aspect, category }: DriftLine): string {
  if (aspect === DriftAspect.MISSING || category !== undefined)
    return `${(100 * effect).toFixed(1)} (${(100 * effectNoise).toFixed(1)}) points`;
  return `${sigmaText(effect)} (${sigmaText(effectNoise)})`;
}

/** A run of an earlier release, which has one figure per feature. */
function OldDrift({ drift }: { drift: readonly FeatureDrift[] }) {
  return (
    <table>
      <thead>
        <tr>
          <th scope="col">Feature</th>
          <th scope="col">Population stability index</th>
        </tr>
      </thead>
      <tbody>
        {drift.slice(0, SHOWN).map(({ feature, psi }) => (
          <tr key={feature}>
            <th scope="row">{featureText(feature)}</th>
            <td className="number">{psi.toFixed(3)}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
