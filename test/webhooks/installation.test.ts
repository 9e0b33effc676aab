import { expect, test } from "vitest";
import { installationWebhook } from "../../src/webhooks/installation.ts";
import { installationRepositoriesWebhook } from "../../src/webhooks/installation-repositories.ts";
import type { Webhook } from "../../src/webhooks/webhook.ts";
import { exampleOf } from "../support/webhook-examples.ts";

const translate = (webhook: Webhook, payload: unknown) =>
  webhook.translate({ id: "guid", payload, receivedAt: new Date() });

const maxBytes = 256 * 1024; // https://www.inngest.com/docs/usage-limits/inngest

function listed(count: number) {
  return Array.from({ length: count }, (_, index) => ({
    id: index + 1,
    full_name: `${"o".repeat(39)}/${"r".repeat(95)}-${index}`,
    private: true,
  }));
}

test("very many repositories become several events, each of which Inngest accepts", () => {
  const example = exampleOf("installation", "created");
  const payload = { ...example, installation: example["installation"], repositories: listed(1201) };
  const events = translate(installationWebhook, payload);
  expect(events.map(({ id }) => id)).toEqual([
    "guid:capture/installation.changed",
    "guid:capture/installation.changed:1",
    "guid:capture/installation.changed:2",
  ]);
  const added = events.flatMap(({ data }) => data["added"] as { id: number }[]);
  expect(added.map(({ id }) => id)).toEqual(payload.repositories.map(({ id }) => id));
  for (const event of events) expect(Buffer.byteLength(JSON.stringify(event))).toBeLessThan(maxBytes);
});

test("added and removed repositories are split together", () => {
  const example = exampleOf("installation_repositories", "added");
  const payload = {
    ...example,
    installation: example["installation"],
    repositories_added: listed(600),
    repositories_removed: listed(501),
  };
  const events = translate(installationRepositoriesWebhook, payload);
  expect(events.map(({ data }) => [data["added"], data["removed"]])).toMatchObject([
    [{ length: 500 }, { length: 500 }],
    [{ length: 100 }, { length: 1 }],
  ]);
  for (const event of events) expect(Buffer.byteLength(JSON.stringify(event))).toBeLessThan(maxBytes);
});

test("an installation on an enterprise has no account", () => {
  const example = exampleOf("installation", "created");
  const account = { id: 7, slug: "acme", name: "Acme" };
  const [event] = translate(installationWebhook, {
    ...example,
    installation: { ...example["installation"], account },
  });
  expect(event?.data["installation"]).toMatchObject({ id: example["installation"].id, account: null });
});

test.each([
  ["created", null],
  ["unsuspend", null],
  ["suspend", "2026-01-31T12:00:00Z"],
  ["deleted", undefined],
  ["new_permissions_accepted", undefined],
])(
  "an older payload of %s, without suspended_at, becomes an event whose suspended_at is %s",
  (action, suspended_at) => {
    const { suspended_at: _, ...installation } = exampleOf("installation", "created")["installation"];
    const [event] = translate(installationWebhook, {
      action,
      installation: { ...installation, updated_at: "2026-01-31T12:00:00Z" },
    });
    expect(event?.data["installation"]).toHaveProperty("updated_at");
    expect(Object(event?.data["installation"]).suspended_at).toBe(suspended_at);
  },
);

test("a payload of another shape is refused", () => {
  const example = exampleOf("installation", "created");
  const payload = { ...example, installation: {} };
  expect(() => translate(installationWebhook, payload)).toThrow("installation");
});
