/** The size of a storm. It has 60 deliveries a second. */
export interface StormSize {
  /** The number of webhooks. It is exceeded when the last act causes several. */
  deliveries: number;
  pullRequests: number;
  repositories: number;
  /** The number of times that the server is killed. */
  kills: number;
}

/** A storm with fewer deliveries is small. */
const minLarge = 1_000;

/** Returns the size of a storm with this number of deliveries. */
export function stormOf(deliveries: number): StormSize {
  const pullRequests = Math.ceil(deliveries / 50);
  return deliveries < minLarge
    ? { deliveries, pullRequests, repositories: 3, kills: 1 }
    : { deliveries, pullRequests, repositories: 5, kills: 3 };
}
