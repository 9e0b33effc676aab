import type { Account, Delivery, GitHub, Repository } from "../../../src/demo/github/index.ts";
import { acts, createScene, openPullRequest, pickFrom, type Cast } from "./acts.ts";
import type { StormSize } from "./storm-size.ts";

/** What happens on GitHub during a storm. The same seed tells the same. */
export interface Story {
  /** Each thing happens when its first delivery is asked for. */
  deliveries: Generator<Delivery, void>;
  /** GitHub's time: that of the newest thing that has happened, and after the end the real one. */
  now: () => Date;
}

/** Long enough ago that even 10,000 deliveries are over by now. */
const startedAgoMs = 10 * 3_600_000;
/** How many of the things happen in the same second as the one before; the others some seconds later. */
const sameSecond = 0.3;
const longestPauseSeconds = 5;
/** At these shares of the story a repository is renamed, and another goes to another account. */
const renamedAt = 0.4;
const transferredAt = 0.6;
/** All pull requests are open by then. */
const openedBy = 0.7;

export function tellStory(github: GitHub, random: () => number, size: StormSize): Story {
  let moment = Math.floor((Date.now() - startedAgoMs) / 1000) * 1000;
  let isOver = false;

  function happen<Result>(work: () => Result): Result {
    if (random() >= sameSecond) moment += Math.ceil(random() * longestPauseSeconds) * 1000;
    return github.at(new Date(moment), work);
  }

  function* deliveries(): Generator<Delivery, void> {
    const first = github.deliveries.length;
    const { cast, owners, repositories } = happen(() => github.quietly(() => setStage(github, random, size)));
    for (const account of owners) happen(() => github.install({ account }));
    const [renamed, transferred] = repositories;
    const upheavals = [
      { at: renamedAt, work: () => renamed && github.renameRepository(renamed, `${renamed.name}-renamed`) },
      {
        at: transferredAt,
        work: () => transferred && github.transferRepository(transferred, newOwner(transferred, owners)),
      },
    ];

    for (let told = first; ;) {
      for (; told < github.deliveries.length; told++) {
        const delivery = github.deliveries[told];
        if (delivery) yield delivery;
      }
      const progress = (told - first) / size.deliveries;
      if (progress >= 1) break;
      const upheaval = upheavals.find(({ at }) => progress >= at);
      if (upheaval) {
        upheavals.splice(upheavals.indexOf(upheaval), 1);
        happen(upheaval.work);
      } else if (cast.pullRequests.length < Math.min(1, progress / openedBy + 0.01) * size.pullRequests) {
        happen(() => openPullRequest(cast, repositories));
      } else {
        const act = pickFrom(random, acts);
        happen(() => act(createScene(cast)));
      }
    }
    isOver = true;
  }

  return { deliveries: deliveries(), now: () => new Date(isOver ? Date.now() : moment) };
}

/** Three organizations with their repositories; the App is not installed yet. */
function setStage(github: GitHub, random: () => number, { repositories: count }: StormSize) {
  const people = ["ada", "ben", "cleo", "dan", "eva", "finn"].map((login) => github.createAccount({ login }));
  const renovate = github.createAccount({ login: "renovate", type: "Bot" });
  const owners = ["acme", "globex", "initech"].map((login) =>
    github.createOrganization({ login, members: people }),
  );
  const repositories = Array.from({ length: count }, (_, index) => {
    const owner = owners[index % owners.length];
    if (!owner) throw new Error("Nobody owns the repository.");
    return github.createRepository({ owner, name: `project-${index + 1}` });
  });
  const cast: Cast = { github, random, people: [...people, renovate], pullRequests: [], words: 0 };
  return { cast, owners, repositories };
}

function newOwner({ owner }: Repository, owners: readonly Account[]): Account {
  const other = owners.find((account) => account !== owner);
  if (!other) throw new Error("There is nobody else.");
  return other;
}
