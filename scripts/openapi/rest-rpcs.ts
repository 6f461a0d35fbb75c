const inference = (method: string): string => `/bellwether.inference.v1.InferenceService/${method}`;
const ops = (service: string, method: string): string => `/bellwether.ops.v1.${service}/${method}`;

/** The RPC that each REST path is an alias of, which has its role. */
export const REST_RPCS: Readonly<Record<string, string>> = {
  "/predict": inference("Predict"),
  "/predict/batch": inference("PredictRows"),
  "/explain": inference("Explain"),
  "/suppliers": ops("SupplierService", "ListSuppliers"),
  "/supplier": ops("SupplierService", "GetSupplier"),
  "/suppliers/duplicates": ops("SupplierMergeService", "ListDuplicates"),
  "/supplier/counterfactuals": ops("SupplierService", "FindCounterfactuals"),
  "/alerts": ops("AlertService", "ListAlerts"),
  "/alerts/action": ops("AlertService", "DecideAlerts"),
  "/alerts/stream": ops("AlertService", "WatchAlerts"),
  "/audit": ops("AuditService", "QueryEvents"),
  "/batch/status": ops("BatchService", "GetRun"),
  "/shadow": "/bellwether.registry.v1.ShadowService/GetShadowComparison",
};
