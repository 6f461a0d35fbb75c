import { type Outcome, OutcomeValue } from "@bellwether/gen/bellwether/ops/v1/outcome_pb";
import { OutcomeService } from "@bellwether/gen/bellwether/ops/v1/outcome_service_pb";
import { countText } from "@bellwether/reasons/count-text";
import type { ValueTable } from "@bellwether/risk-model/tables/value-table";
import { timestampMs } from "@bufbuild/protobuf/wkt";
import { createClient, type Transport } from "@connectrpc/connect";
import { callPeer } from "./peer-error.ts";

/** The outcomes of one model, recorded in ops-service. All functions throw PeerUnavailableError, PeerRejectedError. */
export interface OpsOutcomes {
  hasAny(signal: AbortSignal): Promise<boolean>;
  /** Returns the number of outcomes that were recorded after a time, at most `atMost`. */
  countSince(sinceMs: number, atMost: number, signal: AbortSignal): Promise<number>;
  /** Returns the outcomes that were known on a day, in the form of their import, and what was left out. */
  readKnown(
    day: string,
    signal: AbortSignal,
  ): Promise<{ readonly table: ValueTable; readonly notes: readonly string[] }>;
}

const PEER = "ops-service";
const PAGE_SIZE = 1_000;
/** Maximum number of outcomes that are read, newest first. */
const MAX_OUTCOMES = 1_000_000;
const HEADER = ["supplier_id", "occurred", "iso_week", "happened_on", "known_on"];

/** Creates the access to the outcomes of a model. */
export function createOpsOutcomes(transport: Transport, modelName: string): OpsOutcomes {
  const outcomes = createClient(OutcomeService, transport);
  async function* newestFirst(pageSize: number, signal: AbortSignal): AsyncGenerator<readonly Outcome[]> {
    let pageToken = "";
    do {
      const request = { modelName, pageSize, pageToken };
      const page = await callPeer(PEER, outcomes.listOutcomes(request, { signal }));
      yield page.outcomes;
      pageToken = page.nextPageToken;
    } while (pageToken !== "");
  }
  return {
    async hasAny(signal) {
      for await (const page of newestFirst(1, signal)) return page.length > 0;
      return false;
    },
    async countSince(sinceMs, atMost, signal) {
      let count = 0;
      for await (const page of newestFirst(Math.min(PAGE_SIZE, atMost), signal)) {
        const newer = page.filter(({ recordedAt }) => recordedAt !== undefined && timestampMs(recordedAt) > sinceMs);
        count += newer.length;
        if (newer.length < page.length || count >= atMost) break;
      }
      return Math.min(count, atMost);
    },
    async readKnown(day, signal) {
      const records: (readonly string[])[] = [];
      let later = 0;
      let read = 0;
      for await (const page of newestFirst(PAGE_SIZE, signal)) {
        const known = page.filter(({ knownOn }) => knownOn <= day);
        later += page.length - known.length;
        for (const outcome of known) records.push(recordOf(outcome));
        read += page.length;
        if (read >= MAX_OUTCOMES) break;
      }
      return {
        table: { header: HEADER, records, firstRow: 1 },
        notes: [
          ...(later === 0 ? [] : [`${countText(later, "outcome")} known after ${day}, not used`]),
          ...(read < MAX_OUTCOMES ? [] : [`only the ${MAX_OUTCOMES} outcomes that were recorded last are used`]),
        ],
      };
    },
  };
}

const recordOf = ({ supplierId, value, isoWeek, happenedOn, knownOn }: Outcome): readonly string[] => [
  ...[supplierId, String(value === OutcomeValue.OCCURRED), isoWeek, happenedOn, knownOn],
];
