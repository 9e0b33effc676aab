/** How large a storm is. Its length follows: 60 deliveries a second. */
export interface StormSize {
  /** Webhooks that GitHub causes; some more when the last thing that happens causes several. */
  deliveries: number;
  pullRequests: number;
  repositories: number;
  /** How often the server is killed. */
  kills: number;
}

/** Below so many deliveries a storm is a small one. */
const small = 1_000;

/** Everything that goes with so many deliveries. */
export function stormOf(deliveries: number): StormSize {
  const pullRequests = Math.ceil(deliveries / 50);
  return deliveries < small
    ? { deliveries, pullRequests, repositories: 3, kills: 1 }
    : { deliveries, pullRequests, repositories: 5, kills: 3 };
}
