import { createHmac } from "node:crypto";
import { newGuid } from "./world.ts";
import type { World } from "./world.ts";
import { installationOf } from "./state.ts";
import type { Account, Installation, Repository } from "./state.ts";
import { accountJson, organizationJson } from "./json/account.ts";
import { repositoryJson } from "./json/repository.ts";
import { toNodeId } from "./node-id.ts";
import type { Payload, WebhookDelivery } from "./webhook-delivery.ts";

/** Delivers an event of a repository, if the App is installed on it and not suspended. */
export function deliverRepositoryEvent(
  world: World,
  name: string,
  repository: Repository,
  sender: Account,
  content: Payload,
  installation: Installation | null = installationOf(world.state, repository),
): void {
  if (!world.delivering || installation === null || installation.suspendedAt !== null) return;
  push(world, name, installation, repository.id, {
    ...content,
    repository: repositoryJson(world, repository),
    ...(repository.owner.type === "Organization" && {
      organization: organizationJson(world, repository.owner),
    }),
    sender: accountJson(world, sender),
    installation: { id: installation.id, node_id: toNodeId("Installation", installation.id) },
  });
}

/** Delivers an event of an installation, whatever its state. */
export function deliverInstallationEvent(
  world: World,
  name: string,
  installation: Installation,
  sender: Account,
  content: Payload,
): void {
  if (!world.delivering) return;
  push(world, name, installation, null, { ...content, sender: accountJson(world, sender) });
}

function push(
  world: World,
  name: string,
  installation: Installation,
  repositoryId: number | null,
  payload: Payload,
): void {
  world.deliveries.push({
    id: newGuid(world),
    name,
    payload,
    at: world.now().toISOString(),
    appId: world.app.id,
    installationId: installation.id,
    repositoryId,
  });
}

/** Creates the exact body and headers of GitHub's request. */
export function signDelivery(
  secret: string,
  delivery: WebhookDelivery,
): { body: string; headers: Record<string, string> } {
  const body = JSON.stringify(delivery.payload);
  const mac = (algorithm: string) =>
    `${algorithm}=${createHmac(algorithm, secret).update(body).digest("hex")}`;
  return {
    body,
    headers: {
      accept: "*/*",
      "content-type": "application/json",
      "user-agent": "GitHub-Hookshot/8f5e7d2",
      "x-github-delivery": delivery.id,
      "x-github-event": delivery.name,
      "x-github-hook-id": "448290012",
      "x-github-hook-installation-target-id": String(delivery.appId),
      "x-github-hook-installation-target-type": "integration",
      "x-hub-signature": mac("sha1"),
      "x-hub-signature-256": mac("sha256"),
    },
  };
}

/** Sends a delivery once and gives up after ten seconds, like GitHub. Throws what `fetch` throws. */
export async function sendDelivery(
  url: string,
  secret: string,
  delivery: WebhookDelivery,
): Promise<Response> {
  return fetch(url, {
    method: "POST",
    ...signDelivery(secret, delivery),
    signal: AbortSignal.timeout(10_000),
  });
}
