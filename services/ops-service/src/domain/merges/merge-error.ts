/** A supplier has changed after the caller read it. */
export class SupplierChangedError extends Error {
  override readonly name = "SupplierChangedError" as const;
  readonly metadata: Readonly<Record<string, string>>;
  constructor(supplierId: string, version: string) {
    super(`the supplier ${JSON.stringify(supplierId)} was changed; read it again and decide again`);
    this.metadata = { supplier_id: supplierId, version };
  }
}

/** The suppliers cannot be merged, or the pair cannot be dismissed, because of other merges. */
export class MergeStateError extends Error {
  override readonly name = "MergeStateError" as const;
}

/** The suppliers have no identifier in common, so the caller has to say why they are the same company. */
export class MergeReasonError extends Error {
  override readonly name = "MergeReasonError" as const;
  constructor() {
    super("the suppliers have no identifier in common, and a similar name is not enough; give a reason for the merge");
  }
}

/** No merge has the id. */
export class MergeNotFoundError extends Error {
  override readonly name = "MergeNotFoundError" as const;
  constructor(mergeId: string) {
    super(`there is no merge ${mergeId}; GetSupplierIdentity lists the merges of a supplier`);
  }
}
