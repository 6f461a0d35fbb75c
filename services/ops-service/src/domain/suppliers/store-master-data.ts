import type { ImpactPolicy } from "@bellwether/config/risk-policy";
import type { SupplierScope } from "@bellwether/mesh/call/supplier-scope";
import { type KnownSuppliers, type OnConflict, planImport, type RowOutcome } from "./import-suppliers.ts";
import {
  checkMasterData,
  type MasterDataChange,
  type MasterDataInput,
  type MasterDataViolation,
} from "./master-data.ts";

/** The report of an import. */
export interface ImportResult {
  readonly created: number;
  readonly updated: number;
  readonly unchanged: number;
  readonly skipped: number;
  readonly rejected: number;
  readonly violations: readonly MasterDataViolation[];
  readonly isStopped: boolean;
  /** What each row creates or changes. Undefined: the answer was stored by an earlier release. */
  readonly outcomes?: readonly RowOutcome[];
  /** Number of valid rows about merged suppliers. Undefined: the answer was stored by an earlier release. */
  readonly mergedRows?: number;
}

/** Reads and changes master data in one transaction. */
export interface MasterDataStore {
  /**
   * Waits for other imports, then returns the answer to the same request. Undefined: the request is new.
   * @throws ImportMismatchError when the id was used for another request
   */
  earlierAnswer(requestId: string, digest: string): Promise<ImportResult | undefined>;
  known(changes: readonly MasterDataChange[]): Promise<KnownSuppliers>;
  /** Applies changes (`applyChange`) to the suppliers as they are when they are locked, and creates new ones. */
  write(changes: readonly MasterDataChange[]): Promise<void>;
  /** Stores the answer for a repeated request, and appends the import to the audit log. */
  record(done: {
    readonly requestId: string;
    readonly digest: string;
    readonly actor: string;
    readonly answer: ImportResult;
  }): Promise<void>;
}

export interface ImportRequest {
  readonly requestId: string;
  /** SHA-256 of the request, lower-case hex. */
  readonly digest: string;
  readonly actor: string;
  /** The suppliers that the caller sees. Undefined: all. Rows of other suppliers are rejected. */
  readonly scope: SupplierScope | undefined;
  readonly rows: readonly MasterDataInput[];
  readonly isDryRun: boolean;
  readonly onConflict: OnConflict;
}

/**
 * Stores the valid rows of an import, all in one transaction, and reports the others. A dry run and a stopped
 * import store nothing. @throws ImportMismatchError
 */
export function importSuppliers(
  inTransaction: <T>(work: (store: MasterDataStore) => Promise<T>) => Promise<T>,
  { requestId, digest, actor, scope, rows, isDryRun, onConflict }: ImportRequest,
  policy: Pick<ImpactPolicy, "currency" | "exchangeRates">,
): Promise<ImportResult & { readonly isRepeated: boolean }> {
  const { valid, violations } = checkMasterData(rows, policy);
  return inTransaction(async (store) => {
    const earlier = isDryRun ? undefined : await store.earlierAnswer(requestId, digest);
    if (earlier) return { ...earlier, isRepeated: true };
    const { writes, violations: further, ...plan } = planImport(valid, await store.known(valid), { onConflict, scope });
    const { created, updated, unchanged, skipped, isStopped, outcomes, mergedRows } = plan;
    const answer = {
      ...{ created, updated, unchanged, skipped, isStopped, outcomes, mergedRows },
      rejected: rows.length - created - updated - unchanged - skipped,
      violations: [...violations, ...further].sort((a, b) => a.row - b.row),
    };
    if (!isDryRun && !isStopped) {
      await store.write(writes);
      await store.record({ requestId, digest, actor, answer });
    }
    return { ...answer, isRepeated: false };
  });
}
