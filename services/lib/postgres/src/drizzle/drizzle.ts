import { createRequire } from "node:module";
import type * as orm from "drizzle-orm";
import type * as nodePostgres from "drizzle-orm/node-postgres";
import type * as migrator from "drizzle-orm/node-postgres/migrator";
import type * as pgCore from "drizzle-orm/pg-core";

// drizzle is loaded as CommonJS. As ES modules, it makes Node read its package.json of 180 kB once for each
// of a hundred files, half a second of a start.
const load = createRequire(import.meta.url);

export const { aliasedTable, and, asc, desc, eq, getTableColumns, gt, gte, inArray, isNull, lt, ne, sql } = load(
  "drizzle-orm",
) as typeof orm;

export const {
  bigint,
  boolean,
  date,
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
  uniqueIndex,
  uuid,
} = load("drizzle-orm/pg-core") as typeof pgCore;

export const { drizzle } = load("drizzle-orm/node-postgres") as typeof nodePostgres;

export const { migrate } = load("drizzle-orm/node-postgres/migrator") as typeof migrator;
