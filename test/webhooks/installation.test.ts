import { expect, test } from "vitest";
import { toInstallation } from "../../src/webhooks/installation.ts";
import { toInstallationRepositories } from "../../src/webhooks/installation-repositories.ts";
import { exampleOf } from "../support/webhook-examples.ts";

const maxBytes = 256 * 1024; // https://www.inngest.com/docs/usage-limits/inngest

function listed(count: number) {
  return Array.from({ length: count }, (_, index) => ({
    id: index + 1,
    full_name: `${"o".repeat(39)}/${"r".repeat(95)}-${index}`,
    private: true,
  }));
}

test("very many repositories are told of in several events, each of which Inngest takes", () => {
  const example = exampleOf("installation", "created");
  const payload = { ...example, installation: example["installation"], repositories: listed(1201) };
  const events = toInstallation({ id: "guid", payload });
  expect(events.map(({ id }) => id)).toEqual([
    "guid:capture/installation.changed",
    "guid:capture/installation.changed:500",
    "guid:capture/installation.changed:1000",
  ]);
  const added = events.flatMap(({ data }) => data["added"] as { id: number }[]);
  expect(added.map(({ id }) => id)).toEqual(payload.repositories.map(({ id }) => id));
  for (const event of events) expect(Buffer.byteLength(JSON.stringify(event))).toBeLessThan(maxBytes);
});

test("as many added as removed fit too", () => {
  const example = exampleOf("installation_repositories", "added");
  const payload = {
    ...example,
    installation: example["installation"],
    repositories_added: listed(600),
    repositories_removed: listed(501),
  };
  const events = toInstallationRepositories({ id: "guid", payload });
  expect(events.map(({ data }) => [data["added"], data["removed"]])).toMatchObject([
    [{ length: 500 }, { length: 500 }],
    [{ length: 100 }, { length: 1 }],
  ]);
  for (const event of events) expect(Buffer.byteLength(JSON.stringify(event))).toBeLessThan(maxBytes);
});

test("an enterprise, which is no account, has none", () => {
  const example = exampleOf("installation", "created");
  const account = { id: 7, slug: "acme", name: "Acme" };
  const [event] = toInstallation({
    id: "guid",
    payload: { ...example, installation: { ...example["installation"], account } },
  });
  expect(event?.data["installation"]).toMatchObject({ id: example["installation"].id, account: null });
});

test("a payload of another shape is refused", () => {
  const example = exampleOf("installation", "created");
  const payload = { ...example, installation: {} };
  expect(() => toInstallation({ id: "guid", payload })).toThrow("installation");
});
