import {
  type SupplierIdentity,
  type SupplierMerge,
  SupplierMergeService,
} from "@bellwether/gen/bellwether/ops/v1/supplier_merge_service_pb";
import { visibleText } from "@bellwether/reasons/visible-text";
import { callUnaryMethod } from "@connectrpc/connect-query";
import { timeText } from "../parts/format.ts";
import { personText } from "../parts/words.ts";
import { useReader } from "../session/reader.ts";
import { DecisionButton } from "./decision-button.tsx";
import { evidenceText } from "./evidence-text.ts";
import { SupplierLink } from "./supplier-link.tsx";

interface MergeListProps {
  readonly supplierId: string;
  /** The suppliers that are merged into this one. */
  readonly merged: readonly SupplierIdentity[];
  readonly merges: readonly SupplierMerge[];
  readonly onSaid: (text: string) => void;
}

/** The merges of a supplier, newest first, each with its undo. */
export function MergeList({ supplierId, merged, merges, onSaid }: MergeListProps) {
  if (merges.length === 0) return <p className="quiet">This supplier was never merged.</p>;
  const known = new Map(merged.map((identity) => [identity.supplierId, identity]));
  return (
    <ul>
      {merges.map((merge) => (
        <Merge key={merge.mergeId} merge={merge} other={known.get(merge.mergedId)} {...{ supplierId, onSaid }} />
      ))}
    </ul>
  );
}

interface MergeProps extends Pick<MergeListProps, "supplierId" | "onSaid"> {
  readonly merge: SupplierMerge;
  readonly other: SupplierIdentity | undefined;
}

function Merge({ merge, other, supplierId, onSaid }: MergeProps) {
  const { mayDecide } = useReader();
  const isSurvivor = merge.survivorId === supplierId;
  const otherId = isSurvivor ? merge.mergedId : merge.survivorId;
  const [mergedId, survivorId] = [visibleText(merge.mergedId), visibleText(merge.survivorId)];
  return (
    <li>
      <SupplierLink supplierId={otherId} name={other?.name ?? ""} />{" "}
      {isSurvivor ? "was merged into this supplier" : "is the survivor, into which this supplier was merged"} by{" "}
      {visibleText(personText(merge.mergedBy))} on {timeText(merge.mergedAt)}:{" "}
      {visibleText(merge.reason) || "no reason"} ({evidenceText(merge.evidence)})
      {other && other.identifiers.length > 0 && (
        <p className="quiet">
          Its identifiers:{" "}
          {visibleText(other.identifiers.map(({ kind, value }) => `${kind.toUpperCase()} ${value}`).join(", "))}
        </p>
      )}
      {merge.undoneAt ? (
        <p className="quiet">
          Undone by {visibleText(personText(merge.undoneBy))} on {timeText(merge.undoneAt)}:{" "}
          {visibleText(merge.undoReason)}
        </p>
      ) : (
        mayDecide && (
          <div className="actions">
            <DecisionButton
              name={`Undo the merge of ${mergedId}`}
              text={`${mergedId} and ${survivorId} are then shown apart again. Scores and alerts do not change. Who, when and why are recorded.`}
              draft={`unmerge/${merge.mergeId}`}
              send={(transport, reason) =>
                callUnaryMethod(transport, SupplierMergeService.method.undoMerge, { mergeId: merge.mergeId, reason })
              }
              onDone={() => onSaid(`${mergedId} and ${survivorId} are shown apart again.`)}
            />
          </div>
        )
      )}
    </li>
  );
}
