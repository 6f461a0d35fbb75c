import { SupplierMergeService } from "@bellwether/gen/bellwether/ops/v1/supplier_merge_service_pb";
import { useQuery } from "@connectrpc/connect-query";
import { useState } from "react";
import { Failure, Loading } from "../parts/load-states.tsx";
import { DuplicateList } from "./duplicate-list.tsx";
import { MergeList } from "./merge-list.tsx";

/** Possible duplicates of a supplier, and its merges. */
export default function MergingCard({ supplierId }: { supplierId: string }) {
  const got = useQuery(SupplierMergeService.method.getSupplierIdentity, { supplierId });
  const [said, setSaid] = useState("");
  if (got.isPending) return <Loading what="the merges" />;
  if (got.isError) return <Failure error={got.error} onRetry={() => void got.refetch()} />;
  const { supplier, merged, merges } = got.data;
  return (
    <>
      <p role="status">{said}</p>
      {supplier?.mergedInto === "" && (
        <>
          <h3>Possible duplicates</h3>
          <DuplicateList supplierId={supplierId} onSaid={setSaid} />
        </>
      )}
      <h3>Merges</h3>
      <MergeList supplierId={supplierId} merged={merged} merges={merges} onSaid={setSaid} />
    </>
  );
}
