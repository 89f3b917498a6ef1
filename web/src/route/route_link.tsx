import type { AnchorHTMLAttributes } from "react";
import { navigation } from "./navigation.ts";
import type { Route, Tab } from "./route.ts";
import { formatRoute } from "./route.ts";

/**
 * A link within the panel. A plain click goes through `navigation`, so that unsaved changes are asked
 * about; opening it in a new tab stays the browser's business.
 */
export function RouteLink({
  to,
  children,
  ...rest
}: Omit<AnchorHTMLAttributes<HTMLAnchorElement>, "href"> & { to: Partial<Route> & { tab: Tab } }) {
  return (
    <a
      href={formatRoute(to)}
      onClick={(event) => {
        if (event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
        event.preventDefault();
        navigation.go(to);
      }}
      {...rest}
    >
      {children}
    </a>
  );
}
