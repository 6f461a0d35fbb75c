import type { AuditRecord } from "@bellwether/gen/bellwether/ops/v1/audit_pb";
import { visibleText } from "@bellwether/reasons/visible-text";
import { Fragment, useState } from "react";
import { countText, timeText } from "../parts/format.ts";
import { Name } from "../parts/name.tsx";
import { Wide } from "../parts/wide.tsx";
import { ALL_EVENTS, type AuditView } from "../routing/record-views.ts";
import { hrefOf } from "../routing/route.ts";
import { EventDetails } from "./event-details.tsx";

const COLUMNS = 5;

/** Returns the address of the events with one condition. */
const eventsWith = (condition: Partial<AuditView>): string => hrefOf({ page: "audit", ...ALL_EVENTS, ...condition });

/** The records of the audit log, newest event first. Details are opened below a row. */
export function EventTable({ records }: { records: readonly AuditRecord[] }) {
  const [open, setOpen] = useState<bigint>();
  return (
    <Wide label="Events">
      <table className="stacks">
        <thead>
          <tr>
            <th scope="col">Event</th>
            <th scope="col">Who</th>
            <th scope="col">About</th>
            <th scope="col">Record</th>
            <th scope="col">Actions</th>
          </tr>
        </thead>
        <tbody>
          {records.map((record) => {
            const { event, sequence } = record;
            const { kind = "", actor = "", subject = "", occurredAt } = event ?? {};
            const isOpen = sequence === open;
            return (
              <Fragment key={String(sequence)}>
                <tr>
                  <th scope="row">
                    <a href={eventsWith({ kind })}>{visibleText(kind)}</a>
                    <small>{timeText(occurredAt)}</small>
                  </th>
                  <td className="why">
                    <a href={eventsWith({ actor })}>
                      <Name>{actor}</Name>
                    </a>
                  </td>
                  <td className="why">
                    {subject !== "" && (
                      <a href={eventsWith({ subject })}>
                        <Name>{subject}</Name>
                      </a>
                    )}
                  </td>
                  <td className="number labelled" data-label="Record">
                    {countText(sequence)}
                  </td>
                  <td className="whole">
                    <div className="actions">
                      <button
                        type="button"
                        aria-expanded={isOpen}
                        onClick={() => setOpen(isOpen ? undefined : sequence)}
                      >
                        Details<span className="unseen"> of record {countText(sequence)}</span>
                      </button>
                    </div>
                  </td>
                </tr>
                {isOpen && (
                  <tr>
                    <td colSpan={COLUMNS} className="why">
                      <EventDetails record={record} />
                    </td>
                  </tr>
                )}
              </Fragment>
            );
          })}
        </tbody>
      </table>
    </Wide>
  );
}
