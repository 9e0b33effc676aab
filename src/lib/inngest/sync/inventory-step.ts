/** The step that lists a page of a repository's pull requests, with their counts. */
import { refuseAnother } from "../../github/confirm-name.ts";
import { listInventory, pullRequestsOfRepository, type InventoryOrder } from "../../github/list-inventory.ts";
import { readPage } from "../../github/read-page.ts";
import { recordInventory } from "../../store/sync.ts";
import { askGitHub, toContext } from "../captures/capture.ts";
import type { SyncPosition } from "../events/sync-position-schema.ts";
import { nullIfTooMuch } from "./give-up.ts";
import type { Paced, SyncRun, SyncStepDependencies } from "./sync-run.ts";
import type { InventoryRead } from "./sync-position.ts";

export function createInventoryStep({ store, github, waitFor }: SyncStepDependencies) {
  /** Null if GitHub fails to answer the page. */
  async function takeInventory(
    run: SyncRun,
    { inventory }: SyncPosition,
    order: InventoryOrder,
  ): Promise<(InventoryRead & Paced) | null> {
    const listPage = inventory.by === "graphql" ? listByGraphql : listByRest;
    const page = await listPage(run, inventory, order);
    if (!page) return null;
    const { items, date, requests, points, total, unreadable, cursor, list, budget } = page;
    const { since } = run.event.data;
    const recent = items.filter(
      ({ updated_at }) => order === "created" || !since || Date.parse(updated_at) >= Date.parse(since),
    );
    const context = toContext(run, { observedAt: date, source: "fetch", requests, points });
    await recordInventory(store, context, recent);
    return {
      date,
      total,
      listed: items.length,
      unreadable,
      isLast: recent.length < items.length || (cursor === null && list === null),
      cursor,
      list,
      waitUntil: waitFor(budget),
    };
  }

  async function listByGraphql(run: SyncRun, inventory: SyncPosition["inventory"], order: InventoryOrder) {
    const { cursor: after, pageSize: first } = inventory;
    const page = await askGitHub(github, run, (client, { repository }) =>
      nullIfTooMuch(client, () => listInventory(client, repository, { order, first, after }), first === 1),
    );
    return page && { ...page, list: null, requests: 0 };
  }

  async function listByRest(run: SyncRun, inventory: SyncPosition["inventory"], order: InventoryOrder) {
    const page = await askGitHub(github, run, async (client, { repository }) => {
      const listed = pullRequestsOfRepository(repository, order);
      const read = await readPage(client, listed, inventory.list, run.attempt);
      for (const { repositoryId } of read.data)
        if (repositoryId !== null) refuseAnother(repository, repositoryId);
      return read;
    });
    const { data, date, next: list, unreadable, requests, budget } = page;
    return {
      items: data.map(({ item }) => item),
      date,
      list,
      requests,
      budget,
      unreadable: unreadable.length,
      total: null,
      cursor: null,
      points: 0,
    };
  }

  return { takeInventory };
}
