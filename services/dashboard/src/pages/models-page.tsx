import {
  ModelRegistryService,
  type ModelVersion,
} from "@bellwether/gen/bellwether/registry/v1/model_registry_service_pb";
import { visibleText } from "@bellwether/reasons/visible-text";
import { useInfiniteQuery, useQuery } from "@connectrpc/connect-query";
import { keepPreviousData } from "@tanstack/react-query";
import { ChampionCard } from "../models/champion-card.tsx";
import { GateCard } from "../models/gate-card.tsx";
import { HistoryTable } from "../models/history-table.tsx";
import { ReplicaCard } from "../models/replica-card.tsx";
import { ShadowComparison } from "../models/shadow-comparison.tsx";
import { useReplicas } from "../models/use-replicas.ts";
import { VersionCard } from "../models/version-card.tsx";
import { VersionComparison } from "../models/version-comparison.tsx";
import { versionState } from "../models/version-state.ts";
import { VersionTable } from "../models/version-table.tsx";
import { Empty, Failure, Loading } from "../parts/load-states.tsx";
import { MoreButton } from "../parts/more-button.tsx";
import { OnDemand } from "../parts/on-demand.tsx";
import { Page } from "../parts/page.tsx";
import { usePagesKept } from "../parts/use-pages-kept.ts";
import type { ModelsView } from "../routing/record-views.ts";
import { isMissing } from "../rpc/problem.ts";

/** Number of moves of the champion that are listed; a rollback looks for an earlier champion among them. */
const MOVES = 200;

/** The versions of a model: which one answers, what each one is, and who changed that. */
export function ModelsPage({ view }: { view: ModelsView }) {
  const { modelName } = view;
  const aliases = useQuery(ModelRegistryService.method.listAliases, { modelName });
  const history = useQuery(ModelRegistryService.method.listProductionHistory, { modelName, pageSize: MOVES });
  const replicas = useReplicas(modelName);
  const list = useInfiniteQuery(
    ModelRegistryService.method.listVersions,
    { modelName, pageToken: "" },
    {
      pageParamKey: "pageToken",
      getNextPageParam: ({ nextPageToken }) => nextPageToken || undefined,
      placeholderData: keepPreviousData,
    },
  );
  const readMore = usePagesKept(list);
  const versions = list.data?.pages.flatMap((page) => page.versions) ?? [];
  const shownAliases = aliases.data?.aliases ?? [];
  const aliasOf = (alias: string): string => shownAliases.find(({ name }) => name === alias)?.version ?? "";
  const champion = aliasOf("champion");
  const shown = view.version || champion;
  const gated = view.version || aliasOf("challenger");
  const name = versions[0]?.modelName ?? modelName;
  const stateOf = (version: ModelVersion) => versionState(version, shownAliases, replicas.data ?? []);
  const rejectionOf = (wanted: string): string => {
    const found = versions.find(({ version }) => version === wanted);
    return found ? (stateOf(found).rejections[0] ?? "") : "";
  };
  if (list.isError && isMissing(list.error))
    return (
      <Page title="Models">
        <Empty title={modelName === "" ? "No model is published" : `There is no model ${visibleText(modelName)}`}>
          Train and publish one: <code>npx bellwether train --publish</code>
        </Empty>
      </Page>
    );
  const moves = history.data?.moves;
  return (
    <Page title="Models" extra={name !== "" && <span className="quiet">Model {visibleText(name)}</span>}>
      {aliases.isPending && <Loading what="the aliases" />}
      {aliases.isError && <Failure error={aliases.error} onRetry={() => void aliases.refetch()} />}
      {aliases.data && <ChampionCard modelName={name} aliases={shownAliases} moves={moves} rejectionOf={rejectionOf} />}
      {gated !== "" && name !== "" && <GateCard key={gated} modelName={name} version={gated} champion={champion} />}
      <section className="card" aria-labelledby="versions">
        <h2 id="versions">Versions</h2>
        {list.isPending && <Loading what="the versions" />}
        {versions.length > 0 && <VersionTable view={view} shown={shown} versions={versions} stateOf={stateOf} />}
        {list.isError && <Failure error={list.error} onRetry={() => void list.refetch()} />}
        <MoreButton hasMore={list.hasNextPage} loading={list.isFetchingNextPage} onMore={readMore} />
      </section>
      {shown !== "" && view.other !== "" && <VersionComparison view={view} shown={shown} />}
      {shown !== "" && <VersionCard modelName={modelName} version={shown} />}
      <OnDemand title="What a promotion of the challenger would change" what="the comparison">
        <ShadowComparison modelName={modelName} />
      </OnDemand>
      <ReplicaCard replicas={replicas} />
      <section className="card" aria-labelledby="history">
        <h2 id="history">Production history</h2>
        {history.isPending && <Loading what="the history" />}
        {history.isError && <Failure error={history.error} onRetry={() => void history.refetch()} />}
        {moves && moves.length > 0 && <HistoryTable moves={moves} />}
        {moves?.length === 0 && <p className="quiet">No version was the champion before.</p>}
        {history.data && history.data.nextPageToken !== "" && (
          <p className="quiet">The {MOVES} latest changes; the audit log has all.</p>
        )}
      </section>
    </Page>
  );
}
