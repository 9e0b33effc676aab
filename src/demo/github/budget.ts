import type { World } from "./world.ts";

export type Resource = "core" | "graphql";

/** What one credential may still ask in the running hour. The hour begins with its first request. */
export interface Budget {
  resource: Resource;
  limit: number;
  used: number;
  /** Seconds since 1970. */
  reset: number;
}

export function createBudget(resource: Resource, limit: number): Budget {
  return { resource, limit, used: 0, reset: 0 };
}

/** Call before looking at a budget: an hour that is over begins anew. */
export function renew(world: World, budget: Budget): Budget {
  const now = Math.floor(world.now().getTime() / 1000);
  if (now >= budget.reset) Object.assign(budget, { used: 0, reset: now + 3600 });
  return budget;
}

export function remaining(budget: Budget): number {
  return Math.max(0, budget.limit - budget.used);
}

export function rateLimitHeaders(budget: Budget): Record<string, string> {
  return {
    "x-ratelimit-limit": String(budget.limit),
    "x-ratelimit-remaining": String(remaining(budget)),
    "x-ratelimit-reset": String(budget.reset),
    "x-ratelimit-resource": budget.resource,
    "x-ratelimit-used": String(budget.used),
  };
}

export function budgetJson(budget: Budget) {
  return { limit: budget.limit, used: budget.used, remaining: remaining(budget), reset: budget.reset };
}
