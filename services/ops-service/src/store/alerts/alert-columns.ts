import { getTableColumns } from "@bellwether/postgres/drizzle/drizzle";
import type { Alert } from "../../domain/alerts/alert.ts";
import { alert } from "../schema.ts";

const ALERT_COLUMNS = Object.entries(getTableColumns(alert)).map(([key, { name, dataType }]) => ({
  key,
  name,
  dataType,
}));

/**
 * Converts the columns of an alert, in which times and 64-bit numbers are texts. For ten thousand alerts this takes
 * half the time of drizzle's conversion.
 */
export function alertFromColumns(row: Readonly<Record<string, unknown>>): Alert {
  const entries = ALERT_COLUMNS.map(({ key, name, dataType }) => {
    const value = row[name] ?? null;
    if (typeof value !== "string") return [key, value];
    return [key, dataType === "date" ? new Date(value) : dataType === "number" ? Number(value) : value];
  });
  return Object.fromEntries(entries);
}

/** Converts an alert from JSON, in which times are texts. Its keys are those of the domain. */
export function alertFromJson(json: Readonly<Record<string, unknown>>): Alert {
  const entries = ALERT_COLUMNS.map(({ key, dataType }) => {
    const value = json[key] ?? null;
    return [key, dataType === "date" && typeof value === "string" ? new Date(value) : value];
  });
  return Object.fromEntries(entries);
}
