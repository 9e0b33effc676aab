import type {
  Account,
  WebhookDelivery,
  FakeGitHub,
  PullRequest,
  Repository,
} from "../../fake-github/index.ts";
import { actsWith, createStormScene, addPullRequest, pickFrom, type Cast } from "./acts.ts";
import type { StormSize } from "./storm-size.ts";
import type { Trouble } from "./troubles.ts";

/** The shares of the story at which a repository is renamed, one is transferred and an organization is renamed. */
const renamedAt = 0.4;
const transferredAt = 0.6;
const organizationRenamedAt = 0.5;
/** The share at which all pull requests are open. */
const openedBy = 0.7;

/**
 * Plays a storm's story on the fake GitHub and yields the deliveries. An act happens when its first delivery is requested, so that the times
 * of acts, answers and the delivery log agree. The same seed gives the same story at other times.
 */
export function* playStory(
  github: FakeGitHub,
  random: () => number,
  size: StormSize,
  troubles: ReadonlySet<Trouble>,
): Generator<WebhookDelivery, void> {
  const first = github.deliveries.length;
  const { people, owners, repositories } = github.quietly(() => setStage(github, size));
  const poisoned = new Set<PullRequest>();
  const cast: Cast = {
    github,
    random,
    people,
    pullRequests: [],
    textCount: 0,
    acts: actsWith(troubles),
    poisoned,
  };
  for (const account of owners) github.install({ account });
  const [renamed, transferred] = repositories;
  const [organization] = owners;
  const upheavals = [
    { at: renamedAt, work: () => renamed && github.renameRepository(renamed, `${renamed.name}-renamed`) },
    {
      at: transferredAt,
      work: () => transferred && github.transferRepository(transferred, newOwner(transferred, owners)),
    },
    {
      at: organizationRenamedAt,
      work: () =>
        troubles.has("renames") &&
        organization &&
        github.renameAccount(organization, `${organization.login}-renamed`),
    },
  ];

  for (let next = first; ;) {
    for (; next < github.deliveries.length; next++) {
      const delivery = github.deliveries[next];
      if (delivery) yield delivery;
    }
    const progress = (next - first) / size.deliveries;
    if (progress >= 1) break;
    const upheaval = upheavals.find(({ at }) => progress >= at);
    if (upheaval) {
      upheavals.splice(upheavals.indexOf(upheaval), 1);
      upheaval.work();
    } else if (cast.pullRequests.length < Math.min(1, progress / openedBy + 0.01) * size.pullRequests) {
      const opened = addPullRequest(cast, repositories);
      if (troubles.has("poison") && opened.number === 1) {
        poisoned.add(opened);
        github.poison(opened, { mode: "fail" });
      }
    } else {
      const act = pickFrom(random, cast.acts);
      act(createStormScene(cast));
    }
  }
}

/** Creates three organizations with repositories, without the App. */
function setStage(github: FakeGitHub, { repositories: count }: StormSize) {
  const people = ["ada", "ben", "cleo", "dan", "eva", "finn"].map((login) => github.createAccount({ login }));
  const renovate = github.createAccount({ login: "renovate", type: "Bot" });
  const owners = ["acme", "globex", "initech"].map((login) =>
    github.createOrganization({ login, members: people }),
  );
  const repositories = Array.from({ length: count }, (_, index) => {
    const owner = owners[index % owners.length];
    if (!owner) throw new Error("The repository has no owner.");
    return github.createRepository({ owner, name: `project-${index + 1}` });
  });
  return { people: [...people, renovate], owners, repositories };
}

function newOwner({ owner }: Repository, owners: readonly Account[]): Account {
  const other = owners.find((account) => account !== owner);
  if (!other) throw new Error("There is no other owner.");
  return other;
}
