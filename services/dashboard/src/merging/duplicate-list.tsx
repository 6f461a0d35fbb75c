import {
  type DuplicateProposal,
  type SupplierIdentity,
  SupplierMergeService,
} from "@bellwether/gen/bellwether/ops/v1/supplier_merge_service_pb";
import { visibleText } from "@bellwether/reasons/visible-text";
import { callUnaryMethod, useQuery } from "@connectrpc/connect-query";
import { countOf } from "../parts/format.ts";
import { Failure, Loading } from "../parts/load-states.tsx";
import { useReader } from "../session/reader.ts";
import { DecisionButton } from "./decision-button.tsx";
import { evidenceText } from "./evidence-text.ts";
import { SupplierLink } from "./supplier-link.tsx";

interface DuplicateListProps {
  readonly supplierId: string;
  readonly onSaid: (text: string) => void;
}

/** The suppliers that are possibly the same company as a supplier, with what they have in common. */
export function DuplicateList({ supplierId, onSaid }: DuplicateListProps) {
  const found = useQuery(SupplierMergeService.method.listDuplicates, { supplierId });
  if (found.isPending) return <Loading what="possible duplicates" />;
  if (found.isError) return <Failure error={found.error} onRetry={() => void found.refetch()} />;
  const { proposals, notCompared } = found.data;
  return (
    <>
      {proposals.length === 0 && <p className="quiet">No other supplier has enough in common with this one.</p>}
      <ul>
        {proposals.map((proposal) => (
          <Duplicate key={otherOf(proposal, supplierId)?.supplierId} {...{ proposal, supplierId, onSaid }} />
        ))}
      </ul>
      {notCompared > 0 && (
        <p className="quiet">{countOf(notCompared, "further supplier")} with the same evidence not shown.</p>
      )}
    </>
  );
}

const otherOf = ({ first, second }: DuplicateProposal, supplierId: string): SupplierIdentity | undefined =>
  first?.supplierId === supplierId ? second : first;

function Duplicate({ proposal, supplierId, onSaid }: DuplicateListProps & { proposal: DuplicateProposal }) {
  const { mayDecide } = useReader();
  const other = otherOf(proposal, supplierId);
  const own = proposal.first?.supplierId === supplierId ? proposal.first : proposal.second;
  if (!other || !own) return null;
  const { mergeSuppliers, dismissDuplicate } = SupplierMergeService.method;
  const [ownId, otherId] = [visibleText(supplierId), visibleText(other.supplierId)];
  return (
    <li>
      <SupplierLink supplierId={other.supplierId} name={other.name} />: {evidenceText(proposal.reasons)}
      {mayDecide && (
        <div className="actions">
          <DecisionButton
            name={`Merge ${otherId} into ${ownId}`}
            text={`Lists and searches then show ${ownId}. Scores and alerts do not change, and the merge can be undone. Who, when and why are recorded.`}
            draft={`merge/${supplierId}/${other.supplierId}`}
            send={(transport, reason) =>
              callUnaryMethod(transport, mergeSuppliers, {
                ...{ survivorId: supplierId, mergedId: other.supplierId, reason },
                ...{ survivorVersion: own.version, mergedVersion: other.version },
              })
            }
            onDone={() => onSaid(`${otherId} is merged into ${ownId}.`)}
          />
          <DecisionButton
            name={`${otherId} is another company`}
            text="The pair is not proposed again until the name, region, category or identifiers of one of them change. Who, when and why are recorded."
            draft={`dismiss/${supplierId}/${other.supplierId}`}
            send={(transport, reason) =>
              callUnaryMethod(transport, dismissDuplicate, {
                ...{ firstId: supplierId, secondId: other.supplierId, reason },
                ...{ firstVersion: own.version, secondVersion: other.version },
              })
            }
            onDone={() => onSaid(`${otherId} is no longer proposed.`)}
          />
        </div>
      )}
    </li>
  );
}
