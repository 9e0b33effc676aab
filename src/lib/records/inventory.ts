/** GitHub's counts of a pull request's lists. Null: unknown. */
export interface ShownCounts {
  reviews: number | null;
  issue_comments: number | null;
  review_comments: number | null;
}

/** A pull request in an inventory. */
export interface InventoryItem extends ShownCounts {
  number: number;
  node_id: string;
  created_at: string;
  updated_at: string;
}

/** A repository's number of pull requests and its latest updates, with the time of the answer. Null: unknown. */
export interface RepositoryState {
  id: number;
  counted_at: string | null;
  total: number | null;
  /** `comments` counts issue comments and review comments together. Null: unknown. */
  newest: { number: number; updated_at: string; comments: number | null }[];
}
