import type { World } from "./world.ts";

export type Resource = "core" | "graphql";

/** The rate limit of one credential. The hour starts with its first request. */
export interface CredentialBudget {
  resource: Resource;
  limit: number;
  used: number;
  /** Seconds since 1970. */
  reset: number;
}

export function createBudget(resource: Resource, limit: number): CredentialBudget {
  return { resource, limit, used: 0, reset: 0 };
}

/** Starts a new hour when the last one is over. Call it before reading a budget. */
export function renew(world: World, budget: CredentialBudget): CredentialBudget {
  const now = Math.floor(world.now().getTime() / 1000);
  if (now >= budget.reset) Object.assign(budget, { used: 0, reset: now + 3600 });
  return budget;
}

export function remaining(budget: CredentialBudget): number {
  return Math.max(0, budget.limit - budget.used);
}

export function rateLimitHeaders(budget: CredentialBudget): Record<string, string> {
  return {
    "x-ratelimit-limit": String(budget.limit),
    "x-ratelimit-remaining": String(remaining(budget)),
    "x-ratelimit-reset": String(budget.reset),
    "x-ratelimit-resource": budget.resource,
    "x-ratelimit-used": String(budget.used),
  };
}

export function budgetJson(budget: CredentialBudget) {
  return { limit: budget.limit, used: budget.used, remaining: remaining(budget), reset: budget.reset };
}
