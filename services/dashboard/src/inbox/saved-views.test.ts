import { AlertTab } from "@bellwether/gen/bellwether/ops/v1/alert_service_pb";
import { expect, test } from "vitest";
import { ACTIVE_ALERTS } from "../routing/inbox-view.ts";
import { GIVEN_VIEWS, MAX_VIEWS, parseViews, storedViews, withView } from "./saved-views.ts";

const view = (name: string) => ({ name, view: { ...ACTIVE_ALERTS, tab: AlertTab.WORSE, text: name } });

test("saved views are read as they were stored", () => {
  const views = [view("a"), view("b & c"), ...GIVEN_VIEWS];
  expect(parseViews(storedViews(views))).toEqual(views);
});

test("what was not stored by this page is ignored", () => {
  for (const stored of [null, "", "x", "{}", '[1, ["a"], ["", "?tab=new"], ["a", 5]]']) {
    expect(parseViews(stored), String(stored)).toEqual([]);
  }
});

test("a view of the same name is replaced, a view without a name is not saved, and the number is bounded", () => {
  const views = withView(withView([], view("a")), view("b"));
  expect(withView(views, view(" a ")).map(({ name }) => name)).toEqual(["a", "b"]);
  expect(withView(views, view("  "))).toEqual(views);
  const many = Array.from({ length: MAX_VIEWS }, (_, i) => view(String(i)));
  expect(withView(many, view("new"))).toHaveLength(MAX_VIEWS);
});
