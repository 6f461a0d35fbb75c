import type { Band } from "@bellwether/contract/band-codes";
import type { Check } from "@bellwether/plausibility/check";

/**
 * The report of a complete weekly run, in the form in which it is stored with the run and returned as JSON. The
 * report never changes after the run, so each rendering always has the same bytes. Times are ISO 8601 in UTC, shares
 * are in [0, 1], and amounts of money are in `money_at_risk.currency`. The list of a `Listed` may be cut; its count
 * is the number of all.
 */
export interface WeeklyReport {
  /** Version of this form. Reports of version 1 are read as this one (`reportFromJson`). */
  readonly report_version: 2;
  readonly iso_week: string;
  readonly run_id: number;
  /** Number of the run among the runs of the week and the model, from 1. */
  readonly revision: number;
  /** The day of which the input is a snapshot, YYYY-MM-DD. Null: not recorded. */
  readonly as_of: string | null;
  /** The week that this one is compared with. Null: there is no earlier complete week. */
  readonly previous_week: string | null;
  readonly started_at: string;
  readonly completed_at: string;
  readonly model: ReportedModel;
  readonly configuration: ReportedConfiguration;
  readonly counts: ReportedCounts;
  /** The files that were read. */
  readonly sources: readonly ReportedSource[];
  /** The objects of an object store that were read; empty for files. Left out: by an earlier release. */
  readonly objects?: readonly ReportedObject[];
  readonly checks: readonly Check[];
  /** Who approved failed checks or losses. Null: nobody, or it was not necessary. */
  readonly approved: ReportedDecision | null;
  /** A later week that was complete before, so that the alert rules were not evaluated. Null: they were. */
  readonly overtaken_by: string | null;
  /**
   * What this revision changed against the run that it superseded. Null: it superseded none. Left out: by an earlier
   * release.
   */
  readonly revision_changes?: ReportedRevision | null;
  /** High, medium, low, unknown. Their suppliers add up to `counts.scored`. */
  readonly bands: readonly ReportedBand[];
  readonly money_at_risk: ReportedMoney;
  readonly regions: SpendGroups;
  readonly categories: SpendGroups;
  /** Suppliers whose score increased most, largest increase first. */
  readonly risers: readonly ReportedMover[];
  /** Suppliers whose score decreased most, largest decrease first. */
  readonly fallers: readonly ReportedMover[];
  readonly alerts: ReportedAlerts;
  readonly rejected: ReportedRejections;
  readonly drift: ReportedDrift;
  /**
   * The signed head of the audit log just before the run was complete: with it, a log that was rewritten or cut since is
   * found. Left out: none was signed, or an earlier release.
   */
  readonly audit_checkpoint?: ReportedCheckpoint;
}

/** A checkpoint in the form in which the audit log writes it. */
export interface ReportedCheckpoint {
  readonly bellwether_audit_checkpoint: number;
  /** Sequence and hash of the last record. */
  readonly sequence: number;
  readonly hash: string;
  readonly created_at: string;
  readonly key_id: string;
  /** Ed25519, base64. */
  readonly signature: string;
}

/** The first entries of a list, and how many there are. */
export interface Listed<Entry> {
  readonly count: number;
  readonly entries: readonly Entry[];
}

/** The model version that scored the week. */
export interface ReportedModel {
  readonly name: string;
  readonly version: string;
  /** SHA-256, 64 hex digits, as the next three; empty when not recorded. */
  readonly model_digest: string;
  readonly bundle_digest: string;
  /** Of the configuration with which the model was trained. */
  readonly config_hash: string;
  readonly runtime: string;
  readonly kernel: string;
}

/** Digests of what the run used: SHA-256, 64 hex digits; empty when not recorded. */
export interface ReportedConfiguration {
  /** Of the model configuration and the mapping of the run. */
  readonly config_hash: string;
  readonly policy_hash: string;
  /** Of the content of the files. */
  readonly source_digest: string;
  /** Of the mapped rows. */
  readonly input_digest: string;
}

/** Rows of the week: `read` = `scored` + `rejected` + `repeated`. */
export interface ReportedCounts {
  readonly read: number;
  readonly scored: number;
  /** Rows without a score, except those of `repeated`. */
  readonly rejected: number;
  /** Rows that repeat an accepted row exactly. */
  readonly repeated: number;
}

/** One file of the input. */
export interface ReportedSource {
  readonly source: string;
  readonly file: string;
  /** Accepted rows. */
  readonly rows: number;
  readonly rejected: number;
  readonly sha256: string;
}

/** One object of an object store, as it was read. */
export interface ReportedObject {
  readonly url: string;
  /** Entity tag: another content of the object has another one. */
  readonly etag: string;
  readonly bytes: number;
}

/** A person's decision. */
export interface ReportedDecision {
  readonly reason: string;
  readonly actor: string;
  readonly decided_at: string | null;
}

/** A revision of a week, compared with the run that it superseded. */
export interface ReportedRevision {
  /** Suppliers in both, with or without a score. */
  readonly suppliers: number;
  readonly scores_changed: number;
  readonly bands_changed: number;
  readonly suppliers_added: number;
  readonly suppliers_removed: number;
  /** The largest |change| of a score, in [0, 1]. */
  readonly max_score_change: number;
  /** Alerts that are active after this revision only, after the superseded run only, and after both with another severity. */
  readonly alerts_raised: number;
  readonly alerts_cleared: number;
  readonly alerts_changed: number;
}

/** The suppliers of one band. */
export interface ReportedBand {
  readonly band: Band;
  readonly suppliers: number;
  readonly previous_suppliers: number | null;
}

/** The sum of the expected impacts: risk score × exposure × weight of the criticality. */
export interface ReportedMoney {
  /** ISO 4217. Empty: not recorded. */
  readonly currency: string;
  readonly amount: number;
  /** Null: there is no earlier week, or it has another formula. */
  readonly previous_amount: number | null;
  /** Suppliers with a score whose exposure is not known: not in the amounts. */
  readonly suppliers_without_exposure: number;
}

/** The spend of the suppliers of one region or category. */
export interface SpendGroup {
  /** Empty: not known. */
  readonly name: string;
  readonly suppliers: number;
  /** Suppliers of the band high. */
  readonly high: number;
  /** Sum of the known exposures. */
  readonly exposure: number;
  /** Sum of the expected impacts of suppliers with a known exposure. */
  readonly money_at_risk: number;
}

/** The first groups of a list; with `rest` they add up to all suppliers of the week. */
export interface SpendGroups extends Listed<SpendGroup> {
  /** The groups that are not listed, together; its name is empty. Null: all are listed, or an earlier release. */
  readonly rest: SpendGroup | null;
}

/** A supplier whose score changed much. */
export interface ReportedMover {
  readonly supplier_id: string;
  /** Empty: not known. */
  readonly name: string;
  readonly risk_score: number;
  readonly change: number;
  readonly band: Band;
  /** Expected impact. Null: the exposure is not known. */
  readonly money_at_risk: number | null;
}

/**
 * What the alert rules changed in the week, against the alerts before the week: also what an earlier revision of the week
 * had changed already. `alerts_raised` of the run is the same number.
 */
export interface ReportedAlerts {
  /** Active alerts of the model before the run: `active` = `active_before` + raised − cleared. Null: as `active`. */
  readonly active_before: number | null;
  /** Active alerts of the model after the run. Null: an earlier release. */
  readonly active: number | null;
  /** Alerts that were raised or opened again. */
  readonly raised: Listed<ReportedAlert>;
  readonly cleared: Listed<ReportedAlert>;
  /** Alerts that became more severe, and less severe. */
  readonly worse: number;
  readonly better: number;
}

/** An alert, and why it changed. */
export interface ReportedAlert {
  readonly alert_id: string;
  readonly supplier_id: string;
  readonly supplier_name: string;
  readonly rule: string;
  readonly severity: string;
  /** Why, in one sentence. */
  readonly why: string;
}

/** Rejected rows by reason, with samples. */
export interface ReportedRejections {
  readonly reasons: Listed<RejectedReason>;
  readonly samples: readonly RejectedSample[];
}

/** Rows that were rejected for the same reason. */
export interface RejectedReason {
  /** "reading", "mapping", "validating" or "scoring". */
  readonly stage: string;
  readonly source: string;
  /** Empty: the whole row. */
  readonly column: string;
  readonly reason: string;
  readonly rows: number;
}

/** One rejected row. */
export interface RejectedSample {
  readonly source: string;
  readonly file: string;
  /** Null: not known. */
  readonly line: number | null;
  readonly column: string;
  readonly reason: string;
  /** The value or the line, cut. */
  readonly text: string;
}

/** How the distributions changed. Count 0: nothing was compared. */
export type ReportedDrift = Listed<FeatureDrift>;

/** The change of one feature. */
export interface FeatureDrift {
  readonly feature: string;
  /** Unit of its values. Empty: none, or not known. */
  readonly unit: string;
  /** Population stability index since the week before, 0 or more. Null: not compared with it. See `psiSinceWeek`. */
  readonly psi: number | null;
  /** Empty: not recorded. */
  readonly comparisons: readonly FeatureComparison[];
}

/** One aspect of a feature, compared with one reference. */
export interface FeatureComparison {
  /** "training", or the week before, for example "2026-W46". */
  readonly reference: string;
  /** "values" or "missing". */
  readonly aspect: string;
  /** "alarm", "none", "too-few" or "moving". */
  readonly outcome: string;
  /** Size of the change, in `effect_unit`. */
  readonly effect: number;
  /** "sigma": standard deviations of the reference. "share": a share of the suppliers. Empty: an earlier release. */
  readonly effect_unit: "sigma" | "share" | "";
  /** After the correction over all comparisons. Null: not tested. */
  readonly p_value: number | null;
  /** The comparison in one sentence. */
  readonly text: string;
  /** Both distributions over the same bins, as shares that add up to 1. Empty: not recorded. */
  readonly bins: readonly DistributionBin[];
}

/** A range of values, or a category. */
export interface DistributionBin {
  readonly label: string;
  readonly reference: number;
  readonly present: number;
}

const BAND_ORDER: readonly Band[] = ["high", "medium", "low", "unknown"];

/** Orders bands by severity: high, medium, low, unknown. */
export function bySeverity(bands: readonly ReportedBand[]): ReportedBand[] {
  return bands.toSorted((a, b) => BAND_ORDER.indexOf(a.band) - BAND_ORDER.indexOf(b.band));
}

/** A report as an earlier release stored it: what version 2 added can be missing. */
type StoredReport = Omit<WeeklyReport, "report_version" | "regions" | "categories" | "alerts" | "drift"> & {
  readonly report_version: number;
  readonly regions: Listed<SpendGroup> & Partial<SpendGroups>;
  readonly categories: Listed<SpendGroup> & Partial<SpendGroups>;
  readonly alerts: Omit<ReportedAlerts, "active" | "active_before"> & Partial<ReportedAlerts>;
  readonly drift: Listed<
    Omit<FeatureDrift, "unit" | "comparisons"> & {
      readonly unit?: string;
      readonly comparisons: readonly (Omit<FeatureComparison, "effect_unit"> & Partial<FeatureComparison>)[];
    }
  >;
};

/** Reads a report that this service stored, also one of an earlier release. */
export function reportFromJson(json: string): WeeklyReport {
  const stored: StoredReport = JSON.parse(json);
  const { drift, alerts, regions, categories } = stored;
  return {
    ...stored,
    report_version: 2,
    bands: bySeverity(stored.bands),
    regions: { ...regions, rest: regions.rest ?? null },
    categories: { ...categories, rest: categories.rest ?? null },
    alerts: { ...alerts, active_before: alerts.active_before ?? null, active: alerts.active ?? null },
    drift: {
      ...drift,
      entries: drift.entries.map((entry) => ({
        ...{ ...entry, unit: entry.unit ?? "" },
        comparisons: entry.comparisons.map((comparison) => ({
          ...{ ...comparison, effect_unit: comparison.effect_unit ?? "" },
        })),
      })),
    },
  };
}

/** Renders the report as JSON of two spaces. The same report gives the same bytes. */
export function reportToJson(report: WeeklyReport): string {
  return `${JSON.stringify(report, null, 2)}\n`;
}
