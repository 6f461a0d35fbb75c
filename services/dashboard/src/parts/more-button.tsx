/** A button that loads the next page of a list. Renders nothing when there is no next page. */
export function MoreButton(props: { hasMore: boolean; loading: boolean; onMore: () => void }) {
  if (!props.hasMore) return null;
  return (
    <p className="more">
      <button type="button" disabled={props.loading} onClick={props.onMore}>
        {props.loading ? "Loading…" : "Show more"}
      </button>
    </p>
  );
}
