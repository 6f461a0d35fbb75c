import type { NoticeDestination } from "@bellwether/gen/bellwether/ops/v1/notice_pb";
import { visibleText } from "@bellwether/reasons/visible-text";
import { Badge } from "../parts/badges.tsx";
import { agoText, timeText } from "../parts/format.ts";
import { Wide } from "../parts/wide.tsx";
import { wordOf } from "../parts/words.ts";
import { hrefOf } from "../routing/route.ts";
import { useReader } from "../session/reader.ts";
import { ruleTexts, timeTexts } from "./destination-text.ts";
import { CHANNEL_WORDS, limitedCount } from "./notice-words.ts";
import type { NoticeActions } from "./use-notice-actions.ts";

interface DestinationTableProps {
  readonly destinations: readonly NoticeDestination[];
  readonly actions: NoticeActions;
}

/** The destinations in the order of the routes file, and their buttons for administrators. */
export function DestinationTable({ destinations, actions }: DestinationTableProps) {
  const { mayAdminister } = useReader();
  const nowMs = Date.now();
  return (
    <Wide label="Destinations">
      <table className="stacks">
        <thead>
          <tr>
            <th scope="col">Destination</th>
            <th scope="col">State</th>
            <th scope="col">Gets</th>
            <th scope="col">When</th>
            <th scope="col">Waiting</th>
            <th scope="col">Dead</th>
            <th scope="col">Last delivery</th>
            {mayAdminister && <th scope="col">Actions</th>}
          </tr>
        </thead>
        <tbody>
          {destinations.map((destination) => {
            const { name, channel, waiting, collected, dead, lastDeliveredAt, disabledAt } = destination;
            return (
              <tr key={name}>
                <th scope="row">
                  {name}
                  <small>{wordOf(CHANNEL_WORDS, channel)}</small>
                </th>
                <td>
                  <DestinationState destination={destination} />
                </td>
                <td className="whole">
                  {ruleTexts(destination).map((text) => (
                    <small key={text}>
                      <bdi>{visibleText(text)}</bdi>
                    </small>
                  ))}
                </td>
                <td className="whole">
                  {timeTexts(destination).map((text) => (
                    <small key={text}>{text}</small>
                  ))}
                </td>
                <td className="number labelled" data-label="Waiting">
                  {limitedCount(waiting)}
                  {collected > 0 && <small>{limitedCount(collected)} collected</small>}
                </td>
                <td className="number labelled" data-label="Dead">
                  {dead === 0 ? (
                    "0"
                  ) : (
                    <a href={hrefOf({ page: "notices", state: "dead", destination: name })}>{limitedCount(dead)}</a>
                  )}
                </td>
                <td className="when labelled" data-label="Last delivery" title={timeText(lastDeliveredAt)}>
                  {agoText(lastDeliveredAt, nowMs) || "none"}
                </td>
                {mayAdminister && (
                  <td className="whole">
                    <div className="actions">
                      {disabledAt ? (
                        <button type="button" disabled={actions.isBusy} onClick={() => actions.enable(name)}>
                          Enable<span className="unseen"> {name}</span>
                        </button>
                      ) : (
                        <button type="button" disabled={actions.isBusy} onClick={() => actions.test(name)}>
                          Send test<span className="unseen"> to {name}</span>
                        </button>
                      )}
                    </div>
                  </td>
                )}
              </tr>
            );
          })}
        </tbody>
      </table>
    </Wide>
  );
}

function DestinationState({ destination }: { destination: NoticeDestination }) {
  const { disabledAt, disabledReason, allowsPrivateNetworks } = destination;
  return (
    <>
      {disabledAt ? <Badge tone="urgent">Disabled</Badge> : <Badge tone="calm">On</Badge>}
      {disabledAt && (
        <small>
          {timeText(disabledAt)}: <bdi>{visibleText(disabledReason)}</bdi>
        </small>
      )}
      {allowsPrivateNetworks && <small>private networks allowed</small>}
    </>
  );
}
