import { createRequire } from "node:module";

// Node reads drizzle's package.json, 180 kB, again for each of its hundred ES modules: half a second of a start. CommonJS reads it once.
const load = createRequire(import.meta.url);

export const { aliasedTable, and, asc, desc, eq, getTableColumns, gt, gte, inArray, lt, sql } = load(
  "drizzle-orm",
) as typeof import("drizzle-orm");

export const {
  bigint,
  boolean,
  doublePrecision,
  index,
  integer,
  jsonb,
  pgSchema,
  primaryKey,
  smallint,
  text,
  timestamp,
  unique,
  uuid,
} = load("drizzle-orm/pg-core") as typeof import("drizzle-orm/pg-core");

export const { drizzle } = load("drizzle-orm/postgres-js") as typeof import("drizzle-orm/postgres-js");

export const { migrate } = load(
  "drizzle-orm/postgres-js/migrator",
) as typeof import("drizzle-orm/postgres-js/migrator");
