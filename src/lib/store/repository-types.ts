export interface FoundRepository {
  id: number;
  owner: string;
  name: string;
  /** Null: read without an installation. */
  installation_id: number | null;
  /** Earlier changes are captured. Null: never synced. */
  synced_at: string | null;
}

/** A repository in an installation's payload or list. */
export interface InstalledRepository {
  id: number;
  owner: string;
  name: string;
  private?: boolean | undefined;
}

/** A repository in GitHub's list of an installation. */
export interface ListedRepository extends InstalledRepository {
  archived?: boolean | undefined;
  default_branch?: string | undefined;
}

/** A repository that is read without an installation. Null: unknown. */
export interface PublicRepository {
  id: number;
  owner: string;
  name: string;
  archived: boolean | null;
  default_branch: string | null;
}

export type RepositoryName = Pick<InstalledRepository, "id" | "owner" | "name">;

/** The repositories to sync, and those of which only GitHub can tell whether they are in the installation. */
export interface InstallationOutcome {
  syncs: RepositoryName[];
  ambiguous: RepositoryName[];
}

/** A repository to sync back to `since` (null: all history), with a complete inventory if `inventory` is true. */
export interface DifferentRepository {
  repository: RepositoryName;
  installation_id: number | null;
  since: string | null;
  inventory: boolean;
}

/** Differences between an installation's rows and GitHub. */
export interface InstallationDifferences {
  /** False when no payload of the installation was captured. */
  known: boolean;
  suspended: boolean;
  added: InstalledRepository[];
  removed: InstalledRepository[];
  /** With another name, or another value of a known column. */
  changed: InstalledRepository[];
}

/** The name of a label (`key` is its node id) or milestone (`key` is its number). `title` is null for a deleted one. */
export interface Title {
  kind: "label" | "milestone";
  key: string;
  title: string | null;
  /** Null: from a webhook without a time. */
  seen_at: string | null;
}

/** A repository's labels and milestones on GitHub; null for a list that could not be read completely. */
export interface ListedTitles {
  id: number;
  fetched_at: string;
  labels: { id: string; name: string }[] | null;
  milestones: { number: number; title: string }[] | null;
}

/** Labels (node ids) and milestones whose names in the rows differ from GitHub's. `title` is null for one that GitHub does not list. */
export interface DifferentTitles {
  repository: RepositoryName;
  installation_id: number | null;
  fetched_at: string;
  labels: string[];
  milestones: { number: number; title: string | null }[];
}
