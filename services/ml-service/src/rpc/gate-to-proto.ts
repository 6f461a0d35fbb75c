import {
  GateCheckOutcome,
  type GateCheckSchema,
  type GateResultSchema,
  GateVerdict,
} from "@bellwether/gen/bellwether/registry/v1/promotion_gate_pb";
import type { StoredGate } from "@bellwether/registry/versions/read-gate";
import type { GateCheck } from "@bellwether/risk-model/promotion/gate-check";
import { renderPlots } from "@bellwether/risk-model/promotion/gate-svg";
import type { MessageInitShape } from "@bufbuild/protobuf";
import { timestampFromDate } from "@bufbuild/protobuf/wkt";

const VERDICTS = { PASS: GateVerdict.PASS, HELD: GateVerdict.HELD, FAIL: GateVerdict.FAIL } as const;
const OUTCOMES = {
  passed: GateCheckOutcome.PASSED,
  held: GateCheckOutcome.HELD,
  failed: GateCheckOutcome.FAILED,
  not_made: GateCheckOutcome.NOT_MADE,
} as const;

function checkToProto(check: GateCheck): MessageInitShape<typeof GateCheckSchema> {
  const { name, outcome, champion, challenger, figure, low, high, bound, reason } = check;
  return {
    ...{ name, outcome: OUTCOMES[outcome], reason },
    ...(champion !== null && { champion }),
    ...(challenger !== null && { challenger }),
    ...(figure !== null && { figure }),
    ...(low !== null && { low }),
    ...(high !== null && { high }),
    ...(bound !== null && { bound }),
  };
}

/** Returns a result of the promotion gate with its plots and the decision about it. */
export function gateToProto({ id, record, decision }: StoredGate): MessageInitShape<typeof GateResultSchema> {
  const { modelName, champion, challenger, verdict, checks, window, rows, positives, suppliers, plots } = record;
  return {
    ...{ gateId: id, modelName, champion, challenger, verdict: VERDICTS[verdict], window },
    checks: checks.map(checkToProto),
    ...{ rows: BigInt(rows), positives: BigInt(positives), suppliers: BigInt(suppliers) },
    ...{ gatedAt: timestampFromDate(new Date(record.gatedAt)), gatedBy: record.gatedBy },
    ...(decision !== null && {
      decision: {
        ...{ isApproved: decision.outcome === "approved", decidedBy: decision.by, reason: decision.reason },
        decidedAt: timestampFromDate(new Date(decision.at)),
      },
    }),
    references: record.references.map(({ name, rows: n, auc, averagePrecision, brier }) => ({
      ...{ name, rows: BigInt(n) },
      ...(auc !== null && { auc }),
      ...(averagePrecision !== null && { averagePrecision }),
      ...(brier !== null && { brier }),
    })),
    plots: plots === null ? [] : renderPlots(plots, record),
  };
}
