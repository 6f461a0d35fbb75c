import { isIsoDate } from "@bellwether/config/iso-date";
import { isFutureWeek, isoWeekEnd, isoWeekNumber, isoWeekStart } from "@bellwether/contract/iso-week";
import { MAX_SUPPLIER_ID_BYTES } from "@bellwether/contract/limits";
import { hasOrderControls, ORDER_CONTROLS_REASON, withShownControls } from "../order-controls.ts";
import {
  type OutcomeDraft,
  type OutcomeInput,
  type OutcomeSource,
  type OutcomeViolation,
  outcomeViolation,
} from "./outcome.ts";

/** What a row is checked against. */
export interface OutcomeRules {
  readonly now: Date;
  /** Days after the end of a week that an outcome is about. */
  readonly horizonDays: number;
  readonly source: OutcomeSource;
}

/** A prediction that was served, as the audit log has it. */
export interface KnownPrediction {
  readonly supplierId: string;
  /** Week in which it was served. */
  readonly isoWeek: string;
  /** Empty: not recorded. */
  readonly modelName: string;
}

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
const MAX_NOTE_BYTES = 1_000;
const DAY_MS = 86_400_000;
/** Older days are typing errors. */
const OLDEST_DAY = "1990-01-01";
/** How long before UTC a day begins in the time zone where it begins first. */
const FIRST_ZONE_MS = 14 * 3_600_000;

/** Returns the ISO date that is `days` after another one. */
export function daysAfter(day: string, days: number): string {
  return new Date(Date.parse(`${day}T00:00:00Z`) + days * DAY_MS).toISOString().slice(0, 10);
}

const dayOf = (ms: number): string => new Date(ms).toISOString().slice(0, 10);

/** Returns the day that UTC has now. */
export const today = (now: Date): string => dayOf(now.getTime());

/** Returns the last day that has begun somewhere on Earth. */
export const latestDay = (now: Date): string => dayOf(now.getTime() + FIRST_ZONE_MS);

/**
 * Checks one row. @param find returns the prediction of an id; undefined: none is known
 * @returns the valid outcome, or what is wrong
 */
export function checkOutcome(
  row: number,
  input: OutcomeInput,
  find: (predictionId: string) => KnownPrediction | undefined,
  rules: OutcomeRules & { readonly modelName: string },
): { readonly draft: OutcomeDraft | null; readonly violations: readonly OutcomeViolation[] } {
  const violations: OutcomeViolation[] = [];
  const reject = (field: string, value: string, reason: string): void => {
    violations.push(outcomeViolation(row, field, value, reason));
  };
  const predictionId = input.predictionId.toLowerCase();
  let prediction: KnownPrediction | undefined;
  if (predictionId !== "") {
    if (!UUID.test(predictionId)) reject("prediction_id", input.predictionId, "is not a UUID");
    else prediction = find(predictionId);
    if (UUID.test(predictionId) && prediction === undefined)
      reject(
        "prediction_id",
        predictionId,
        "is not the id of a prediction in the audit log; name supplier_id and iso_week instead",
      );
  }
  if (prediction && prediction.modelName !== "" && prediction.modelName !== rules.modelName)
    reject(
      "prediction_id",
      predictionId,
      `is of the model ${prediction.modelName}; the request is about ${rules.modelName}`,
    );
  const supplierId = input.supplierId || (prediction?.supplierId ?? "");
  if (supplierId === "" && predictionId === "")
    reject("supplier_id", "", "is missing; name the supplier or the prediction");
  else if (Buffer.byteLength(supplierId) > MAX_SUPPLIER_ID_BYTES || supplierId.includes("\0"))
    reject("supplier_id", supplierId, `is longer than ${MAX_SUPPLIER_ID_BYTES} bytes of UTF-8 or has a NUL character`);
  else if (hasOrderControls(input.note)) reject("note", withShownControls(input.note), ORDER_CONTROLS_REASON);
  else if (prediction && supplierId !== prediction.supplierId)
    reject(
      "supplier_id",
      supplierId,
      `is not the supplier of the prediction, ${JSON.stringify(prediction.supplierId)}`,
    );
  if (prediction && input.isoWeek !== "" && input.isoWeek !== prediction.isoWeek)
    reject("iso_week", input.isoWeek, `is not the week of the prediction, ${prediction.isoWeek}`);
  const isoWeek = prediction?.isoWeek ?? input.isoWeek;
  if (Buffer.byteLength(input.note) > MAX_NOTE_BYTES || input.note.includes("\0"))
    reject("note", input.note, `is longer than ${MAX_NOTE_BYTES} bytes of UTF-8 or has a NUL character`);
  else if (hasOrderControls(input.note)) reject("note", withShownControls(input.note), ORDER_CONTROLS_REASON);
  const namedBy = prediction || (input.isoWeek === "" && predictionId !== "") ? "prediction_id" : "iso_week";
  violations.push(...checkWhat(row, { ...input, isoWeek }, rules, namedBy));
  const { occurred } = input;
  if (violations.length > 0 || occurred === undefined) return { draft: null, violations };
  const knownOn = input.knownOn || today(rules.now);
  return {
    draft: {
      ...{ supplierId, isoWeek, occurred, knownOn, note: input.note },
      happenedOn: input.happenedOn || null,
      predictionId: predictionId || null,
    },
    violations,
  };
}

type What = Pick<OutcomeInput, "isoWeek" | "occurred" | "happenedOn" | "knownOn">;

/** Checks what a row says, and when. @param namedBy the field that names the week */
export function checkWhat(
  row: number,
  { isoWeek, occurred, happenedOn, knownOn }: What,
  { now, horizonDays, source }: OutcomeRules,
  namedBy: "iso_week" | "prediction_id" = "iso_week",
): OutcomeViolation[] {
  const hasPrediction = namedBy === "prediction_id";
  const violations: OutcomeViolation[] = [];
  const reject = (field: string, value: string, reason: string): void => {
    violations.push(outcomeViolation(row, field, value, reason));
  };
  if (occurred === undefined) reject("value", "", "is missing; expected OCCURRED or NOT_OCCURRED");
  const isWeek = isoWeek !== "" && isoWeekNumber(isoWeek) !== undefined;
  if (isoWeek !== "" && !isWeek) reject("iso_week", isoWeek, "is not an ISO week such as 2026-W10");
  else if (isWeek && isFutureWeek(isoWeek, now)) reject("iso_week", isoWeek, "is in the future");
  if (isoWeek === "" && happenedOn === "" && !hasPrediction)
    reject("iso_week", "", "is missing; name the week, the day (happened_on) or the prediction");
  if (isoWeek === "" && occurred === false && !hasPrediction)
    reject("iso_week", "", "is missing; an outcome NOT_OCCURRED names its week");
  const latest = latestDay(now);
  const isDay = (field: string, day: string): boolean => {
    if (day === "") return false;
    if (!isIsoDate(day)) reject(field, day, "is not a day such as 2026-03-01");
    else if (day < OLDEST_DAY) reject(field, day, `is before ${OLDEST_DAY}`);
    else if (day > latest) reject(field, day, "is in the future");
    else return true;
    return false;
  };
  const happened = isDay("happened_on", happenedOn);
  const known = isDay("known_on", knownOn);
  if (happenedOn !== "" && occurred === false)
    reject("happened_on", happenedOn, "is given although the risk did not occur; leave it out or set OCCURRED");
  if (happened && known && knownOn < happenedOn) reject("known_on", knownOn, `is before happened_on, ${happenedOn}`);
  if (!isWeek || isFutureWeek(isoWeek, now)) return violations;
  const end = isoWeekEnd(isoWeek);
  const horizonEnd = daysAfter(end, horizonDays);
  const wayOut = hasPrediction
    ? `${isoWeek} is the week of the prediction: name supplier_id instead`
    : "leave iso_week out";
  if (happened && (happenedOn <= end || happenedOn > horizonEnd))
    reject(
      "happened_on",
      happenedOn,
      `is not within the ${horizonDays} days after ${isoWeek}, ${daysAfter(end, 1)} to ${horizonEnd}; ${wayOut}`,
    );
  // With happened_on, the day is compared above: known_on is not before happened_on, which is after the week.
  if (known && happenedOn === "" && knownOn < isoWeekStart(isoWeek))
    reject("known_on", knownOn, `is before ${isoWeek}, which began on ${isoWeekStart(isoWeek)}`);
  // A person who reviews a supplier judges it today, as for an alert.
  else if (occurred === false && source !== "review" && (knownOn === "" ? latest : knownOn) <= horizonEnd)
    reject("value", "NOT_OCCURRED", `is not known before the horizon of ${isoWeek} is over, after ${horizonEnd}`);
  return violations;
}
