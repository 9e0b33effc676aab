import { createRandom } from "../../src/fake-github/seeded-random.ts";
import type { GapKind } from "../../src/api/contract.ts";

export interface PlannedRepository {
  id: number;
  name: string;
  size: number;
  /** `never`: its pull requests were never counted. `removed`: it left the installation, so its gaps do not count. */
  state: "counted" | "never" | "removed";
}

/** The number of rows that GitHub counted, that were deleted before the count (`gone`), and that were created after it (`later`). */
interface Rows {
  counted: number;
  gone: number;
  later: number;
}

export interface PlannedPullRequest {
  repository: PlannedRepository;
  number: number;
  /** True: captured by the repository's sync, which lists everything. False: by webhooks, which count comments but never list reviews. */
  synced: boolean;
  /** GitHub lists at most 3,000 of them. */
  files: number;
  reviews: Rows;
  comments: Rows;
  reviewComments: Rows;
  /** True when an issue comment, if any, was deleted after it was counted. */
  deletedSince: boolean;
  plant: Plant | null;
}

/** The causes of gaps with the gaps' kinds. `decoys` look like gaps. */
export const plants = {
  "never captured": ["pull_requests"],
  "a stub": ["details"],
  "a newer title observed": ["details"],
  "a newer head observed": ["details"],
  "newer labels observed": ["details"],
  "closed or reopened later": ["details"],
  "no file list": ["files"],
  "files of an older head": ["files"],
  "files of an older base": ["files"],
  "a missing file": ["files"],
  "a missing review before a later one": ["reviews"],
  "a missing issue comment before a later one": ["comments"],
  "a missing review comment before a later one": ["comments"],
  "one more issue comment counted": ["comments"],
  "one more review comment counted": ["comments"],
  "one missing row of each kind": ["files", "reviews", "comments"],
} as const satisfies Record<string, GapKind[]>;
export const decoys = [
  "never captured and never counted",
  "a later review with the same details",
  "a late review with an older title",
  "a newer title observed, then captured",
  "files of an older head, then of the new one",
  "a file that GitHub counts but does not list",
  "more files than GitHub lists",
] as const;
export type Plant = keyof typeof plants | (typeof decoys)[number];

export interface PlantedGap {
  kind: GapKind;
  repositoryId: number;
  /** Null for missing pull requests, whose number is `missing`. */
  number: number | null;
  missing: number;
}

const perPlant = 150;
const perCostlyDecoy = 3; // with 3,000 files each

/** Plans a history, always the same for a seed. It has `total` pull requests and those of the removed repository. */
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
      if (!chosen) throw new Error(`There are too few pull requests for "${plant}".`);
      chosen.plant = plant;
      shape(plant, chosen);
    }
  }
  return { repositories, pullRequests, gaps: toGaps(pullRequests) };
}

/** Returns GitHub's final numbers of issue comments and review comments. */
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
    case "never captured and never counted":
      return repository.state === "never" && synced;
    case "a missing review before a later one":
    case "one missing row of each kind":
      return synced; // only a sync counts reviews
    case "a late review with an older title":
      return !synced;
    default:
      return true;
  }
}

/** Ensures that the pull request has the rows that the plant removes. */
function shape(plant: Plant, planned: PlannedPullRequest): void {
  if (plant.includes("missing")) planned.deletedSince = false;
  planned.files = plant === "more files than GitHub lists" ? 3050 : Math.max(planned.files, 1);
  if (plant === "a missing review before a later one") planned.reviews = some(planned.reviews, 1);
  if (plant === "a missing issue comment before a later one") planned.comments = some(planned.comments, 1);
  if (plant === "a missing review comment before a later one")
    planned.reviewComments = some(planned.reviewComments, 1);
  if (plant === "one missing row of each kind") {
    planned.reviews = some(planned.reviews, planned.reviews.later);
    planned.comments = some(planned.comments, planned.comments.later);
    planned.reviewComments = some(planned.reviewComments, planned.reviewComments.later);
  }
}

function some(rows: Rows, later: number): Rows {
  return { ...rows, counted: Math.max(rows.counted, 1), later };
}

/** Returns the gaps that the plan implies. */
function toGaps(pullRequests: readonly PlannedPullRequest[]): PlantedGap[] {
  const gaps = new Map<string, PlantedGap>();
  for (const { repository, number, plant, files } of pullRequests) {
    if (!plant || !isGap(plant)) continue;
    for (const kind of plants[plant]) {
      const gap: PlantedGap = { kind, repositoryId: repository.id, number, missing: 1 };
      if (kind === "files" && (plant === "no file list" || plant.startsWith("files of"))) gap.missing = files;
      if (kind === "comments" && plant === "one missing row of each kind") gap.missing = 2;
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
