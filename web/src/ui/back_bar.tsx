import type { Route, Tab } from "@/route/route.ts";
import { RouteLink } from "@/route/route_link.tsx";
import { Icon } from "./icons.tsx";

/** On a phone: the way back to the list. */
export function BackBar({ to, children }: { to: Partial<Route> & { tab: Tab }; children: string }) {
  return (
    <nav aria-label="Back" className="border-b border-line md:hidden">
      <RouteLink to={to} className="flex h-11 items-center gap-1 px-3 font-medium text-quiet">
        <Icon name="back" />
        {children}
      </RouteLink>
    </nav>
  );
}
