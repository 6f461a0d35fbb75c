import { sql } from "@bellwether/postgres/drizzle/drizzle";
import type { Db } from "../database.ts";

/** Records the number of features of runs that an earlier release has stored without it. */
export async function fillFeatureCounts(db: Db): Promise<void> {
  await db.execute(sql`
    update bellwether.run r set feature_count = jsonb_array_length(f.features)
    from bellwether.run_features f where f.run_id = r.id and r.feature_count is null`);
}
