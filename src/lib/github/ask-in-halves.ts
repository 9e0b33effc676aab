import type { GitHubClient } from "./github-client.ts";
import { answersGraphql } from "./read-pull-requests.ts";
import { isTooMuchAtOnce } from "./to-inngest-error.ts";

/**
 * Sends a GraphQL query about several items. When GitHub fails it, the halves are queried, down to the item that fails by itself. `points` are
 * those of the failed queries.
 */
export async function askInHalves<Item, Answer>(
  client: GitHubClient,
  items: readonly Item[],
  ask: (items: readonly Item[]) => Promise<Answer>,
): Promise<{ answers: Answer[]; failed: Item[]; points: number }> {
  try {
    return { answers: [await ask(items)], failed: [], points: 0 };
  } catch (error) {
    if (!isTooMuchAtOnce(error) || !(await answersGraphql(client))) throw error;
  }
  if (items.length === 1) return { answers: [], failed: [...items], points: 1 };
  const middle = Math.ceil(items.length / 2);
  const first = await askInHalves(client, items.slice(0, middle), ask);
  const second = await askInHalves(client, items.slice(middle), ask);
  return {
    answers: [...first.answers, ...second.answers],
    failed: [...first.failed, ...second.failed],
    points: first.points + second.points + 1, // `answersGraphql` costs one
  };
}
