import { lookup } from "node:dns/promises";
import {
  type GetShadowComparisonResponse,
  type ModelComparison,
  type ShadowLosses,
  ShadowService,
  ShadowState,
} from "@bellwether/gen/bellwether/registry/v1/shadow_service_pb";
import { createMeshTransport } from "@bellwether/mesh/client/mesh-transport";
import { isLoopback } from "@bellwether/mesh/listener/listen";
import { sumsFromProto } from "@bellwether/scoring/comparison/comparison-proto";
import { type ComparisonStatistics, comparisonStatistics } from "@bellwether/scoring/comparison/comparison-statistics";
import { mergeSums } from "@bellwether/scoring/comparison/merge-sums";
import { timestampDate } from "@bufbuild/protobuf/wkt";
import { createClient } from "@connectrpc/connect";
import type { CliContext } from "../context/cli-context.ts";
import { enumWord } from "../output/enum-word.ts";
import { callerSettings } from "../remote/caller-token.ts";
import { peerError } from "../remote/peer-error.ts";
import { ML_PEER, peerUrl } from "../remote/peer-url.ts";

const ML = { service: "ml-service", option: "--ml", listener: "grpc" } as const;

/** What one replica answered. */
export interface ReplicaAnswer {
  readonly url: string;
  /** Null: it did not answer, see `error`. */
  readonly answer: GetShadowComparisonResponse | null;
  readonly error: string | null;
}

/**
 * Asks each replica for its comparisons with their sums.
 * @param modelName "": the default model of the replicas
 */
export async function askComparisons(
  context: CliContext,
  urls: readonly string[] | undefined,
  modelName: string,
): Promise<ReplicaAnswer[]> {
  const calls = callerSettings(context);
  return Promise.all(
    (urls ?? [undefined]).map(async (given) => {
      const url = peerUrl(ML_PEER, given, context);
      using transport = createMeshTransport({ url, ...calls });
      try {
        const client = createClient(ShadowService, transport);
        return {
          url,
          answer: await client.getShadowComparison({ withSums: true, modelName }, { timeoutMs: 10_000 }),
          error: null,
        };
      } catch (error) {
        return { url, answer: null, error: (await peerError(error, { ...ML, url })).message };
      }
    }),
  );
}

/**
 * The pair that is compared. For an empty name, the version of the first replica that answered and compares is used.
 */
export interface WantedPair {
  readonly champion: string;
  readonly challenger: string;
}

/** The rows of all replicas that answered, as one comparison. */
export interface MergedComparison extends WantedPair {
  readonly replicas: readonly ReplicaComparison[];
  /** Null: no replica has compared the pair. */
  readonly statistics: ComparisonStatistics | null;
  /** What the figures do not include, in sentences. */
  readonly remarks: readonly string[];
}

/** The part of one replica. */
export interface ReplicaComparison {
  readonly url: string;
  readonly replica: string;
  readonly state: string;
  readonly detail: string;
  readonly share: number | null;
  readonly rows: number;
  readonly since: string | null;
  readonly losses: ShadowLosses | null;
  readonly error: string | null;
}

/**
 * Merges the answers of the replicas. A replica that two URLs reach is counted once; versions of one name with another digest are not
 * merged.
 */
export function mergeComparisons(answers: readonly ReplicaAnswer[], wanted: WantedPair): MergedComparison {
  const seen = new Set<string>();
  const remarks: string[] = [];
  // A replica whose shadow is off names no versions.
  const first = answers.find(({ answer }) => answer !== null && answer.state !== ShadowState.OFF)?.answer;
  const champion = wanted.champion || first?.championVersion || "";
  const challenger = wanted.challenger || first?.challengerVersion || "";
  const parts: ModelComparison[] = [];
  const replicas = answers.flatMap(({ url, answer, error }): ReplicaComparison[] => {
    const empty = { detail: "", share: null, rows: 0, since: null, losses: null };
    if (answer === null) {
      remarks.push(`${url} did not answer: its rows are not included`);
      return [{ url, replica: "", state: "", ...empty, error }];
    }
    if (seen.has(answer.replica)) {
      remarks.push(`${url} is ${answer.replica} again: counted once`);
      return [];
    }
    seen.add(answer.replica);
    const part = answer.comparisons.find(
      (one) => one.championVersion === champion && one.challengerVersion === challenger,
    );
    const other = parts[0];
    const isSame =
      part === undefined ||
      other === undefined ||
      (part.championModelDigest === other.championModelDigest &&
        part.challengerModelDigest === other.challengerModelDigest);
    if (!isSame) remarks.push(`${answer.replica} has other files of ${champion} or ${challenger}: not included`);
    else if (part !== undefined) parts.push(part);
    return [
      {
        ...{ url, replica: answer.replica, detail: answer.detail, share: answer.share, error: null },
        state: enumWord(ShadowState, answer.state) || String(answer.state),
        rows: Number(part?.statistics?.rows ?? 0),
        since: part?.since ? timestampDate(part.since).toISOString() : null,
        losses: part?.losses ?? null,
      },
    ];
  });
  const sums = parts.flatMap((part) => (part.sums ? [sumsFromProto(part.sums)] : []));
  return {
    ...{ champion, challenger, replicas, remarks },
    statistics: sums.length === 0 ? null : comparisonStatistics(mergeSums(sums)),
  };
}

/**
 * Returns a remark for each URL whose name has several addresses: a call reaches only one of them, so that the rows of the others are
 * missing. A name that cannot be looked up has no remark: the call has failed or succeeded by itself.
 */
export async function addressRemarks(answers: readonly ReplicaAnswer[]): Promise<string[]> {
  const remarks = await Promise.all(
    answers.map(async ({ url }) => {
      const { hostname } = new URL(url);
      if (isLoopback(hostname)) return [];
      const found = await lookup(hostname, { all: true, family: 4 }).catch(() => []);
      return found.length < 2
        ? []
        : [
            `${hostname} has ${found.length} addresses, and one replica of them answered: give --ml the URL of each replica`,
          ];
    }),
  );
  return remarks.flat();
}
