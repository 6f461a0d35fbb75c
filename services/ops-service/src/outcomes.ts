import type { ReviewPolicy } from "@bellwether/config/risk-policy";
import { OutcomeService } from "@bellwether/gen/bellwether/ops/v1/outcome_service_pb";
import { PerformanceService } from "@bellwether/gen/bellwether/ops/v1/performance_service_pb";
import { type Route, route } from "@bellwether/mesh/call/route";
import type { Logger } from "@bellwether/telemetry/logger";
import type { Transport } from "@connectrpc/connect";
import { createScorecardScorer } from "./clients/scorecard.ts";
import { correctOutcome } from "./domain/outcomes/correct-outcome.ts";
import { recordOutcomes } from "./domain/outcomes/record-outcomes.ts";
import { ruleLimits } from "./domain/outcomes/rule-limits.ts";
import type { ActiveRuleSet } from "./domain/rules/active-rules.ts";
import { startScorecardCare } from "./jobs/scorecard-care.ts";
import { createMeasurement } from "./performance/run-measurement.ts";
import { outcomeHandlers } from "./rpc/outcomes/outcomes.ts";
import { performanceHandlers } from "./rpc/outcomes/performance.ts";
import type { OutcomeSpecOf } from "./setup/read-outcome-spec.ts";
import { createBackgroundWork } from "./store/background-work.ts";
import type { Database } from "./store/database.ts";
import { listOutcomes } from "./store/outcomes/outcomes.ts";
import { createCorrection, createOutcomeTransaction } from "./store/outcomes/record-outcomes.ts";
import { drawReviewSamples, readReviewSample } from "./store/outcomes/review-samples.ts";
import {
  findStoredScorecard,
  listUnscored,
  readFeatures,
  storeScorecardScores,
} from "./store/outcomes/scorecard-scores.ts";
import { listScoringModels } from "./store/scores/scoring-models.ts";

export interface OutcomePorts {
  readonly outcomesOf: OutcomeSpecOf;
  readonly reviews: ReviewPolicy;
  /** Returns the active rule sets of a model. */
  readonly activeRulesOf: (modelName: string) => Promise<readonly ActiveRuleSet[]>;
  readonly databaseUrl: string;
  readonly database: Database;
  /** The connection to ml-service. */
  readonly ml: Transport;
  readonly logger: Pick<Logger, "warn">;
  readonly now: () => Date;
  readonly newId: () => string;
}

/** OutcomeService and PerformanceService. */
export interface Outcomes extends AsyncDisposable {
  readonly routes: readonly Route[];
  /** Draws the review sample of a run that was completed, and scores it with the scorecard. Does not wait. */
  readonly onComplete: () => void;
}

/** Starts the services for outcomes, and draws the review sample that a killed process has not drawn. */
export function startOutcomes(ports: OutcomePorts): Outcomes {
  const { outcomesOf, reviews, activeRulesOf, databaseUrl, database, ml, logger, now, newId } = ports;
  const { db, inTransaction, publishing } = database;
  const inRecording = createOutcomeTransaction(inTransaction, { now, newId });
  const inCorrection = createCorrection(inTransaction, { now, newId });
  const listModels = () => listScoringModels(db);
  const rulesOf = (modelName: string) => ({ now: now(), horizonDays: outcomesOf(modelName).horizonDays });
  const drawing = createBackgroundWork(
    () => drawReviewSamples(publishing.db, publishing.inTransaction, reviews),
    (error) => logger.warn({ err: error }, "the review sample was not drawn"),
  );
  drawing.start();
  const scorecards = startScorecardCare({
    ports: {
      ...createScorecardScorer(ml),
      findStored: (modelName) => findStoredScorecard(publishing.db, modelName),
      listUnscored: (scorecard, limit) => listUnscored(publishing.db, scorecard, limit),
      readFeatures: (run, after, share) => readFeatures(publishing.db, run, after, share),
      store: (run, scorecard, scores) => storeScorecardScores(publishing.db, run, scorecard, scores),
    },
    listModels: async () => (await listModels()).map(({ modelName }) => modelName),
    onError: (error) => logger.warn({ err: error }, "weeks were not scored with the scorecard"),
  });
  const handlers = outcomeHandlers({
    ...{ listModels, outcomesOf },
    record: (request, scope) => recordOutcomes((work) => inRecording(scope, work), request, rulesOf(request.modelName)),
    correct: (request, scope) => inCorrection(scope, (store) => correctOutcome(store, request, rulesOf)),
    list: (query, limit) => listOutcomes(db, query, limit),
    readReviews: (which) => readReviewSample(db, which),
  });
  const measuring = performanceHandlers({
    ...{ now, outcomesOf, listModels },
    ruleLimitsOf: async (modelName) => ruleLimits(await activeRulesOf(modelName)),
    scorecardOf: scorecards.statusOf,
    measure: createMeasurement(databaseUrl),
  });
  return {
    routes: [route(OutcomeService, handlers), route(PerformanceService, measuring)],
    onComplete() {
      drawing.start();
      scorecards.start();
    },
    async [Symbol.asyncDispose]() {
      await Promise.all([drawing[Symbol.asyncDispose](), scorecards[Symbol.asyncDispose]()]);
    },
  };
}
