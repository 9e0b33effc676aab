import { createRandom } from "../../src/demo/seeded-random.ts";
import type { GapKind } from "../../src/lib/store/functions.ts";

export interface PlannedRepository {
  id: number;
  name: string;
  size: number;
  /** `never`: GitHub never counted its pull requests. `removed`: taken out of the installation, so that none of its gaps are asked for. */
  state: "counted" | "never" | "removed";
}

/** How many rows of a kind GitHub counts (`counted`), and how many it does not: deleted before the count, or younger than it. */
interface Rows {
  counted: number;
  gone: number;
  later: number;
}

export interface PlannedPullRequest {
  repository: PlannedRepository;
  number: number;
  /** By the repository's sync, which lists everything. Else by webhooks, which count comments and never list reviews. */
  synced: boolean;
  /** Of which GitHub lists 3,000. */
  files: number;
  reviews: Rows;
  comments: Rows;
  reviewComments: Rows;
  /** Whether one comment of the conversation, where there is one, was deleted after it was counted. */
  deletedSince: boolean;
  plant: Plant | null;
}

/** `plants` are gaps and name their kinds, `decoys` look like some and have none. */
export const plants = {
  "never captured": ["pull_requests"],
  "a stub": ["details"],
  "another title shown since": ["details"],
  "another head shown since": ["details"],
  "labels shown since": ["details"],
  "closed or reopened since": ["details"],
  "no file list": ["files"],
  "files of an older head": ["files"],
  "files of an older base": ["files"],
  "a file lost": ["files"],
  "a review lost, a later one there": ["reviews"],
  "a comment lost, a later one there": ["comments"],
  "a review comment lost, a later one there": ["comments"],
  "a comment counted since": ["comments"],
  "a review comment counted since": ["comments"],
  "one of each lost": ["files", "reviews", "comments"],
} as const satisfies Record<string, GapKind[]>;
export const decoys = [
  "never captured, nor counted",
  "a later review that shows the same",
  "a late review that shows an older title",
  "another title shown since, then captured",
  "files of the new head after those of the old",
  "a file that GitHub counts and twice does not list",
  "more files than GitHub lists",
] as const;
export type Plant = keyof typeof plants | (typeof decoys)[number];

export interface PlantedGap {
  kind: GapKind;
  repositoryId: number;
  /** Null where pull requests are missing altogether: `missing` is their number. */
  number: number | null;
  missing: number;
}

const perPlant = 150;
const perCostlyDecoy = 3; // of 3,000 files

/** The same repositories, pull requests and gaps for the same seed. All but the removed repository's are `total` pull requests. */
export function planHistory(
  seed: number,
  total: number,
): { repositories: PlannedRepository[]; pullRequests: PlannedPullRequest[]; gaps: PlantedGap[] } {
  const random = createRandom(seed);
  const pick = (values: readonly number[]) => values[Math.floor(random() * values.length)] ?? 0;
  const rows = (counts: readonly number[]): Rows => ({
    counted: pick(counts),
    gone: random() < 0.05 ? 1 : 0,
    later: random() < 0.1 ? 1 : 0,
  });

  const small = Math.floor(total * 0.015);
  const repositories = Array.from({ length: 51 }, (_, index): PlannedRepository => ({
    id: 1001 + index,
    name: `repository-${index}`,
    size: index === 0 ? total - 49 * small : index === 50 ? 200 : small,
    state: index === 49 ? "never" : index === 50 ? "removed" : "counted",
  }));
  const pullRequests = repositories.flatMap((repository) =>
    Array.from({ length: repository.size }, (_, index): PlannedPullRequest => {
      const synced = index < repository.size * 0.8;
      return {
        repository,
        number: index + 1,
        synced,
        files: pick([0, 1, 1, 2, 2, 3, 5]),
        reviews: rows([0, 0, 1, 1, 3]),
        comments: rows([0, 0, 1, 1, 3]),
        reviewComments: rows([0, 0, 0, 2, 3]),
        deletedSince: random() < 0.03,
        plant: null,
      };
    }),
  );

  for (const plant of [...(Object.keys(plants) as (keyof typeof plants)[]), ...decoys]) {
    const count = plant === "more files than GitHub lists" ? perCostlyDecoy : perPlant;
    const candidates = pullRequests.filter((each) => !each.plant && fits(plant, each));
    for (let planted = 0; planted < count; planted++) {
      const [chosen] = candidates.splice(Math.floor(random() * candidates.length), 1);
      if (!chosen) throw new Error(`There are too few pull requests for ${plant}.`);
      chosen.plant = plant;
      shape(plant, chosen);
    }
  }
  return { repositories, pullRequests, gaps: toGaps(pullRequests) };
}

/** How many comments of the conversation GitHub has in the end, and how many on the diff. */
export function countComments({ comments, reviewComments, deletedSince }: PlannedPullRequest) {
  return {
    comments: comments.counted + comments.later - (deletedSince && comments.counted > 0 ? 1 : 0),
    review_comments: reviewComments.counted + reviewComments.later,
  };
}

function fits(plant: Plant, { repository, synced }: PlannedPullRequest): boolean {
  if (repository.state === "removed") return false;
  switch (plant) {
    case "never captured":
      return repository.state === "counted" && synced;
    case "never captured, nor counted":
      return repository.state === "never" && synced;
    case "a review lost, a later one there":
    case "one of each lost":
      return synced; // so that its reviews were counted
    case "a late review that shows an older title":
      return !synced;
    default:
      return true;
  }
}

/** Gives it what the plant takes away. */
function shape(plant: Plant, planned: PlannedPullRequest): void {
  if (plant.includes("lost")) planned.deletedSince = false;
  planned.files = plant === "more files than GitHub lists" ? 3050 : Math.max(planned.files, 1);
  if (plant === "a review lost, a later one there") planned.reviews = some(planned.reviews, 1);
  if (plant === "a comment lost, a later one there") planned.comments = some(planned.comments, 1);
  if (plant === "a review comment lost, a later one there")
    planned.reviewComments = some(planned.reviewComments, 1);
  if (plant === "one of each lost") {
    planned.reviews = some(planned.reviews, planned.reviews.later);
    planned.comments = some(planned.comments, planned.comments.later);
    planned.reviewComments = some(planned.reviewComments, planned.reviewComments.later);
  }
}

function some(rows: Rows, later: number): Rows {
  return { ...rows, counted: Math.max(rows.counted, 1), later };
}

/** What each plant takes away, by the plan alone. */
function toGaps(pullRequests: readonly PlannedPullRequest[]): PlantedGap[] {
  const gaps = new Map<string, PlantedGap>();
  for (const { repository, number, plant, files } of pullRequests) {
    if (!plant || !isGap(plant)) continue;
    for (const kind of plants[plant]) {
      const gap: PlantedGap = { kind, repositoryId: repository.id, number, missing: 1 };
      if (kind === "files" && (plant === "no file list" || plant.startsWith("files of"))) gap.missing = files;
      if (kind === "comments" && plant === "one of each lost") gap.missing = 2;
      if (kind === "pull_requests") {
        gap.number = null;
        gap.missing += gaps.get(toKey(gap))?.missing ?? 0;
      }
      gaps.set(toKey(gap), gap);
    }
  }
  return [...gaps.values()];
}

export function toKey({
  kind,
  repositoryId,
  number,
}: Pick<PlantedGap, "kind" | "repositoryId" | "number">): string {
  return `${kind} ${repositoryId} ${number}`;
}

function isGap(plant: Plant): plant is keyof typeof plants {
  return plant in plants;
}
