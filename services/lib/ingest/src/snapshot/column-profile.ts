import type { ModelSpec } from "@bellwether/config/model-spec";
import type { ColumnProfile } from "@bellwether/plausibility/column-profile";
import type { Json } from "@duckdb/node-api";
import { type ProfiledColumn, profileColumns } from "../duckdb/profile-columns.ts";
import { sqlName } from "../duckdb/quote-sql.ts";
import type { Workspace } from "../duckdb/workspace.ts";
import { MAPPED } from "../mapping/mapped-sql.ts";
import { COLUMN } from "../mapping/rejected-row-reasons.ts";

/** Attributes that are profiled. A name is different for each supplier, and an owner is of no interest for the model. */
const ATTRIBUTES = ["region", "category"] as const;

/** Profile of the mapped rows of a week. */
export interface InputProfile {
  /** One profile for each feature, and for each attribute that is checked, over accepted and rejected rows. */
  readonly columns: readonly ColumnProfile[];
  /**
   * Digest of the accepted rows without their dates, 32 hex digits, in any order. It shows that two files
   * have the same rows; it does not withstand a forger.
   */
  readonly contentDigest: string;
}

/** Profiles the table of the mapped rows. */
export async function profileMapped(workspace: Workspace, model: ModelSpec): Promise<InputProfile> {
  const columns = profiledColumns(model);
  const { profiles, total } = await profileColumns(workspace, columns, MAPPED, contentTotal(columns));
  return { columns: profiles, contentDigest: contentDigest(total) };
}

function profiledColumns({ features, text }: ModelSpec): ProfiledColumn[] {
  const number = (name: string, column: string): ProfiledColumn => ({ name, value: sqlName(column), type: "number" });
  return [
    ...features.map(({ name, kind }): ProfiledColumn => {
      if (kind === "numeric") return number(name, COLUMN.number(name));
      return { name, value: sqlName(COLUMN.category(name)), type: "category" };
    }),
    ...(text === null
      ? []
      : [{ name: text.name, value: `nullif(${sqlName(COLUMN.text(text.name))}, '')`, type: "text" } as const]),
    ...ATTRIBUTES.map(
      (name): ProfiledColumn => ({
        name: `attributes.${name}`,
        value: sqlName(COLUMN.attribute(name)),
        type: "category",
      }),
    ),
    number("attributes.exposure", COLUMN.attribute("exposure")),
  ];
}

/** Returns the SQL of the number of accepted rows and of the sum of their hashes, which does not depend on their order. */
function contentTotal(columns: readonly ProfiledColumn[]): string {
  // The numbers of accepted rows are finite.
  const hash = `hash(${["supplier_id", ...columns.map(({ value }) => value)].join(", ")})`;
  return `[count(*) filter ("~fault" is null)::varchar, coalesce(sum(case when "~fault" is null then ${hash} end), 0)::varchar]`;
}

function contentDigest(total: Json): string {
  const [rows, sum] = Array.isArray(total) ? total : [];
  const modulus = 1n << 128n;
  const mixed = (BigInt(String(sum ?? 0)) * 0x9e3779b97f4a7c15n + BigInt(String(rows ?? 0))) % modulus;
  return mixed.toString(16).padStart(32, "0");
}
