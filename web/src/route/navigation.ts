import { useSyncExternalStore } from "react";
import type { Route, Tab } from "./route.ts";
import { formatRoute, parseRoute } from "./route.ts";

/** Asked before the user leaves; calls `go` once leaving is fine. */
export type Guard = (next: Route, go: () => void) => void;

export interface Navigation {
  /** The current route. The same object until it changes. */
  readonly route: () => Route;
  readonly subscribe: (listener: () => void) => () => void;
  go(next: Partial<Route> & { tab: Tab }): void;
  /** Changes the address without a step in the history: for the time within an episode. */
  replace(next: Route): void;
  /** Guards the current place until the returned function is called. At most one at a time. */
  guard(guard: Guard): () => void;
}

/** The part of `window` that navigation uses. */
export interface Address {
  readonly location: { readonly hash: string };
  readonly history: {
    pushState(data: unknown, unused: string, url: string): void;
    replaceState(data: unknown, unused: string, url: string): void;
  };
  addEventListener(type: "popstate" | "hashchange", listener: () => void): void;
}

export function createNavigation(address: Address): Navigation {
  const listeners = new Set<() => void>();
  let route = parseRoute(address.location.hash);
  let guarding: Guard | null = null;

  function show(next: Route): void {
    route = next;
    for (const listener of [...listeners]) listener();
  }

  function leaveTo(next: Route): void {
    const go = (): void => {
      address.history.pushState(null, "", formatRoute(next));
      show(next);
    };
    if (guarding) guarding(next, go);
    else go();
  }

  // Back, forward, or a changed address: the browser has moved already.
  function moved(): void {
    const next = parseRoute(address.location.hash);
    if (formatRoute(next) === formatRoute(route)) return;
    if (!guarding) {
      show(next);
      return;
    }
    address.history.pushState(null, "", formatRoute(route));
    leaveTo(next);
  }
  address.addEventListener("popstate", moved);
  address.addEventListener("hashchange", moved);

  return {
    route: () => route,
    subscribe: (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    go(next) {
      const whole = parseRoute(formatRoute(next));
      if (formatRoute(whole) !== formatRoute(route)) leaveTo(whole);
    },
    replace(next) {
      if (formatRoute(next) === formatRoute(route)) return;
      address.history.replaceState(null, "", formatRoute(next));
      show(next);
    },
    guard(guard) {
      guarding = guard;
      return () => {
        if (guarding === guard) guarding = null;
      };
    },
  };
}

export const navigation = createNavigation(window);

export function useRoute(): Route {
  return useSyncExternalStore(navigation.subscribe, navigation.route);
}
