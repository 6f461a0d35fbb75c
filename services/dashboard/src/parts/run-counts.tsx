import type { BatchRun } from "@bellwether/gen/bellwether/ops/v1/batch_pb";
import { bandTone } from "./badges.tsx";
import { agoText, countText } from "./format.ts";
import { BAND_WORDS, wordOf } from "./words.ts";

/** The rows that a run read, scored and rejected, and the number of scores per band. */
export function RunCounts({ run }: { run: BatchRun }) {
  const nowMs = Date.now();
  const facts = [
    ["Rows read", run.rowsRead === undefined ? "not known yet" : countText(run.rowsRead)],
    ["Scored", countText(run.rowsScored)],
    ["Rejected", countText(run.rowsRejected)],
    ["Alerts raised by this run", countText(run.alertsRaised)],
    ["Started", agoText(run.startedAt, nowMs)],
    ["Completed", run.completedAt ? agoText(run.completedAt, nowMs) : "not yet"],
    ["Model", run.model ? `${run.model.name} ${run.model.version}` : run.modelName],
  ];
  return (
    <>
      <dl className="facts">
        {facts.map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd className="number">{value}</dd>
          </div>
        ))}
      </dl>
      {run.bands.length > 0 && <BandBar bands={run.bands} />}
    </>
  );
}

function BandBar({ bands }: Pick<BatchRun, "bands">) {
  const shown = bands.filter(({ rows }) => rows > 0n).toSorted((a, b) => b.band - a.band);
  return (
    <figure className="bands">
      <div className="bands-bar" aria-hidden="true">
        {shown.map(({ band, rows }) => (
          <span key={band} data-tone={bandTone(band)} style={{ flexGrow: Number(rows) }} />
        ))}
      </div>
      <figcaption>
        {shown.map(({ band, rows }) => (
          <span key={band} className="key" data-tone={bandTone(band)}>
            {wordOf(BAND_WORDS, band)} <span className="number">{countText(rows)}</span>
          </span>
        ))}
      </figcaption>
    </figure>
  );
}
