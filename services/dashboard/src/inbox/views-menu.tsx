import * as Menu from "@radix-ui/react-dropdown-menu";
import { type Ref, useState } from "react";
import type { InboxView } from "../routing/inbox-view.ts";
import { isIn, type OpenedBy } from "./opened-by.ts";
import { GIVEN_VIEWS, readViews, type SavedView, storeViews, withView } from "./saved-views.ts";

/** Container of the menu. It has no ARIA attributes, because the button that opened the menu has them. */
function MenuAnchor({ ref }: { ref?: Ref<HTMLSpanElement> }) {
  return <span ref={ref} className="menu-anchor" />;
}

interface ViewsMenuProps extends OpenedBy {
  readonly view: InboxView;
  readonly onView: (view: InboxView) => void;
}

/** The saved views. A view is an address, so a link to it can be copied and sent. */
export default function ViewsMenu({ view, onView, button, onClose }: ViewsMenuProps) {
  const [views, setViews] = useState(readViews);
  const change = (next: SavedView[]): void => {
    setViews(next);
    storeViews(next);
  };
  const save = (): void => {
    const name = window.prompt("Name of this view");
    if (name) change(withView(views, { name, view }));
  };
  const item = (saved: SavedView) => (
    <Menu.Item key={saved.name} className="menu-item" onSelect={() => onView(saved.view)}>
      {saved.name}
    </Menu.Item>
  );
  return (
    <Menu.Root open modal={false} onOpenChange={(isOpen) => isOpen || onClose()}>
      <Menu.Trigger asChild>
        <MenuAnchor />
      </Menu.Trigger>
      <Menu.Portal>
        <Menu.Content
          className="popover menu"
          aria-label="Views"
          align="start"
          collisionPadding={8}
          onInteractOutside={(event) => isIn(button, event.target) && event.preventDefault()}
          onCloseAutoFocus={(event) => {
            event.preventDefault();
            button.current?.focus();
          }}
        >
          {GIVEN_VIEWS.map(item)}
          {views.length > 0 && <Menu.Separator className="menu-line" />}
          {views.map(item)}
          <Menu.Separator className="menu-line" />
          <Menu.Item className="menu-item" onSelect={save}>
            Save this view…
          </Menu.Item>
          <Menu.Item className="menu-item" onSelect={() => void navigator.clipboard?.writeText(window.location.href)}>
            Copy the link to this view
          </Menu.Item>
          {views.length > 0 && (
            <Menu.Sub>
              <Menu.SubTrigger className="menu-item">Remove a view</Menu.SubTrigger>
              <Menu.Portal>
                <Menu.SubContent className="popover menu" collisionPadding={8}>
                  {views.map(({ name }) => (
                    <Menu.Item
                      key={name}
                      className="menu-item"
                      onSelect={() => change(views.filter((one) => one.name !== name))}
                    >
                      {name}
                    </Menu.Item>
                  ))}
                </Menu.SubContent>
              </Menu.Portal>
            </Menu.Sub>
          )}
        </Menu.Content>
      </Menu.Portal>
    </Menu.Root>
  );
}
